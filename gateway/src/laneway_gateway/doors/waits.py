"""How long a lane's jobs wait, by those that have waited."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from laneway_gateway.ports.clock import Clock

FRESH_SECONDS = 300.0  # lanes come and go; what was so before says nothing
WEIGHT = 0.5  # of what is learned now, beside all before


class Waits:
    """Estimates a wait by the jobs before it: what one took, divided by its place in the queue."""

    def __init__(self, clock: Clock) -> None:
        """Nothing is known."""
        self._clock = clock
        self._known: dict[str, tuple[float, float]] = {}
        """Lane → seconds a place, and when that was learned."""

    def learn(self, lane: str, before: int | None, seconds: float) -> None:
        """A job that so many waited before has begun after so many seconds."""
        if before is None:
            return
        place = seconds / (before + 1)
        known = self._place(lane)
        mean = place if known is None else WEIGHT * place + (1 - WEIGHT) * known
        self._known[lane] = (mean, self._clock.monotonic())

    def outlasted(self, lane: str, before: int | None, seconds: float) -> None:
        """A client of such a job has given up after so many seconds: so long at least it waits."""
        known = self._place(lane)
        if before is not None and seconds / (before + 1) > (known or 0.0):
            self.learn(lane, before, seconds)

    def of(self, lane: str, before: int | None) -> float | None:
        """About how many seconds a job will wait that so many wait before; None where nobody can say."""
        place = self._place(lane)
        return None if place is None or before is None else place * (before + 1)

    def _place(self, lane: str) -> float | None:
        place, at = self._known.get(lane, (0.0, -FRESH_SECONDS))
        return place if self._clock.monotonic() < at + FRESH_SECONDS and lane in self._known else None
