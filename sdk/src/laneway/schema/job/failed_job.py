"""A failed job: what is kept of a job that ended in failure, until a person retries or drops it."""

from __future__ import annotations

from laneway.schema.job.history import Failure, Moment
from laneway.schema.job.result import ErrorDetail
from laneway.schema.shared.base import JobId, Record

MAX_FAILED_BYTES = 8 * 1024 * 1024  # stored: a body of 1 MiB, of which JSON's escapes make six at most, and failures


class FailedJob(Record):
    """The object at `<prefix>failed/<id>.json`. It counts only while `result_etag` is the standing result's ETag."""

    id: JobId
    """The job's id."""
    lane: str
    """The lane whose queue the job came from."""
    error: ErrorDetail
    """Why it failed for good."""
    failures: tuple[Failure, ...] = ()
    """Attempts that failed before."""
    submitted_at: Moment
    """First submission, or the retry by a person."""
    failed_at: Moment
    """When it was given up."""
    result_etag: str
    """The ETag of the failed result, with its quotes: what a retry may replace."""
    body: str
    """The message's body as it was sent."""
    group_id: str | None = None
    """The message's MessageGroupId."""

    def to_json(self) -> bytes:
        """The object as stored."""
        return self.model_dump_json(exclude_none=True).encode()
