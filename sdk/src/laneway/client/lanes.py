"""What a pool's document says about a job that is to be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.job import InvalidJob, Job
from laneway.schema.shared.names import tagged

if TYPE_CHECKING:
    from laneway.schema.pool.documents.pool_document import PoolDocument, PoolLane


def lane_of(document: PoolDocument, name: str | None) -> PoolLane:
    """A lane by name; without one the first. Raises `InvalidJob`."""
    lanes = {lane.name: lane for lane in document.lanes}
    if name is None:
        return document.lanes[0]
    if name not in lanes:
        raise InvalidJob(ErrorCode.INVALID_JOB, f"the pool has no lane {name}; it has {', '.join(lanes)}")
    return lanes[name]


def refuse_early(job: Job, lane: PoolLane, document: PoolDocument) -> None:
    """Raise `InvalidJob` where the lane's workers would refuse the job for what it names."""
    if job.destination is not None and job.destination not in document.destinations:
        known = ", ".join(document.destinations) or "none"
        raise InvalidJob(ErrorCode.UNKNOWN_DESTINATION, f"the pool declares these destinations: {known}", job.id)
    if job.model is not None and tagged(job.model) != tagged(lane.model.name):
        raise InvalidJob(ErrorCode.UNKNOWN_MODEL, f"lane {lane.name} serves {lane.model.name}", job.id)
