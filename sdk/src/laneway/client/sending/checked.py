"""A job that nothing is against, as far as its pool's document says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from laneway.client.compose import compose
from laneway.client.lanes import lane_of, refuse_early
from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.fields.values import MAX_BODY_BYTES
from laneway.schema.job.job import InvalidJob

if TYPE_CHECKING:
    from collections.abc import Mapping

    from laneway.client.compose import Input
    from laneway.schema.job.job import Job
    from laneway.schema.pool.documents.pool_document import PoolDocument, PoolLane

REFUSED_END = b"\n"
"""What ends a stored body whose message SQS has refused, so that its ETag is another one's."""


@dataclass(frozen=True)
class CheckedJob:
    """A job that may be sent to a lane."""

    id: str
    job: Job
    body: bytes
    """As it is sent."""
    lane: PoolLane
    returns: Any = None
    """The type of its answer."""


def check(
    document: PoolDocument, job: Input | None, fields: Mapping[str, Any], lane: str | None, returns: Any
) -> CheckedJob:
    """A job with an id that its lane's workers would accept; raises `InvalidJob`."""
    ready = compose(job, fields, returns)
    target = lane_of(document, lane)
    refuse_early(ready, target, document)
    body, most = ready.to_body(), MAX_BODY_BYTES - len(REFUSED_END)
    if len(body) > most:
        raise InvalidJob(ErrorCode.BODY_TOO_LARGE, f"the job has {len(body):,} bytes; at most {most:,} fit", ready.id)
    assert ready.id is not None  # noqa: S101 - compose gives every job an id
    return CheckedJob(ready.id, ready, body, target, returns)
