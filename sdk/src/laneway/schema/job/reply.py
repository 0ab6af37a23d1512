"""How a worker tells a gateway of a job while it runs: where to, and what. Validated, not authenticated."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field, JsonValue, StringConstraints, model_validator

from laneway.schema.shared.base import Record

GatewayId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]{16}$")]
REPLIES_PORT = 8443
"""Where gateways take streams; on one machine it may be another one."""
Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class ReplyTo(Record):
    """Where a job's stream goes."""

    gateway: GatewayId
    """Whose registration says where it is."""
    stream: Hash
    """The token that opens this job's stream."""


class GatewayDocument(Record):
    """`<prefix>gateways/<id>.json`."""

    id: GatewayId
    """As in its key."""
    address: str
    """An IP address."""
    port: Annotated[int, Field(ge=1, le=65535)]
    """Where it takes streams."""
    certificate: str
    """The only one that it shows, as PEM."""
    started_at: AwareDatetime
    """When its process began."""
    renewed_at: AwareDatetime
    """When it last said so."""
    version: str
    """Of its program."""


class Started(Record):
    """An attempt begins."""

    attempt: Annotated[int, Field(ge=1, le=1000)]
    worker: Annotated[str, StringConstraints(max_length=128)] = ""


class Again(Record):
    """An attempt comes to nothing; another one may follow."""

    reason: Literal["failed", "given_back"]


class Ended(Record):
    """The result is there."""

    etag: Annotated[str, StringConstraints(max_length=128)]
    sha256: Hash


class ReplyLine(Record):
    """One line of a stream: exactly one of its fields."""

    started: Started | None = None
    record: dict[str, JsonValue] | None = None
    again: Again | None = None
    ended: Ended | None = None

    @model_validator(mode="before")
    @classmethod
    def _one(cls, value: Any) -> Any:
        if not isinstance(value, dict) or len(cls.model_fields.keys() & value.keys()) != 1:
            raise ValueError("should be one of started, record, again and ended")
        return value
