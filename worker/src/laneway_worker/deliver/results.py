"""The objects of one pool in S3: results, outputs at destinations, failed jobs. Every call raises `Unavailable`."""

from __future__ import annotations

import hashlib
import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import ValidationError

from laneway.schema.job.failed_job import MAX_FAILED_BYTES, FailedJob
from laneway.schema.job.result import MAX_RESULT_BYTES, REPLACEABLE, Location, Result
from laneway_worker.errors import AbsentError, AlreadyThereError, Interrupted, TooLargeError, Unavailable
from laneway_worker.ports.objects import Stored

if TYPE_CHECKING:
    from laneway.schema.job.keys import Place
    from laneway.schema.pool.documents.lane_config import LaneConfig
    from laneway_worker.ports.objects import ObjectStore

log = logging.getLogger(__name__)


class UnreadableResult(Exception):
    """Something else lies where a result belongs."""


@dataclass(frozen=True)
class Committed:
    """The result that stands, whoever wrote it."""

    result: Result
    etag: str
    ours: bool
    at: float = 0.0
    """Monotonic time at which it was known to stand."""

    @property
    def summary(self) -> dict[str, object]:
        """What logs and traces may hold of it: no text."""
        result = self.result
        usage = result.usage
        return {
            "id": result.id,
            "lane": result.lane,
            "status": result.status,
            "code": result.error.code.value if result.error else None,
            "queued_seconds": result.timing.queued_seconds,
            "run_seconds": result.timing.run_seconds,
            "prompt_tokens": usage.prompt_tokens if usage else None,
            "completion_tokens": usage.completion_tokens if usage else None,
            "gpu_seconds": result.cost.gpu_seconds if result.cost else None,
        }


class Results:
    """Reads and writes them; conditional PUTs decide who is first."""

    def __init__(self, config: LaneConfig, store: ObjectStore) -> None:
        """The lane's pool."""
        self._place = config.results
        self._store = store

    def stands(self, job_id: str, replaces: str | None) -> bool:
        """Whether the job has its result, other than the one that a person's retry may replace."""
        etag = self._store.etag(self._place.bucket, self._place.result(job_id))
        if etag is None:
            return False
        return etag != replaces or self._replaceable(job_id, etag) is None

    def _replaceable(self, job_id: str, etag: str) -> Result | None:
        """The standing result, where a retry may replace it. Whoever may send a message may name any ETag: an answer is
        never replaced all the same.
        """
        with suppress(Interrupted, UnreadableResult):
            standing = self.winner(job_id)
            if standing.etag == etag and standing.result.status in REPLACEABLE:
                return standing.result
        return None

    def is_cancelled(self, job_id: str) -> bool:
        """Whether somebody asked for the job's cancel."""
        return self._store.etag(self._place.bucket, self._place.cancel(job_id)) is not None

    def store_output(self, result: Result, destination: str, place: Place) -> Result:
        """Write the full result to a destination, which is at `place`; returns the commit record, which tells where it
        is.
        """
        body = result.to_json()
        key = place.output(result.id, hashlib.sha256(body).hexdigest()[:16])
        with suppress(AlreadyThereError):  # our own write, repeated
            self._store.put_new(place.bucket, key, body)
        return result.without_output(Location(destination=destination, url=place.url(key)))

    def commit(self, result: Result, replaces: str | None) -> Committed:
        """Write the one result of a job, or find the one that was first. A repeated PUT can find its own object."""
        replaced = None if replaces is None else self._replaceable(result.id, replaces)
        try:
            if replaces is not None and replaced is not None:
                return self._replace(result, replaces, replaced)
            return self._put_new(result)
        except AlreadyThereError:
            return self.winner(result.id, result)

    def _replace(self, result: Result, replaces: str, replaced: Result) -> Committed:
        """The revision goes on from what stands: a message is not authenticated, and could claim any."""
        result = result.model_copy(update={"revision": replaced.revision + 1})
        bucket, key = self._place.bucket, self._place.result(result.id)
        with suppress(AbsentError):  # what was to be replaced has been removed; its row may stand in a table
            return Committed(result, self._store.replace(bucket, key, result.to_json(), replaces), ours=True)
        return self._put_new(result)

    def _put_new(self, result: Result) -> Committed:
        bucket, key = self._place.bucket, self._place.result(result.id)
        return Committed(result, self._store.put_new(bucket, key, result.to_json()), ours=True)

    def winner(self, job_id: str, ours: Result | None = None) -> Committed:
        """Read the result that was first. Raises `Interrupted` and `UnreadableResult`."""
        try:
            stored = self._store.get(self._place.bucket, self._place.result(job_id), MAX_RESULT_BYTES)
        except TooLargeError as error:
            raise self._unreadable(job_id, str(error)) from None
        if stored is None:
            raise Interrupted  # it was there a moment ago: somebody removed it, and the job may run again
        winner = self._read(job_id, stored)
        return Committed(winner, stored.etag, ours=ours is not None and _is_written_as(stored.body, ours, winner))

    def _read(self, job_id: str, stored: Stored) -> Result:
        with suppress(ValidationError):
            result = Result.model_validate_json(stored.body)
            if result.id == job_id:
                return result
        raise self._unreadable(job_id, "is not the job's result")

    def _unreadable(self, job_id: str, why: str) -> UnreadableResult:
        return UnreadableResult(f"the object at {self._place.result_url(job_id)} {why}")

    def keep_failed(self, failed: FailedJob) -> None:
        """Keep a failed job, once for each failed result; an entry of a result that stands no more gives way."""
        bucket, key, body = self._place.bucket, self._place.failed(failed.id), failed.to_json()
        try:
            self._store.put_new(bucket, key, body)
        except AlreadyThereError:
            there = self._entry(key)
            if there is None:
                raise Unavailable(f"{self._place.url(key)} was removed while it was written") from None
            if _is_of(there, failed.result_etag) or not self._is_standing(failed):
                return
            self._replace_entry(key, body, there.etag)

    def _entry(self, key: str) -> Stored | None:
        """What is too large is no entry of ours, and gives way to one like anything else that is not."""
        bucket = self._place.bucket
        try:
            return self._store.get(bucket, key, MAX_FAILED_BYTES)
        except TooLargeError:
            etag = self._store.etag(bucket, key)
            return None if etag is None else Stored(b"", etag)

    def _is_standing(self, failed: FailedJob) -> bool:
        return self._store.etag(self._place.bucket, self._place.result(failed.id)) == failed.result_etag

    def _replace_entry(self, key: str, body: bytes, etag: str) -> None:
        try:
            self._store.replace(self._place.bucket, key, body, etag)
        except (AlreadyThereError, AbsentError) as error:
            raise Unavailable(f"{self._place.url(key)} was changed while it was written") from error


def _is_written_as(body: bytes, ours: Result, winner: Result) -> bool:
    """Whether it is our own write, whose answer was lost: the revision alone was not ours to know."""
    return body == ours.model_copy(update={"revision": winner.revision}).to_json()


def _is_of(entry: Stored, etag: str) -> bool:
    try:
        return FailedJob.model_validate_json(entry.body).result_etag == etag
    except ValidationError:
        return False
