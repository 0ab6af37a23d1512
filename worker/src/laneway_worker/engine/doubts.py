"""Whether an engine can answer at all: jobs that failed on it raise doubts, one thread settles them by asking it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from laneway_worker.ports.clock import Clock, Condition

SICK_SECONDS = 60.0  # broken for so long, Ollama is to be started anew
SPENT_SECONDS = 900.0  # and for so long, with all that starting anew takes, the worker ends


class Doubts:
    """Numbered as they come. All fields are guarded by the worker's one condition."""

    def __init__(self, clock: Clock, changed: Condition) -> None:
        """None at first."""
        self._clock = clock
        self._changed = changed
        self._settled = 0
        self._against = 0
        self.raised = 0
        """How many there have been."""
        self.broken_since: float | None = None
        """Monotonic time from which on the engine could not answer."""

    @property
    def open(self) -> bool:
        """Whether the engine has to answer before it is trusted."""
        return self.raised > self._settled or self.broken_since is not None

    def add(self) -> int:
        """One more; only what is asked after this counts for it."""
        with self._changed:
            self.raised += 1
            self._changed.notify_all()
            return self.raised

    def is_settled(self, number: int) -> bool:
        """Whether the engine was asked since."""
        return self._settled >= number

    def confirms(self, number: int) -> bool:
        """Whether the engine could not answer then, or after a later one: who is in doubt is not charged."""
        return self._against >= number

    def settle(self, number: int) -> None:
        """The engine has answered what it was asked after this many doubts."""
        with self._changed:
            self._settled = number
            self.broken_since = None
            self._changed.notify_all()

    def confirm(self, *, broken: bool) -> None:
        """All of them were right; `broken`: the engine is there, and can't answer."""
        with self._changed:
            self._settled = self._against = self.raised
            if broken and self.broken_since is None:
                self.broken_since = self._clock.monotonic()
            self._changed.notify_all()

    @property
    def broken_seconds(self) -> float:
        """For how long the engine has been broken; 0 where it is not."""
        return 0.0 if self.broken_since is None else self._clock.monotonic() - self.broken_since
