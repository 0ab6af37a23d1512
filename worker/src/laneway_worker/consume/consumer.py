"""The loop: poll while slots are free, a thread per message, heartbeats beside them, and leaving in good order."""

from __future__ import annotations

import logging
from collections import Counter
from enum import IntEnum
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar

from laneway.logs import log_defect
from laneway.schema.shared.names import JOB_COMMITTED
from laneway_worker.deliver.commit import Ended
from laneway_worker.deliver.outcomes import Lost, Outcome, Released, TryAgain
from laneway_worker.errors import Unavailable
from laneway_worker.failing import Failing
from laneway_worker.ports.stop import Stop, StopReason

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway.schema.pool.documents.lane_config import LaneConfig
    from laneway_worker.deliver.commit import Finisher
    from laneway_worker.deliver.lease import Lease, Leases
    from laneway_worker.deliver.patience import Patience
    from laneway_worker.ports.clock import Clock, Condition
    from laneway_worker.ports.queue import Delivery, JobQueue
    from laneway_worker.ports.trace import Trace
    from laneway_worker.report.metrics import Metrics

log = logging.getLogger(__name__)

MOST_PER_RECEIVE = 10  # SQS
FIRST_BACKOFF_SECONDS = 1.0
LONGEST_BACKOFF_SECONDS = 30.0
RETRY_BEAT_SECONDS = 3.0  # after a heartbeat that failed: a lease survives several of them
PROGRESS_SECONDS = 5.0  # every loop shows progress at least so often, whatever it waits for
STALLED_SECONDS = 120.0  # longer than any call with its retries

T = TypeVar("T")


class Phase(IntEnum):
    """Where the worker is on its way out."""

    RUNNING = 0
    DRAINING = 1
    LEAVING = 2


class Gate(Protocol):
    """Whether jobs may come."""

    @property
    def takes_jobs(self) -> bool:
        """Whether the engine can take another one. Called under the worker's condition."""

    def slots(self, wanted: int) -> int:
        """How many of the jobs wanted may be at work at once."""

    @property
    def asleep(self) -> bool:
        """Whether the lane sleeps by its schedule: nothing is received, and what comes goes back."""


class Attempts(Protocol):
    """What is done with a message."""

    def attempt(self, lease: Lease) -> Outcome:
        """Work on it; never raises for anything that the message holds."""


class Consumer:
    """Takes jobs from the lane's queue, as many at once as there are slots."""

    def __init__(
        self,
        config: LaneConfig,
        queue: JobQueue,
        leases: Leases,
        gate: Gate,
        patience: Patience,
        work: Attempts,
        finisher: Finisher,
        metrics: Metrics,
        trace: Trace,
        clock: Clock,
        changed: Condition,
    ) -> None:
        """`changed` is the worker's one condition: it guards every field that threads share."""
        self._config = config
        self._queue = queue
        self._leases = leases
        self._gate = gate
        self._patience = patience
        self._work = work
        self._finisher = finisher
        self._metrics = metrics
        self._trace = trace
        self._clock = clock
        self._changed = changed
        self._phase = Phase.RUNNING
        self._busy = 0
        self._jobs: dict[int, Lease] = {}
        self.left: Counter[str] = Counter()
        """How messages have ended since the worker began to leave."""
        self._polling = True
        self.refused: Failing | None = None
        """What the queue has answered since it last let us receive."""
        self.idle_since: float | None = None
        """Monotonic time of the last job's end; None before."""
        self._progress = dict.fromkeys(("poll", "heartbeat"), clock.monotonic())
        self._slots = partial(gate.slots, config.parallel)
        metrics.watch_slots(self._slots)

    def start(self) -> None:
        """Start the threads: one polls, one beats."""
        self._clock.spawn("heartbeat", self._heartbeat_loop)
        self._clock.spawn("poll", self._poll_loop)

    def drain(self) -> None:
        """Receive nothing new and finish what runs; what can't finish in `drain_seconds` goes back."""
        with self._changed:
            if self._phase is not Phase.RUNNING:
                return
            self._phase = Phase.DRAINING
            self._changed.notify_all()
        self._clock.spawn("drain", self._leave_in_time)

    def leave(self) -> None:
        """Give everything back now."""
        with self._changed:
            self._phase = Phase.LEAVING
            held = list(self._jobs.values())
            self._changed.notify_all()
        for lease in held:
            lease.stop.set(StopReason.LEAVING)

    def wait_until_done(self, timeout: float | None = None) -> bool:
        """Wait until nothing is held any more; returns whether that is so."""
        with self._changed:
            return self._changed.wait_for(lambda: self.done, timeout)

    def stalled(self) -> list[str]:
        """The loops that made no progress for two minutes: the process should be restarted."""
        now = self._clock.monotonic()
        return [name for name, at in self._progress.items() if now - at > STALLED_SECONDS]

    @property
    def done(self) -> bool:
        """Whether the worker may end."""
        return self._phase is not Phase.RUNNING and not self._polling and not self._jobs

    @property
    def leaving(self) -> bool:
        """Whether the worker takes nothing new any more."""
        return self._phase is not Phase.RUNNING

    @property
    def held(self) -> int:
        """Messages that are worked on, or whose results are not stored yet."""
        return len(self._jobs)

    @property
    def running_since(self) -> float | None:
        """Monotonic time at which the oldest of the held jobs came; None where none is held."""
        return min((lease.received_at for lease in self._jobs.values()), default=None)

    def _leave_in_time(self) -> None:
        if not self.wait_until_done(self._config.drain_seconds):
            self.leave()

    def _free(self) -> int:
        ready = self._gate.takes_jobs and self._patience.troubled == 0
        return self._slots() - self._busy if ready else 0

    def _heartbeat_loop(self) -> None:
        while not self.done:
            self._progress["heartbeat"] = self._clock.monotonic()
            well = self._beat()
            self._metrics.leases.set(len(self._leases))
            self._metrics.lost_so_far(self._leases.lost_total)
            with self._changed:
                self._changed.wait_for(lambda: self.done, self._leases.interval if well else RETRY_BEAT_SECONDS)

    def _beat(self) -> bool:
        try:
            return self._leases.beat()
        except Exception as error:  # noqa: BLE001 - nothing may end the one thread that keeps the leases
            log_defect(log, error)
            return False

    def _poll_loop(self) -> None:
        backoff = FIRST_BACKOFF_SECONDS
        try:
            while self._phase is Phase.RUNNING:
                self._progress["poll"] = self._clock.monotonic()
                try:
                    self._poll_once()
                    backoff = FIRST_BACKOFF_SECONDS
                except Unavailable as error:
                    self._note(Failing.again(self.refused, error, self._clock.monotonic()))
                    log.warning("receive failed, next try in %.0f s: %s", backoff, error)
                    self._pause(backoff)
                    backoff = min(LONGEST_BACKOFF_SECONDS, backoff * 2)
                except Exception as error:  # noqa: BLE001 - a reply that we can't read must not end the only poller
                    log_defect(log, error)
                    self._pause(LONGEST_BACKOFF_SECONDS)
        finally:
            with self._changed:
                self._polling = False
                self._changed.notify_all()

    def _pause(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._phase is not Phase.RUNNING, seconds)

    def _poll_once(self) -> None:
        asleep = self._gate.asleep
        with self._changed:
            self._changed.wait_for(
                lambda: self._phase is not Phase.RUNNING or (not asleep and self._free() > 0), PROGRESS_SECONDS
            )
            free = self._free()
            if self._phase is not Phase.RUNNING or asleep or free <= 0:
                self._forget_what_passes()
                return
        deliveries = self._queue.receive(min(free, MOST_PER_RECEIVE))
        self._note(None)
        if not deliveries:
            self._metrics.nothing_waits()
        wanted = self._wants_jobs()
        for delivery in deliveries:
            self._progress["poll"] = self._clock.monotonic()  # giving back may take long, one after another
            self._take(delivery, self._clock.monotonic(), wanted=wanted)

    def _wants_jobs(self) -> bool:
        return self._phase is Phase.RUNNING and not self._gate.asleep

    def _forget_what_passes(self) -> None:
        """Who does not ask can't say that a failure goes on."""
        if self.refused is not None and not self.refused.lasting:
            self.refused = None

    def _note(self, refused: Failing | None) -> None:
        with self._changed:
            self.refused = refused
            self._changed.notify_all()

    def _take(self, delivery: Delivery, received: float, *, wanted: bool) -> None:
        self._metrics.received(delivery, self._clock.now())
        if self._leases.adopt(delivery, received):
            return
        stop = Stop(self._changed)
        lease = self._leases.take(delivery, stop, received)
        with self._changed:
            self._jobs[id(lease)] = lease
            if wanted:
                self._count_busy(+1)
        if wanted:
            self._clock.spawn(f"job-{delivery.message_id}", lambda: self._run(lease))
        else:
            self._end(lease, Released(), received)

    def _count_busy(self, step: int) -> None:
        self._busy += step
        self._metrics.busy.set(self._busy)
        self._changed.notify_all()

    def _run(self, lease: Lease) -> None:
        lost: Outcome = Lost()
        with self._trace.job(lease.delivery):
            outcome = self._guarded(lease, lambda: self._work.attempt(lease), lost)
            generated = self._clock.monotonic()
            with self._changed:
                self._count_busy(-1)  # the slot is free at the last token; storing the result needs no engine
            self._end(lease, outcome, generated)

    def _end(self, lease: Lease, outcome: Outcome, generated: float) -> None:
        with self._trace.part("commit"):
            ended = self._guarded(lease, lambda: self._finisher.finish(lease, outcome), Ended("lost"))
        self._metrics.finished(outcome, ended.committed, generated)
        self._report(lease, outcome, ended)
        with self._changed:
            del self._jobs[id(lease)]
            self.left[ended.how] += self._phase is not Phase.RUNNING
            self.idle_since = self._clock.monotonic()
            self._changed.notify_all()

    def _guarded(self, lease: Lease, action: Callable[[], T], otherwise: T) -> T:
        """A defect of ours ends this try only: the lease runs out and the message comes back."""
        try:
            return action()
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not harm the next job
            self._leases.close(lease)
            log_defect(log, error)
            return otherwise

    def _report(self, lease: Lease, outcome: Outcome, ended: Ended) -> None:
        known = {"message_id": lease.delivery.message_id} if ended.committed is None else ended.committed.summary
        fields = known | {"receives": lease.delivery.receive_count}
        if isinstance(outcome, TryAgain):
            last = outcome.history.failures[-1]
            fields |= {"code": last.code.value, "attempt": last.attempt, "after_seconds": outcome.after_seconds}
        self._metrics.ended(ended.how)
        self._trace.tell(fields | {"end": ended.how})
        log.info(JOB_COMMITTED if ended.how == "committed" else f"job {ended.how}", extra={"fields": fields})
