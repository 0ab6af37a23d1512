"""Leases and retries as state machines: whatever happens in whatever order, a worker never believes in a lease that the
queue does not honour, and a branch of a job is charged with its own failures only.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from laneway.schema.job.codes import CODES, ErrorCode
from laneway.schema.job.history import History, read_history
from laneway_worker.deliver.lease import Leases
from laneway_worker.deliver.retry import MAX_DELAY_SECONDS, GiveUp, Release, Retry, Wait, decide
from laneway_worker.errors import Interrupted, JobError, Unavailable
from laneway_worker.ports.stop import Stop, StopReason
from laneway_worker.testing.clock import ManualClock
from laneway_worker.testing.memory import MemoryQueue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from laneway_worker.deliver.lease import Lease
    from laneway_worker.ports.queue import Extension

SECONDS = 60
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


class BeatenQueue(MemoryQueue):
    """A queue that knows the last heartbeat."""

    beaten: Sequence[str] = ()

    def extend(self, receipts: Sequence[str], seconds: int) -> Extension:
        self.beaten = receipts
        return super().extend(receipts, seconds)


class LeaseMachine(RuleBasedStateMachine):
    """One worker's leases on a queue that gives out, forgets and takes back."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock()
        self.changed = self.clock.condition()
        self.queue = BeatenQueue(self.clock, SECONDS, redrive=1000)
        self.leases = Leases(self.queue, self.clock, self.changed, SECONDS)
        self.mine: list[Lease] = []

    @property
    def held(self) -> list[Lease]:
        return [lease for lease in self.mine if not lease.closed and lease.stop.reason is None]

    @property
    def visible(self) -> bool:
        return any(message.visible_at <= self.clock.now() for message in self.queue.messages.values())

    @rule()
    def send(self) -> None:
        self.queue.send(b"{}")

    @precondition(lambda self: self.visible)
    @rule(most=st.integers(1, 10), lost=st.booleans())
    def receive(self, most: int, *, lost: bool) -> None:
        deliveries = self.queue.receive(most)
        for delivery in () if lost else deliveries:  # an answer may never come
            now = self.clock.monotonic()
            if not self.leases.adopt(delivery, now):
                self.mine.append(self.leases.take(delivery, Stop(self.changed), now))

    @rule(down=st.booleans())
    def beat(self, *, down: bool) -> None:
        self.queue.down = down
        assert self.leases.beat() is not down or not self.held
        self.queue.down = False
        assert all(lease.expires > self.clock.monotonic() for lease in self.held)

    @rule(seconds=st.floats(0.1, 1.5 * SECONDS))
    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @precondition(lambda self: self.held)
    @rule(data=st.data(), deletes=st.booleans())
    def acknowledge(self, data: st.DataObject, *, deletes: bool) -> None:
        lease = data.draw(st.sampled_from(self.held))
        receipt = self.leases.close(lease)
        (self.queue.delete if deletes else self.queue.release)(receipt)
        self.queue.beaten = ()
        self.leases.beat()
        assert receipt not in self.queue.beaten

    @invariant()
    def what_is_believed_is_so(self) -> None:
        for lease in self.held:
            if lease.expires > self.clock.monotonic():
                message = self.queue.messages[lease.delivery.message_id]
                assert message.receipt == lease.receipt or message.receives > lease.delivery.receive_count
                assert message.visible_at > self.clock.now()

    @invariant()
    def what_is_held_is_counted(self) -> None:
        assert len(self.leases) == len(self.held)

    @invariant()
    def what_is_lost_is_stopped(self) -> None:
        lost = [lease for lease in self.mine if lease.stop.reason is StopReason.LEASE_LOST]
        assert len(lost) == self.leases.lost_total


class BranchMachine(RuleBasedStateMachine):
    """One branch of a job, from message to message."""

    def __init__(self) -> None:
        super().__init__()
        self.history = History(id="job-1", submitted_at=AT)
        self.own = 0
        self.most = 3
        self.over = False

    @rule(most=st.integers(1, 8))
    @precondition(lambda self: self.own == 0)
    def allow(self, most: int) -> None:
        self.most = most

    @rule(code=st.sampled_from(ErrorCode), jitter=st.floats(0, 1, exclude_max=True))
    @precondition(lambda self: not self.over)
    def fail(self, code: ErrorCode, jitter: float) -> None:
        self.own += 1
        match decide(JobError(code, "why"), self.history.attempts, self.most, jitter):
            case Retry(after_seconds=after):
                assert 0 <= after <= MAX_DELAY_SECONDS
                assert CODES[code].retried
                self.history = self.history.with_failure(code, "why", "worker", AT)
            case GiveUp(code=given):
                assert given is code
                assert not CODES[code].retried or self.own == self.most
                self.over = True
            case other:
                raise AssertionError(other)

    @rule(error=st.sampled_from((Interrupted(), Unavailable("S3"))), jitter=st.floats(0, 1, exclude_max=True))
    def be_disturbed(self, error: Exception, jitter: float) -> None:
        decision = decide(error, self.history.attempts, self.most, jitter)
        assert isinstance(decision, Release if isinstance(error, Interrupted) else Wait)

    @rule()
    def be_sent_again(self) -> None:
        assert read_history(self.history.to_attribute(), "another", AT) == self.history

    @invariant()
    def only_its_own_failures_count(self) -> None:
        assert self.history.attempts == self.own - self.over
        assert self.history.attempts < self.most


LeaseMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
BranchMachine.TestCase.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
TestLeases = LeaseMachine.TestCase
TestBranches = BranchMachine.TestCase
