"""What gateways write for one another."""

from __future__ import annotations

import json
from typing import Literal, TypeVar

from pydantic import AwareDatetime, ValidationError

from laneway.schema.job.reply import Hash  # noqa: TC001 - pydantic reads annotations at run time
from laneway.schema.shared.base import JobId, Record

Document = TypeVar("Document", bound=Record)


class Owner(Record):
    """`<prefix>owners/<id>.json`: a job that was surely sent, whose it is, and for which request."""

    version: Literal[1] = 1
    id: JobId
    tenant: str
    """The key's name."""
    lane: str
    model: str
    """The lane's when it was sent."""
    request_hash: str
    """For this model."""
    kept: bool = False
    """Whether it goes on when its client hangs up."""
    forgotten: bool = False
    """Whether its tenant has asked that nobody is told of it any more."""


class Join(Record):
    """`<prefix>joins/<name>.json`: what became of an earlier try of a request."""

    version: Literal[1] = 1
    id: JobId
    """The job."""
    body_hash: str
    """Of the request's body."""
    at: AwareDatetime
    """When it was sent."""


class GatewaySettings(Record):
    """`<prefix>gateway.json`: what the gateways of a pool share."""

    version: Literal[1] = 1
    join_key: Hash
    """By which names of requests are reckoned."""


def parsed(body: bytes, kind: type[Document]) -> Document | None:
    """A document, or None where it is none that this version can read."""
    try:
        return kind.model_validate_json(body)
    except ValidationError:
        return None


def text_of(document: Record) -> bytes:
    """As it is stored."""
    return json.dumps(document.model_dump(mode="json"), separators=(",", ":")).encode()
