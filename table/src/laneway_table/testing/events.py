"""An events queue in memory, a clock and a stop that tests drive."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from laneway_table.errors import QueueUnavailable
from laneway_table.ports.events import MOST_MESSAGES, Message

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from laneway_table.ports.figures import Refusal

HELD_SECONDS = 60.0


class ManualClock:
    """Time passes where a test, or a wait, says so."""

    def __init__(self) -> None:
        """At the begin of a day."""
        self.seconds = 0.0

    def now(self) -> datetime:
        """In UTC."""
        return datetime(2026, 11, 22, tzinfo=UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        """Of the same."""
        return self.seconds


class ManualStop:
    """Waits take no real time; `meanwhile` may end what is waited for, or say that the process is to leave."""

    def __init__(self, clock: ManualClock) -> None:
        """Not set."""
        self.waits: list[float] = []
        self.meanwhile: Callable[[int], None] = lambda _: None
        """Told how many waits there were."""
        self._clock = clock
        self._set = False

    def set(self) -> None:
        """Leave."""
        self._set = True

    def is_set(self) -> bool:
        """Whether to leave."""
        return self._set

    def wait(self, timeout: float) -> bool:
        """At once."""
        self.waits.append(timeout)
        self._clock.seconds += timeout
        self.meanwhile(len(self.waits))
        return self._set


class MemoryEvents:
    """A queue whose messages come again when they are held no longer; `most_receives` later they are dead letters."""

    def __init__(self, clock: ManualClock, most_receives: int = 5) -> None:
        """Empty."""
        self.dead: list[str] = []
        self.receives: Counter[str] = Counter()
        """Of each body."""
        self.trouble: QueueUnavailable | None = None
        """Raised by every call, while it is set."""
        self.keeps = False
        """Whether deletes fail."""
        self._clock = clock
        self._most = most_receives
        self._messages: dict[str, tuple[Message, float]] = {}
        """Receipt → the message, and when it is visible."""

    def send(self, *bodies: str) -> None:
        """As workers do."""
        for body in bodies:
            receipt = f"{len(self._messages)}-{self._clock.seconds}-{sum(self.receives.values())}"
            self._messages[receipt] = (Message(receipt, body, self._clock.now()), self._clock.seconds)

    @property
    def bodies(self) -> list[str]:
        """All that are not done with."""
        return [message.body for message, _ in self._messages.values()]

    def receive(self) -> Sequence[Message]:
        """Without a wait."""
        self._ask()
        found = [each for each, at in self._messages.values() if at <= self._clock.seconds][:MOST_MESSAGES]
        for each in found:
            self.receives[each.body] += 1
            self._messages[each.receipt] = (each, self._clock.seconds + HELD_SECONDS)
            if self.receives[each.body] > self._most:
                del self._messages[each.receipt]
                self.dead.append(each.body)
        return [each for each in found if each.receipt in self._messages]

    def hold(self, receipts: Sequence[str]) -> None:
        """From now."""
        self._visible_in(receipts, HELD_SECONDS)

    def release(self, receipts: Sequence[str]) -> None:
        """Now."""
        self._visible_in(receipts, 0)

    def delete(self, receipts: Sequence[str]) -> None:
        """For good."""
        self._ask()
        if self.keeps:
            raise QueueUnavailable("SQS answers InternalError")
        for each in receipts:
            self._messages.pop(each, None)

    def _visible_in(self, receipts: Sequence[str], seconds: float) -> None:
        self._ask()
        for each in receipts:
            self._messages[each] = (self._messages[each][0], self._clock.seconds + seconds)

    def _ask(self) -> None:
        if self.trouble is not None:
            raise self.trouble


class Counted:
    """Figures, kept."""

    def __init__(self) -> None:
        """At zero."""
        self.counts: Counter[str] = Counter()
        self.lags: list[float] = []
        self.up: bool | None = None

    def wrote(self, rows: int, repeats: int, seconds: float) -> None:
        """Counted."""
        self.counts += Counter({"rows": rows, "repeats": repeats, "batches": 1})
        del seconds

    def lagged(self, seconds: float) -> None:
        """Kept."""
        self.lags.append(seconds)

    def refused(self, reason: Refusal) -> None:
        """By its reason."""
        self.counts[reason] += 1

    def expired(self, rows: int) -> None:
        """Counted."""
        self.counts["expired"] += rows

    def reachable(self, *, database: bool) -> None:
        """The last."""
        self.up = database
