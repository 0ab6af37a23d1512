"""The client: submit jobs to a pool, ask how they stand, read their results."""

from __future__ import annotations

import os
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic import ValidationError

from laneway.client.compose import Input, checked_id, compose, instance_of
from laneway.client.connection import connect
from laneway.client.failed_jobs import FailedJobs
from laneway.client.lanes import lane_of, refuse_early
from laneway.client.pacing import CONCURRENT_CALLS
from laneway.client.remote import Figures, Remote
from laneway.client.results import Request, answered, is_of, read_result
from laneway.client.sender import sender_of
from laneway.errors import (
    IdReused,
    PoolUnavailable,
    ResultOfAnotherRequest,
    UnknownJob,
)
from laneway.schema.job.job import MAX_INLINE_BYTES, InvalidJob, Job, StoredJob, parse_job
from laneway.schema.pool.documents.pool_document import PoolDocument, PoolLane
from laneway.schema.shared.names import LANE_METADATA
from laneway.schema.shared.problems import problems

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from laneway.client.remote import Stored
    from laneway.schema.job.keys import Place
    from laneway.schema.job.result import Result

SHORTEST_PAUSE_SECONDS = 0.03
LONGEST_PAUSE_SECONDS = 1.0
PAUSE_SHARE = 0.02  # of the time waited so far: looking costs the wait two percent, and long waits few requests
LOOKS_PER_SECOND = 50  # of `as_completed`
WINDOW = 40  # handles that it looks at in one round


@dataclass(frozen=True)
class JobStatus:
    """How a job stands."""

    id: str
    state: Literal["queued", "running", "succeeded", "failed", "expired", "cancelled"]
    """`running` is told only where nothing waits in the lane; a job behind others is `queued` until its result."""
    lane: str | None
    waiting: int | None = None
    """About how many jobs wait in the lane."""

    def __str__(self) -> str:
        """As people say it."""
        if self.state != "queued" or self.waiting is None:
            return self.state
        return f"queued; about {self.waiting} in the lane"


@dataclass(frozen=True)
class JobHandle:
    """A submitted job.

    One that `submit` made refuses a result of another request. One that is made from an id alone can't compare: it
    takes whatever stands under the id.
    """

    pool: Pool
    id: str
    returns: Any = None
    request: Request | None = None

    def status(self) -> JobStatus:
        """How the job stands."""
        return self.pool.status(self.id)

    def result(self, timeout: float | None = None) -> Result:
        """Wait for the answer, at most `timeout` seconds; raises JobFailed, JobExpired, JobCancelled, TimeoutError, and
        `ResultOfAnotherRequest` where somebody else's request was answered under the id.
        """
        return answered(self.wait(timeout))

    def wait(self, timeout: float | None = None) -> Result:
        """Wait for the result however the job ended; raises `ResultOfAnotherRequest` and TimeoutError."""
        return self.pool.own(self.pool.wait(self.id, timeout=timeout), self.request)

    def find(self) -> Result | None:
        """The result however the job ended; None before the end. Raises `ResultOfAnotherRequest`."""
        result = self.pool.find(self.id)
        return None if result is None else self.pool.own(result, self.request)

    def parsed(self, timeout: float | None = None) -> Any:
        """The answer as the type that `submit` got as `returns` (a model, a dataclass, `list[…]`), else as JSON."""
        result = self.result(timeout)
        return result.parsed if self.returns is None else instance_of(self.returns, result.parsed)

    def cancel(self) -> None:
        """Ask the workers to cancel the job."""
        self.pool.cancel(self.id)


class Pool:
    """A connection to a pool."""

    def __init__(self, url: str | None = None, *, sender: str | None = None) -> None:
        """`s3://bucket/prefix` or the state folder of `laneway up`; by default `$LANEWAY_POOL`, else `.laneway`.

        Where many wait, SQS serves senders in turn by the name `sender`: by default `$LANEWAY_SENDER`, else user and
        machine. Raises `PoolUnavailable`.
        """
        connection = connect(url, os.environ)
        self.url = connection.url
        self._place: Place = connection.place
        self._remote = Remote(connection)
        self._sender = sender_of(sender, os.environ)
        self.document = self._read_document()
        self.failed = FailedJobs(self._remote, self._place, self.document)
        """What is kept of jobs that failed: to look at, to retry, to drop."""

    def _read_document(self) -> PoolDocument:
        body = self._remote.get(self._place.pool_document())
        if body is None:
            raise PoolUnavailable(f"there is no pool at {self.url}: its pool.json is missing; check the URL")
        try:
            return PoolDocument.model_validate_json(body)
        except ValidationError as error:
            raise PoolUnavailable(f"{self.url}/pool.json is not readable by this version: {problems(error)}") from None

    def lane(self, name: str | None = None) -> PoolLane:
        """A lane by name; without one the first. Raises `InvalidJob`."""
        return lane_of(self.document, name)

    def submit(
        self,
        job: Input | None = None,
        *,
        lane: str | None = None,
        returns: Any = None,
        **fields: Any,
    ) -> JobHandle:
        """Send a job: a prompt, a `Job`, a dictionary or the fields of one (`id=`, `messages=`, `options=`, …).

        The same id may be sent again with the same request: there is still one result. Raises `InvalidJob` where the
        workers would refuse it, `IdReused` and `PoolUnavailable`.
        """
        ready = compose(job, fields, returns)
        target = self.lane(lane)
        refuse_early(ready, target, self.document)
        assert ready.id is not None  # noqa: S101 - compose gives every job an id
        handle = JobHandle(self, ready.id, returns, Request.of(ready, target.model.name))
        body = ready.to_body()
        key = self._place.job(ready.id)
        if not self._remote.put_new(key, body, {LANE_METADATA: target.name}):
            body = self._sent_before(ready, key, target)
            if self._remote.exists(self._place.result(ready.id)):
                return handle
        message = body if len(body) <= MAX_INLINE_BYTES else StoredJob(id=ready.id).model_dump_json().encode()
        self._remote.send(target.queue.url, message.decode(), group_id=self._sender)
        return handle

    def _sent_before(self, job: Job, key: str, lane: PoolLane) -> bytes:
        """The body that stands under the id. It may be sent again only with the same request, to the same lane and
        destination; what was said first counts, its labels and deadline too.
        """
        stored = self._remote.read(key)
        if stored is None or not _is_again(job, lane, stored):
            raise IdReused(f"the id {job.id} belongs to another request; choose a new one, or leave it out")
        return stored.body

    def own(self, result: Result, request: Request | None) -> Result:
        """The result, where it is of the request; raises `ResultOfAnotherRequest`."""
        stored = lambda: self._remote.get(self._place.job(result.id))  # noqa: E731 - read only where hashes differ
        if request is None or is_of(result, request, stored):
            return result
        raise ResultOfAnotherRequest(result)

    def status(self, job_id: str) -> JobStatus:
        """How a job stands; raises `UnknownJob`."""
        result = self._find(job_id)
        if result is not None:
            return JobStatus(job_id, result.status, result.lane)
        metadata = self._remote.metadata(self._place.job(job_id))
        if metadata is None:
            raise UnknownJob(
                f"{self.url} has neither a job nor a result of id {job_id}; a job that was sent to SQS directly shows "
                "only once it has a result"
            )
        lane = metadata.get(LANE_METADATA)
        queue = next((each.queue for each in self.document.lanes if each.name == lane), None)
        if queue is None:
            return JobStatus(job_id, "queued", lane)  # its lane has left the pool; the queue may still hold it
        figures = self._remote.figures(queue.url)
        waiting = figures.queued + figures.delayed
        return JobStatus(job_id, "queued" if waiting or not figures.running else "running", lane, waiting)

    def find(self, job_id: str, *, replaced: str | None = None) -> Result | None:
        """The result of a job however it ended, with the output of a job with a destination; None before the end.

        `replaced` is the ETag of a result that does not count: that of `RetryOutcome`.
        """
        result = self._find(job_id, replaced)
        if result is None or result.output is None:
            return result
        bucket, _, key = result.output.url.removeprefix("s3://").partition("/")
        try:
            body = self._remote.get(key, bucket)
        except PoolUnavailable:
            return result  # the reader has no right to the destination: the record says where the output is
        return result if body is None else read_result(job_id, body)

    def _find(self, job_id: str, replaced: str | None = None) -> Result | None:
        stored = self._remote.read(self._place.result(checked_id(job_id)))
        return None if stored is None or stored.etag == replaced else read_result(job_id, stored.body)

    def result(self, job_id: str, *, timeout: float | None = None) -> Result:
        """Wait for the answer, at most `timeout` seconds; raises JobFailed, JobExpired, JobCancelled, TimeoutError."""
        return answered(self.wait(job_id, timeout=timeout))

    def wait(self, job_id: str, *, timeout: float | None = None, replaced: str | None = None) -> Result:
        """Wait for the result however the job ended, but not for the one that a retry replaces; raises TimeoutError."""
        began = time.monotonic()
        while (result := self.find(job_id, replaced=replaced)) is None:
            waited = time.monotonic() - began
            if timeout is not None and waited >= timeout:
                raise TimeoutError(f"{job_id} has no result after {timeout:g} s; it goes on, ask again later")
            pause = max(SHORTEST_PAUSE_SECONDS, min(LONGEST_PAUSE_SECONDS, waited * PAUSE_SHARE))
            time.sleep(pause if timeout is None else min(pause, timeout - waited))
        return result

    def cancel(self, job_id: str) -> None:
        """Ask the workers to cancel a job; one that has its result already keeps it."""
        self._remote.put_new(self._place.cancel(checked_id(job_id)), b"{}", {})

    def submit_all(self, jobs: Iterable[Input], *, lane: str | None = None, returns: Any = None) -> list[JobHandle]:
        """Send many jobs, several at once; the handles come in the order of the jobs."""
        with ThreadPoolExecutor(CONCURRENT_CALLS) as threads:
            return list(threads.map(lambda job: self.submit(job, lane=lane, returns=returns), jobs))

    def map(
        self,
        jobs: Iterable[Input],
        *,
        lane: str | None = None,
        returns: Any = None,
        timeout: float | None = None,
    ) -> Iterator[Result]:
        """Send many jobs and yield their answers in the order of the jobs."""
        handles = self.submit_all(jobs, lane=lane, returns=returns)
        return (handle.result(timeout) for handle in handles)

    def as_completed(self, handles: Iterable[JobHandle], *, timeout: float | None = None) -> Iterator[JobHandle]:
        """Yield handles as their results appear, however they ended; raises TimeoutError."""
        waiting = deque(handles)
        deadline = None if timeout is None else time.monotonic() + timeout
        with ThreadPoolExecutor(CONCURRENT_CALLS) as threads:
            while waiting:
                began = time.monotonic()
                window = [waiting.popleft() for _ in range(min(len(waiting), WINDOW))]
                there = list(threads.map(lambda each: self._remote.exists(self._place.result(each.id)), window))
                yield from (each for each, done in zip(window, there, strict=True) if done)
                still = [each for each, done in zip(window, there, strict=True) if not done]
                waiting.extend(still)  # the others have their turn first
                if waiting and deadline is not None and time.monotonic() >= deadline:
                    raise TimeoutError(f"{len(waiting)} jobs have no result after {timeout:g} s; they go on")
                if still:
                    pause = began + len(window) / LOOKS_PER_SECOND - time.monotonic()
                    time.sleep(max(SHORTEST_PAUSE_SECONDS, pause))

    def figures(self) -> dict[str, Figures]:
        """About how many jobs each lane holds."""
        return {lane.name: self._remote.figures(lane.queue.url) for lane in self.document.lanes}


def _is_again(job: Job, lane: PoolLane, stored: Stored) -> bool:
    """Whether a job is what is stored, for the same lane and destination."""
    try:
        before = parse_job(stored.body)
    except InvalidJob:
        return False
    model = lane.model.name
    return (
        before.request_hash(model) == job.request_hash(model)
        and before.destination == job.destination
        and stored.metadata.get(LANE_METADATA) == lane.name
    )
