"""The right to work on a message: its visibility, renewed by heartbeats that never interleave with acknowledging."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway_worker.errors import Unavailable
from laneway_worker.ports.replies import NO_CHANNEL
from laneway_worker.ports.stop import StopReason

if TYPE_CHECKING:
    from laneway_worker.ports.clock import Clock, Condition
    from laneway_worker.ports.queue import Delivery, JobQueue
    from laneway_worker.ports.replies import Channel
    from laneway_worker.ports.stop import Stop

MAX_VISIBILITY_SECONDS = 12 * 3600  # SQS: total since receive
BEATS_PER_LEASE = 3


class Lease:
    """One message's lease. All fields are guarded by the worker's one condition."""

    def __init__(self, delivery: Delivery, stop: Stop, now: float, seconds: int) -> None:
        """`now` is monotonic, of the receive."""
        self.delivery = delivery
        self.stop = stop
        self.received_at = now
        self.receipt = delivery.receipt
        self.expires = now + seconds
        self.last_beat = now + MAX_VISIBILITY_SECONDS - seconds
        self.beats = 0  # heartbeats under way
        self.channel: Channel = NO_CHANNEL
        """Who hears of the work under this lease."""
        self.closed = False


class Leases:
    """All leases that this worker holds."""

    def __init__(self, queue: JobQueue, clock: Clock, changed: Condition, seconds: int) -> None:
        """`seconds` is how long a lease lasts without a heartbeat."""
        self._queue = queue
        self._clock = clock
        self._changed = changed
        self._seconds = seconds
        self._held: dict[str, Lease] = {}
        self.lost_total = 0

    def __len__(self) -> int:
        """How many are held."""
        return len(self._held)

    @property
    def interval(self) -> float:
        """Seconds between heartbeats."""
        return self._seconds / BEATS_PER_LEASE

    def take(self, delivery: Delivery, stop: Stop, received_at: float) -> Lease:
        """Hold the lease of a new delivery; `received_at` is monotonic."""
        lease = Lease(delivery, stop, received_at, self._seconds)
        with self._changed:
            self._held[delivery.message_id] = lease
        return lease

    def adopt(self, delivery: Delivery, received_at: float) -> bool:
        """Give the lease of a running job the newest receipt handle; False where the message is not held."""
        with self._changed:
            lease = self._held.get(delivery.message_id)
            if lease is None:
                return False
            lease.delivery = delivery  # the same message; its count of receives is a newer one
            lease.receipt = delivery.receipt
            lease.expires = received_at + self._seconds
            return True

    def beat(self) -> bool:
        """Renew every held lease, then stop the work of those that are lost; returns whether the queue answered."""
        now = self._clock.monotonic()
        with self._changed:
            due = {each.receipt: each for each in self._held.values() if not each.closed and now < each.last_beat}
            for lease in due.values():
                lease.beats += 1
        try:
            answered = self._renew(due, now)
        finally:
            with self._changed:
                for lease in due.values():
                    lease.beats -= 1
                self._changed.notify_all()
        self._drop_lost()
        return answered

    def _renew(self, due: dict[str, Lease], now: float) -> bool:
        if not due:
            return True
        try:
            extension = self._queue.extend(list(due), self._seconds)
        except Unavailable:
            return False  # the leases run on; without a heartbeat in time each is lost by its own deadline
        with self._changed:
            for receipt, lease in due.items():
                if lease.receipt != receipt:
                    continue  # adopted meanwhile: the answer is about a handle that no longer counts
                if receipt in extension.extended:
                    lease.expires = now + self._seconds
                elif receipt in extension.lost:
                    lease.expires = now
        return True

    def _drop_lost(self) -> None:
        now = self._clock.monotonic()
        with self._changed:
            lost = [each for each in self._held.values() if not each.closed and each.expires <= now]
            for lease in lost:
                del self._held[lease.delivery.message_id]
            self.lost_total += len(lost)
        for lease in lost:
            lease.stop.set(StopReason.LEASE_LOST)

    def close(self, lease: Lease) -> str:
        """End the heartbeats of a lease, wait for one under way, and return the newest receipt handle. Only after this
        may the message be deleted, released or sent again. Whoever hears of a job that has no end yet is told so.
        """
        lease.channel.again("given_back")
        with self._changed:
            lease.closed = True
            self._changed.wait_for(lambda: lease.beats == 0)
            if self._held.get(lease.delivery.message_id) is lease:
                del self._held[lease.delivery.message_id]
            return lease.receipt

    def remaining(self, lease: Lease) -> float:
        """Seconds of confirmed lease."""
        return lease.expires - self._clock.monotonic()
