"""A request made into a job, and how its sender wants the answer."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.fields.options import MAX_SEED
from laneway.schema.job.fields.values import MAX_BODY_BYTES
from laneway.schema.job.job import Job
from laneway.translate.given import refused_by
from laneway.translate.offers import check_capabilities
from laneway.translate.refused import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from laneway.translate.given import Places
    from laneway.translate.offers import Offer

MAX_ID_BYTES = 160  # what an id adds to a body: 128 characters, its name and marks
MOST_BYTES = MAX_BODY_BYTES - MAX_ID_BYTES
LARGEST_SEED = 2**63


@dataclass(frozen=True)
class Wanted:
    """What of a request is not the job's."""

    stream: bool = False
    include_usage: bool = False
    """OpenAI: whether a stream ends with a chunk of its usage."""
    base64: bool = False
    """OpenAI: whether embeddings come as base64 of float32, in the machine's common order (little endian)."""
    background: bool = False
    """OpenAI's responses: whether the sender comes back for the answer."""
    service_tier: str | None = None
    """OpenAI's word for a lane: `flex` or `priority`."""
    echo: dict[str, Any] = field(default_factory=dict)
    """OpenAI's responses: fields that stand in the answer as they were asked for."""


@dataclass(frozen=True)
class Translated:
    """A job, and the lane that it goes to. It names no model: the lane was chosen by it."""

    lane: str
    model: str
    """As the request names it, for the answer."""
    job: Job
    """Without an id, which is the sender's to give."""
    wanted: Wanted = Wanted()
    ignored: tuple[str, ...] = ()
    """Names of what was asked for and left out, fit for an HTTP header."""

    @property
    def body(self) -> dict[str, Any]:
        """The job's fields, as JSON has them."""
        return self.job.model_dump(mode="json", exclude_none=True)


def job_of(fields: dict[str, Any], offer: Offer, model: str, places: Places | None = None) -> Job:
    """The job of these fields, if the lane's model can do it; raises `Refused`, whose places are those of `places`."""
    try:
        job = Job.model_validate_json(json.dumps(dict(_given(fields))))
    except ValidationError as error:
        raise refused_by(error, places) from None
    if (size := len(job.to_body())) > MOST_BYTES:
        words = f"the request makes a job of {size:,} bytes; at most {MOST_BYTES:,} are accepted: send less text"
        raise Refused(ErrorCode.BODY_TOO_LARGE, f"{words} or smaller images")
    check_capabilities(job, offer, model)
    return job


def _given(fields: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Without what asks for nothing, so that equal requests are one job."""
    for name, each in fields.items():
        if each is not None and (name, each) != ("options", {}):
            yield name, each


def most_tokens(wanted: object, offer: Offer) -> object:
    """`num_predict`, as far as the lane goes: an answer that would be longer ends there either way."""
    most = offer.lane.limits.max_tokens
    return most if isinstance(wanted, int | float) and wanted > most else wanted


def seed_of(wanted: object) -> object:
    """Both APIs take seeds of 64 bits, and Go's and Python's clients draw such; a job keeps what is exact in JSON. What
    is larger is folded: equal seeds stay equal, and no seed promises which words it leads to.
    """
    if not isinstance(wanted, int) or isinstance(wanted, bool) or not MAX_SEED < abs(wanted) <= LARGEST_SEED:
        return wanted
    return wanted % (MAX_SEED + 1)
