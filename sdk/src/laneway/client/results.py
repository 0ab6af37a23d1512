"""A result: read, judged by how the job ended, and compared with the request that was sent: an id is a name and no
lock, and others may use it, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from laneway.errors import JobCancelled, JobExpired, JobFailed, PoolUnavailable
from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.job import InvalidJob, parse_job
from laneway.schema.job.result import Result, Status
from laneway.schema.shared.problems import problems

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway.schema.job.job import Job

ENDED: dict[Status, type[JobFailed | JobExpired | JobCancelled]] = {
    "failed": JobFailed,
    "expired": JobExpired,
    "cancelled": JobCancelled,
}

UNREAD = {ErrorCode.INVALID_JOB, ErrorCode.ENVELOPE, ErrorCode.BODY_TOO_LARGE, ErrorCode.STORED_JOB_MISSING}
"""Codes of messages that the workers could not read."""


def read_result(job_id: str, body: bytes) -> Result:
    """A result from its object; raises `PoolUnavailable`, also where it is another job's."""
    try:
        result = Result.model_validate_json(body)
    except ValidationError as error:
        raise PoolUnavailable(f"the result of {job_id} is not readable by this version: {problems(error)}") from None
    if result.id != job_id:
        raise PoolUnavailable(f"where the result of {job_id} belongs lies that of {result.id}: look at it")
    return result


def answered(result: Result) -> Result:
    """The result of a job that succeeded; raises JobFailed, JobExpired, JobCancelled."""
    if result.status != "succeeded":
        raise ENDED[result.status](result)
    return result


@dataclass(frozen=True)
class Request:
    """What a handle remembers of the request that it stands for."""

    hash: str
    """Its hash, for `model`."""
    model: str
    """The model of its lane when it was sent."""

    @classmethod
    def of(cls, job: Job, model: str) -> Request:
        """The request of a job that is sent to a lane of this model."""
        return cls(job.request_hash(model), model)


def is_of(result: Result, request: Request, stored: Callable[[], bytes | None]) -> bool:
    """Whether a result belongs to a request. `stored` reads the body that was stored for it: only where the hashes
    differ, as they do when its lane has got another model meanwhile, or a person sent it to another lane.
    """
    if result.request_hash is None:  # no hash: an older worker wrote it, or its message could not be read
        return result.error is None or result.error.code not in UNREAD
    return result.request_hash == request.hash or _is_by_another_model(result, request, stored())


def _is_by_another_model(result: Result, request: Request, stored: bytes | None) -> bool:
    try:
        job = None if stored is None else parse_job(stored)
    except InvalidJob:
        return False
    if job is None or job.request_hash(request.model) != request.hash:
        return False
    return job.request_hash(result.model.name) == result.request_hash


def is_same(one: bytes, other: bytes) -> bool:
    """Whether two bodies ask for the same, whatever their spaces and the order of their fields."""
    if one == other:
        return True
    try:
        return parse_job(one).without_id() == parse_job(other).without_id()
    except InvalidJob:
        return False
