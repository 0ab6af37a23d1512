"""The end of a job, in one order: destination → result → failed job → notification → event → delete. Nothing is
deleted before its result.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeVar

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.failed_job import FailedJob
from laneway.schema.job.result import Notification
from laneway_worker.deliver.events import LATER_SECONDS, Told
from laneway_worker.deliver.outcomes import Finished, Found, Lost, Outcome, Released, TryAgain
from laneway_worker.deliver.results import UnreadableResult
from laneway_worker.errors import Interrupted, TargetRefused, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway.schema.job.keys import Place
    from laneway.schema.job.result import Result
    from laneway.schema.pool.documents.lane_config import LaneConfig
    from laneway.schema.pool.documents.live_config import LiveConfig
    from laneway_worker.deliver.claims import Claims
    from laneway_worker.deliver.events import Telling
    from laneway_worker.deliver.lease import Lease, Leases
    from laneway_worker.deliver.patience import Patience
    from laneway_worker.deliver.results import Committed, Results
    from laneway_worker.live import Live
    from laneway_worker.ports.clock import Clock
    from laneway_worker.ports.queue import Delivery, JobQueue
    from laneway_worker.ports.replies import Notifier

log = logging.getLogger(__name__)

SAFE_LEASE_SECONDS = 20  # a job is sent again only with so much confirmed lease: two copies are rarer then
FRESH_COPY_FROM = 5  # receives; a release counts as one, and SQS's own count should tell of crashes only
DESTINATION_PATIENCE_SECONDS = 60  # what refuses for longer has to be mended by a person
MOST_ASIDE = 32  # jobs that wait for destinations in memory while others are received


T = TypeVar("T")


@dataclass(frozen=True)
class Ended:
    """How a message left this worker."""

    how: Literal["committed", "duplicate", "retried", "released", "lost"]
    committed: Committed | None = None
    """The result that stands, if one is known to; also where its tail is left to the next delivery."""


class Finisher:
    """Ends jobs; called by the thread that worked on them, after their slot is free."""

    def __init__(
        self,
        config: LaneConfig,
        live: Live,
        results: Results,
        claims: Claims,
        notifier: Notifier,
        telling: Telling,
        queue: JobQueue,
        leases: Leases,
        patience: Patience,
        aside: Patience,
        clock: Clock,
    ) -> None:
        """`queue` is where the messages come from. Nothing is received while somebody waits by `patience`; who waits
        `aside` holds up nobody.
        """
        self._config = config
        self._live = live
        self._results = results
        self._claims = claims
        self._notifier = notifier
        self._telling = telling
        self._queue = queue
        self._leases = leases
        self._patience = patience
        self._aside = aside
        self._clock = clock

    def finish(self, lease: Lease, outcome: Outcome) -> Ended:
        """Do what an outcome asks. What can't be done before the worker leaves, or under a lost lease, is left to the
        next delivery.
        """
        committed: Committed | None = None
        try:
            match outcome:
                case Finished():
                    committed = replace(self._commit(lease, outcome), at=self._clock.monotonic())
                case Found(job_id=job_id):
                    committed = self._patiently(lease, lambda: self._results.winner(job_id))
                case TryAgain(history=history, after_seconds=after):
                    lease.channel.again("failed")
                    return self._send_again(lease, history.to_attribute(), after)
                case Released():
                    return self._release(lease)
                case Lost():
                    return self._lose(lease)
            return self._tail(lease, committed)
        except Interrupted:
            return replace(self._release(lease), committed=committed)
        except UnreadableResult as error:
            log.error("%s; remove it: its job is tried again with every lease until SQS gives it up", error)  # noqa: TRY400 - no defect of ours: the trace tells nothing
            return self._lose(lease)

    def _patiently(self, lease: Lease, action: Callable[[], T]) -> T:
        return self._patience.until_done(action, lambda: lease.stop.leaving)

    def _commit(self, lease: Lease, done: Finished) -> Committed:
        result = self._under_its_own_id(lease, done)
        record = self._place(lease, result, done.destination, done.task.live) if done.destination else result
        replaces = lease.delivery.read_history().replaces
        return self._patiently(lease, lambda: self._results.commit(record, replaces))

    def _under_its_own_id(self, lease: Lease, done: Finished) -> Result:
        """Mostly known by the look beside the generation; an id that was nobody's then may be somebody's now."""
        claim = done.task.claim
        if claim is None or not claim.settled:
            claim = self._patiently(lease, lambda: self._claims.of(done.task))
        return done.result if done.result.id == claim.job_id else done.result.model_copy(update={"id": claim.job_id})

    def _place(self, lease: Lease, result: Result, destination: str, live: LiveConfig) -> Result:
        """A destination is one job's business: others are received meanwhile, as long as not too many wait so, nor
        what is as large as embeddings.
        """
        small = result.embeddings is None
        patience = self._aside if small and self._aside.troubled < MOST_ASIDE else self._patience
        placing = Placing(self._results, self._clock, result, destination, live.destinations[destination])
        return patience.until_done(placing, lambda: lease.stop.leaving)

    def _tail(self, lease: Lease, committed: Committed) -> Ended:
        lease.channel.ended(committed.result, committed.etag)
        if is_kept(lease.delivery, committed.result):
            failed = failed_job(self._config.lane, lease.delivery, committed)
            self._patiently(lease, lambda: self._results.keep_failed(failed))
        topic = self._live.now.topic_arn
        if topic is not None:
            note = self._notification(committed)
            self._patiently(lease, lambda: self._notifier.publish(topic, note))
        if self._telling.tell(lease, committed) is Told.LATER:
            return replace(self._end_later(lease), committed=committed)
        self._delete(self._leases.close(lease))
        return Ended("committed" if committed.ours else "duplicate", committed)

    def _end_later(self, lease: Lease) -> Ended:
        """A copy that comes after a while finds the result, and tells of it. Where none can be sent, the message comes
        back when its lease ends: given back, it would come at once, again and again.
        """
        try:
            return self._resend(lease, lease.delivery.read_history().to_attribute(), LATER_SECONDS)
        except Unavailable as error:
            log.warning("no copy could be sent; the message comes back when its lease ends: %s", error)
            return self._lose(lease)

    def _delete(self, receipt: str) -> None:
        try:
            self._queue.delete(receipt)
        except Unavailable as error:
            log.warning("delete failed; the message comes again and is done again: %s", error)

    def _notification(self, committed: Committed) -> Notification:
        result = committed.result
        return Notification(
            id=result.id,
            status=result.status,
            code=result.error.code if result.error else None,
            url=self._config.results.result_url(result.id),
            etag=committed.etag,
            pool=result.pool,
            lane=result.lane,
            labels=result.labels,
        )

    def _send_again(self, lease: Lease, history: str, delay: int) -> Ended:
        return self._patiently(lease, lambda: self._resend(lease, history, delay))

    def _resend(self, lease: Lease, history: str, delay: int) -> Ended:
        """Send a copy under a safe lease, then delete the original. Under a short lease the message is given back;
        without one it is somebody else's.
        """
        if self._leases.remaining(lease) < SAFE_LEASE_SECONDS:
            self._leases.beat()
        if (left := self._leases.remaining(lease)) < SAFE_LEASE_SECONDS:
            return self._release(lease) if left > 0 else self._lose(lease)
        self._queue.resend(lease.delivery, history, delay)
        self._delete(self._leases.close(lease))
        return Ended("retried")

    def _lose(self, lease: Lease) -> Ended:
        """The message comes back when its lease ends."""
        self._leases.close(lease)
        return Ended("lost")

    def _release(self, lease: Lease) -> Ended:
        delivery = lease.delivery
        fresh = delivery.receive_count >= FRESH_COPY_FROM and self._leases.remaining(lease) >= SAFE_LEASE_SECONDS
        receipt = self._leases.close(lease)
        if not (fresh and self._send_fresh(delivery, receipt)):
            self._give_back(receipt)
        return Ended("released")

    def _send_fresh(self, delivery: Delivery, receipt: str) -> bool:
        try:
            self._queue.resend(delivery, delivery.read_history().to_attribute(), 0)
        except Unavailable as error:
            log.warning("no fresh copy could be sent; the message itself is given back: %s", error)
            return False
        self._delete(receipt)
        return True

    def _give_back(self, receipt: str) -> None:
        try:
            self._queue.release(receipt)
        except Unavailable as error:
            log.warning("release failed; the message comes back when its lease ends: %s", error)


class Placing:
    """Brings one output to its destination; after a minute of refusals the job fails instead."""

    def __init__(self, results: Results, clock: Clock, result: Result, destination: str, place: Place) -> None:
        """Called until it does not raise `Unavailable`."""
        self._results = results
        self._clock = clock
        self._result = result
        self._destination = destination
        self._place = place
        self._refused_at: float | None = None

    def __call__(self) -> Result:
        """The record to commit."""
        try:
            return self._results.store_output(self._result, self._destination, self._place)
        except TargetRefused as error:
            now = self._clock.monotonic()
            self._refused_at = now if self._refused_at is None else self._refused_at
            if now - self._refused_at < DESTINATION_PATIENCE_SECONDS:
                raise
            return self._result.failed(ErrorCode.DESTINATION_REFUSED, f"destination {self._destination}: {error}")


def is_kept(delivery: Delivery, result: Result) -> bool:
    """Whether the job stays among the failed ones. An expired retry does: the entry it came from has been removed, and
    may have held the only copy of the body.
    """
    return result.status == "failed" or (result.status == "expired" and delivery.read_history().replaces is not None)


def failed_job(lane: str, delivery: Delivery, committed: Committed) -> FailedJob:
    """What is kept of a message whose job has failed."""
    result = committed.result
    assert result.error is not None  # noqa: S101 - because a failed result has one: the model says so
    return FailedJob(
        id=result.id,
        lane=lane,
        error=result.error,
        failures=result.failures,
        submitted_at=result.timing.submitted_at,
        failed_at=result.timing.finished_at,
        result_etag=committed.etag,
        body=delivery.body.decode(errors="replace"),
        group_id=delivery.group_id,
    )
