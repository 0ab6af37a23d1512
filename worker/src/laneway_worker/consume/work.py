"""One job from its message to an outcome: read, check, look for a result, generate."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from laneway.logs import log_defect
from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.fields.values import MAX_BODY_BYTES
from laneway.schema.job.job import InvalidJob, Job, parse_job
from laneway.schema.job.result import ServedModel
from laneway_worker.answer.formats import reading
from laneway_worker.deliver.lease import BEATS_PER_LEASE
from laneway_worker.deliver.outcomes import Finished, Found, Lost, Outcome, Records, Released, Task, TryAgain
from laneway_worker.deliver.retry import GiveUp, Retry, decide, same_again
from laneway_worker.errors import Interrupted, JobError, TooLargeError, Unavailable
from laneway_worker.ports.stop import StopReason
from laneway_worker.request.request import check, ollama_request

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from laneway.schema.job.job import StoredJob
    from laneway.schema.job.result import Status
    from laneway.schema.pool.documents.lane_config import LaneConfig
    from laneway_worker.answer.formats import Reading
    from laneway_worker.deliver.claims import Claims
    from laneway_worker.deliver.lease import Lease
    from laneway_worker.deliver.patience import Patience
    from laneway_worker.deliver.results import Results
    from laneway_worker.engine.engine import Engine, Generated
    from laneway_worker.live import Live
    from laneway_worker.ports.checker import Checker
    from laneway_worker.ports.clock import Clock, Condition
    from laneway_worker.ports.objects import ObjectStore, Stored
    from laneway_worker.ports.replies import Replies
    from laneway_worker.ports.stop import Stop
    from laneway_worker.report.tally import Tally
    from laneway_worker.request.request import Request

log = logging.getLogger(__name__)


class Work:
    """Works on the jobs of one lane; one call per message, several at once."""

    def __init__(
        self,
        config: LaneConfig,
        live: Live,
        worker: str,
        store: ObjectStore,
        results: Results,
        claims: Claims,
        engine: Engine,
        checker: Checker,
        replies: Replies,
        patience: Patience,
        clock: Clock,
        changed: Condition,
        random: Callable[[], float],
        tally: Tally,
    ) -> None:
        """`worker` names this process in failures; `random` gives numbers in [0, 1)."""
        self._tally = tally
        self._config = config
        self._live = live
        self._worker = worker
        self._store = store
        self._results = results
        self._claims = claims
        self._engine = engine
        self._checker = checker
        self._replies = replies
        self._patience = patience
        self._clock = clock
        self._changed = changed
        self._random = random
        self._records = Records(config)

    def attempt(self, lease: Lease) -> Outcome:
        """Try to answer a message. Never raises for anything that the message holds."""
        task = Task.of(lease.delivery, self._clock.now(), self._live.now)
        if task.history.reply is not None:
            task.channel = lease.channel = self._replies.open(task.history, lease.delivery.receive_count, self._wake)
        try:
            done, parsed = self._answer(task, lease.delivery.body, lease.stop)
        except (JobError, InvalidJob) as error:
            return self._failed(task, error)
        except Interrupted:
            return self._stopped(task, lease.stop)
        try:
            result = self._records.succeeded(task, done, parsed, self._served(), self._clock.now())
        except JobError as error:
            return self._thrown_away(task, done, error)
        except ValueError:  # pydantic's errors are; their text may quote the answer
            return self._thrown_away(task, done, JobError(ErrorCode.ENGINE_ERROR, "the answer can't be stored as JSON"))
        return Finished(result, task, task.job.destination if task.job else None)

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def _answer(self, task: Task, body: bytes, stop: Stop) -> tuple[Generated, object]:
        job = self._read(task, body, stop)
        check(job, self._config, task.live.destinations)
        with reading(job.format, self._checker) as wanted:
            return self._generated(task, job, wanted, stop)

    def _generated(self, task: Task, job: Job, wanted: Reading, stop: Stop) -> tuple[Generated, object]:
        deadline = self._deadline(task, job)
        if deadline <= self._clock.now():
            stop.set(StopReason.EXPIRED)
            raise Interrupted
        done = self._generate(
            task, ollama_request(job, self._config.model, task.live.limits, wanted.asked), deadline, stop
        )
        text = done.answer.text if done.answer.message is None else str(done.answer.message.get("content", ""))
        calls_tools = done.answer.message is not None and bool(done.answer.message.get("tool_calls"))
        try:
            return done, None if calls_tools else wanted.read(text or "")
        except JobError as error:
            self._engine.waste(error.code.value, done.gpu_seconds)
            raise

    def _read(self, task: Task, body: bytes, stop: Stop) -> Job:
        message = task.read(body, self._config.model.name)
        if isinstance(message, Job):
            return message
        job = self._fetch(message, stop)
        task.take(job, self._config.model.name)
        return job

    def _fetch(self, pointer: StoredJob, stop: Stop) -> Job:
        place = self._config.results
        key = place.job(pointer.id)
        stored = self._patience.until_done(lambda: self._stored(pointer), lambda: stop.reason is not None)
        if stored is None:
            raise InvalidJob(ErrorCode.STORED_JOB_MISSING, f"there is no body at {place.url(key)}", pointer.id)
        job = parse_job(stored.body)
        if job.id != pointer.id:
            wrong = "no id" if job.id is None else "another id"
            raise InvalidJob(ErrorCode.INVALID_JOB, f"the body at {place.url(key)} has {wrong}", pointer.id)
        return job

    def _stored(self, pointer: StoredJob) -> Stored | None:
        place = self._config.results
        key = place.job(pointer.id)
        try:
            return self._store.get(place.bucket, key, MAX_BODY_BYTES)
        except TooLargeError as error:
            raise InvalidJob(ErrorCode.BODY_TOO_LARGE, f"the body at {place.url(key)} {error}", pointer.id) from None

    def _deadline(self, task: Task, job: Job) -> datetime:
        oldest = task.history.submitted_at + timedelta(seconds=task.live.limits.expires_after_seconds)
        return min(oldest, job.expires_at) if job.expires_at else oldest

    def _generate(self, task: Task, request: Request, deadline: datetime, stop: Stop) -> Generated:
        ended = _Flag()
        self._clock.spawn(f"look-{task.id}", lambda: self._look(task, deadline, stop, ended))
        task.started_at = self._clock.now()
        try:
            return self._engine.generate(request, stop, self._tally.began(task))
        finally:
            self._tally.over(task)
            with self._changed:
                ended.up = True
                self._changed.notify_all()

    def _look(self, task: Task, deadline: datetime, stop: Stop, ended: _Flag) -> None:
        """Beside the generation: a result that is there already, a cancel, the time-out and the deadline end it.

        Whose the id is, is learned here too, so that nobody waits for it. Who no longer hears of the job may have
        cancelled it: then the next look is at once.
        """
        timeout = task.live.limits.timeout_seconds
        interval = self._config.visibility_seconds / BEATS_PER_LEASE
        while not ended.up and stop.reason is None:
            is_lost = task.channel.lost
            if not (task.claim and task.claim.settled):
                self._look_for(StopReason.FOUND, stop, lambda: self._is_done(task))
            self._look_for(StopReason.CANCELLED, stop, lambda: self._results.is_cancelled(task.own_id))
            left = timeout - stop.running_seconds(self._clock.monotonic())
            alive = (deadline - self._clock.now()).total_seconds()
            if left <= 0 or alive <= 0:
                stop.set(StopReason.TIMED_OUT if left <= 0 else StopReason.EXPIRED)
                return
            over = _over(task, stop, ended, lost=is_lost)
            with self._changed:
                self._changed.wait_for(over, min(interval, left, alive))

    def _is_done(self, task: Task) -> bool:
        task.claim = self._claims.of(task)
        return self._results.stands(task.claim.job_id, task.history.replaces)

    @staticmethod
    def _look_for(reason: StopReason, stop: Stop, is_there: Callable[[], bool]) -> None:
        try:
            if is_there():
                stop.set(reason)
        except Unavailable:
            pass  # the conditional PUT decides all the same; a cancel is looked for again
        except Exception as error:  # noqa: BLE001 - whatever it is, the time-out and the deadline must still be seen to
            log_defect(log, error)

    def _served(self) -> ServedModel:
        return self._engine.model or ServedModel(name=self._config.model.name, digest=self._config.model.digest)

    def _thrown_away(self, task: Task, done: Generated, error: JobError) -> Outcome:
        self._engine.waste(error.code.value, done.gpu_seconds)
        return self._failed(task, error)

    def _failed(self, task: Task, error: JobError | InvalidJob) -> Outcome:
        now = self._clock.now()
        failure = error if isinstance(error, JobError) else JobError(error.code, str(error))
        failure = same_again(failure, task.history.failures)
        match decide(failure, task.history.attempts, task.live.limits.max_attempts, self._random()):
            case Retry(after_seconds=after):
                return TryAgain(task.history.with_failure(failure.code, str(failure), self._worker, now), after)
            case GiveUp(code=code):
                return Finished(self._records.ended(task, "failed", code, str(failure), self._served(), now), task)
            case _:
                return Released()

    def _stopped(self, task: Task, stop: Stop) -> Outcome:
        match stop.reason:
            case StopReason.FOUND:
                return Found(task.own_id)
            case StopReason.LEASE_LOST:
                return Lost()
            case StopReason.TIMED_OUT if self._engine.can_answer(lambda: stop.leaving):
                seconds = task.live.limits.timeout_seconds
                return self._failed(task, JobError(ErrorCode.TIMED_OUT, f"no complete answer within {seconds} s"))
            case StopReason.CANCELLED:
                return self._ended(task, "cancelled", ErrorCode.CANCELLED, "cancelled on request")
            case StopReason.EXPIRED:
                return self._ended(task, "expired", ErrorCode.EXPIRED, "the deadline passed before an answer was there")
            case _:
                return Released()

    def _ended(self, task: Task, status: Status, code: ErrorCode, message: str) -> Outcome:
        return Finished(self._records.ended(task, status, code, message, self._served(), self._clock.now()), task)


def _over(task: Task, stop: Stop, ended: _Flag, *, lost: bool) -> Callable[[], bool]:
    """Whether there is nothing more to look for, or something new since the channel was `lost` or not."""
    return lambda: ended.up or stop.reason is not None or task.channel.lost is not lost


class _Flag:
    """Tells the look thread that the generation has ended; guarded by the worker's condition."""

    up = False
