"""The client: submit jobs to a pool, ask how they stand, read their results."""

from __future__ import annotations

import os
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, overload

from pydantic import ValidationError

from laneway.client.compose import Input, checked_id
from laneway.client.connection import connect
from laneway.client.failed_jobs import FailedJobs
from laneway.client.handles import JobHandle, JobStatus
from laneway.client.lanes import lane_of
from laneway.client.line.foretell import Foreteller
from laneway.client.line.line import LaneLine, Lines, Run
from laneway.client.pacing import CONCURRENT_CALLS
from laneway.client.remote import Figures, Remote
from laneway.client.results import Request, answered, is_of, read_result
from laneway.client.sender import sender_of
from laneway.client.sending.checked import check
from laneway.client.sending.many import NotAllSent, NotSent, check_all, send_all
from laneway.client.sending.outbox import Outbox
from laneway.errors import JobNotSent, PoolUnavailable, ResultOfAnotherRequest, UnknownJob
from laneway.schema.estimate.foretold import Foretold
from laneway.schema.pool.documents.pool_document import PoolDocument, PoolLane
from laneway.schema.shared.names import LANE_METADATA, NOT_SENT_METADATA
from laneway.schema.shared.problems import problems

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from laneway.client.handles import T
    from laneway.client.sending.checked import CheckedJob
    from laneway.schema.estimate.estimate import Estimate
    from laneway.schema.job.keys import Place
    from laneway.schema.job.result import Result
    from laneway.schema.pool.documents.lane_estimate import LaneEstimate

SHORTEST_PAUSE_SECONDS = 0.03
LONGEST_PAUSE_SECONDS = 1.0
PAUSE_SHARE = 0.02  # of the time waited so far: looking costs the wait two percent, and long waits few requests
LOOKS_PER_SECOND = 50  # of `as_completed`
NO_STAGES: Mapping[str, str] = MappingProxyType({})
WINDOW = 40  # handles that it looks at in one round


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
        self._outbox = Outbox(self._remote, self._place, sender_of(sender, os.environ))
        self.document = self._read_document()
        self._remote.follow(self.document)
        self._lines = Lines(self._remote, self._place)
        self._foreteller = Foreteller(self._remote, self._place)
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

    @overload
    def submit(
        self, job: Input | None = None, *, lane: str | None = None, returns: type[T], **fields: Any
    ) -> JobHandle[T]: ...
    @overload
    def submit(
        self, job: Input | None = None, *, lane: str | None = None, returns: Any = None, **fields: Any
    ) -> JobHandle: ...
    def submit(
        self,
        job: Input | None = None,
        *,
        lane: str | None = None,
        returns: Any = None,
        **fields: Any,
    ) -> JobHandle:
        """Send a job: a prompt, a `Job`, a dictionary or the fields of one (`id=`, `messages=`, `options=`, …).

        `returns` is a type for the answer, anything that pydantic's TypeAdapter takes. The same id may be sent again
        with the same request: there is still one result. Raises `InvalidJob` where the workers, or SQS, would refuse
        it, `IdReused` and `PoolUnavailable`.
        """
        return self.send(self.check(job, lane=lane, returns=returns, **fields))

    def check(
        self, job: Input | None = None, *, lane: str | None = None, returns: Any = None, **fields: Any
    ) -> CheckedJob:
        """What `submit` would send, checked without asking AWS; raises `InvalidJob`."""
        return check(self.document, job, fields, lane, returns)

    def send(self, job: CheckedJob) -> JobHandle:
        """Send what was checked, as `submit` does. Raises `InvalidJob` where SQS refuses it, `IdReused` and
        `PoolUnavailable`.
        """
        told = self._foreteller.sending(job.lane)
        self._outbox.send(job, None if told is None else Foretold.of(told))
        return JobHandle(self, job.id, job.returns, Request.of(job.job, job.lane.model.name), told)

    def send_all(self, jobs: Iterable[CheckedJob]) -> Iterator[JobHandle | NotSent]:
        """Send what was checked, several at once, and yield what became of each, in order."""
        return send_all(jobs, self.send)

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
        if NOT_SENT_METADATA in metadata:
            return JobStatus(job_id, "not_sent", lane)
        queue = next((each.queue for each in self.document.lanes if each.name == lane), None)
        if queue is None:
            return JobStatus(job_id, "queued", lane)  # its lane has left the pool; the queue may still hold it
        figures = self._remote.figures(queue.url)
        waiting = figures.queued + figures.delayed
        if not waiting and figures.running:
            return JobStatus(job_id, "running", lane, waiting)
        return JobStatus(job_id, "queued", lane, waiting, self._foreteller.peek(self.lane(lane)))

    def worker_of(self, job_id: str, lane: str) -> Run | None:
        """Who works on a job, and since when; None where nobody says so. For people on call: raises `PoolUnavailable`
        where the reader may not see workers' reports.
        """
        runs = (Run(report, job) for report in self._lines.reports(lane) for job in report.jobs)
        return next((each for each in runs if each.job.id == job_id), None)

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
        """Wait for the answer, at most `timeout` seconds; raises JobFailed, JobExpired, JobCancelled, `JobNotSent`,
        TimeoutError.
        """
        return answered(self.wait(job_id, timeout=timeout))

    def wait(self, job_id: str, *, timeout: float | None = None, replaced: str | None = None) -> Result:
        """Wait for the result however the job ended, but not for the one that a retry replaces; raises `JobNotSent` and
        TimeoutError.
        """
        began = time.monotonic()
        result = self.find(job_id, replaced=replaced)
        if result is None:
            self.refuse_not_sent(job_id)
        while result is None:
            waited = time.monotonic() - began
            if timeout is not None and waited >= timeout:
                raise TimeoutError(f"{job_id} has no result after {timeout:g} s; it goes on, ask again later")
            pause = max(SHORTEST_PAUSE_SECONDS, min(LONGEST_PAUSE_SECONDS, waited * PAUSE_SHARE))
            time.sleep(pause if timeout is None else min(pause, timeout - waited))
            result = self.find(job_id, replaced=replaced)
        return result

    def refuse_not_sent(self, job_id: str) -> None:
        """Raise `JobNotSent` where SQS has refused the job."""
        if NOT_SENT_METADATA in (self._remote.metadata(self._place.job(job_id)) or {}):
            raise JobNotSent(f"{job_id} was not sent: SQS refused it; submit it again, mended or as it is")

    def cancel(self, job_id: str) -> None:
        """Ask the workers to cancel a job; one that has its result already keeps it."""
        self._remote.put_new(self._place.cancel(checked_id(job_id)), b"{}", {})

    @overload
    def submit_all(self, jobs: Iterable[Input], *, lane: str | None = None, returns: type[T]) -> list[JobHandle[T]]: ...
    @overload
    def submit_all(self, jobs: Iterable[Input], *, lane: str | None = None, returns: Any = None) -> list[JobHandle]: ...
    def submit_all(self, jobs: Iterable[Input], *, lane: str | None = None, returns: Any = None) -> list[JobHandle]:
        """Send many jobs, several at once; the handles come in the order of the jobs.

        All are checked before any is sent. Raises `NotAllSent`, which tells every job that was not sent, and why, and
        has the handles of those that were.
        """
        checked = check_all(jobs, lambda job: self.check(job, lane=lane, returns=returns))
        outcomes = list(self.send_all(checked))
        handles = [each for each in outcomes if isinstance(each, JobHandle)]
        if refused := [each for each in outcomes if isinstance(each, NotSent)]:
            raise NotAllSent(refused, handles, len(outcomes))
        return handles

    def map(
        self,
        jobs: Iterable[Input],
        *,
        lane: str | None = None,
        returns: Any = None,
        timeout: float | None = None,
    ) -> Iterator[Result]:
        """Send many jobs and yield their answers in the order of the jobs; raises `NotAllSent` before the first."""
        handles = self.submit_all(jobs, lane=lane, returns=returns)
        return (handle.result(timeout) for handle in handles)

    def as_completed(self, handles: Iterable[JobHandle[T]], *, timeout: float | None = None) -> Iterator[JobHandle[T]]:
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

    def estimate(self, lane: str | None = None) -> Estimate:
        """When a job that is sent now begins, or why nobody can say; looked up at most once in five seconds. Raises
        `InvalidJob` and `PoolUnavailable`.
        """
        return self._foreteller.estimate(self.lane(lane))

    def known(self, lane: str | None = None) -> LaneEstimate | None:
        """What the lane's workers have written of their last jobs; None where there is nothing. Raises as above."""
        return self._foreteller.known(self.lane(lane))

    def line(self, stages: Mapping[str, str] = NO_STAGES) -> dict[str, LaneLine]:
        """How each lane stands, for people on call: what the reader may not see is left out, and named. `stages` is
        what the cluster says of lanes that have no worker yet.
        """
        return {lane.name: self._lines.line(lane, stages.get(lane.name, "")) for lane in self.document.lanes}
