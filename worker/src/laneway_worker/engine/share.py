"""Each job's share of the accelerator."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from laneway_worker.ports.clock import Clock


class ShareClock:
    """Runs at 1/n of real time while n jobs run: a share is the difference of two readings. Guarded by the worker's one
    condition.
    """

    def __init__(self, clock: Clock) -> None:
        """Nobody runs."""
        self._clock = clock
        self._share = 0.0
        self._at = clock.monotonic()
        self.running = 0
        """How many jobs run."""

    def read(self, step: int = 0) -> float:
        """The reading; then `step` more jobs run."""
        now = self._clock.monotonic()
        if self.running:
            self._share += (now - self._at) / self.running
        self._at = now
        self.running += step
        return self._share
