"""What all doors of a process share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway_gateway.doors.waits import Waits

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway.schema.estimate.estimate import Estimate
    from laneway_gateway.doors.inside import Inside

TOLD_SECONDS = 5.0


class Hall:
    """What stands inside, and what the doors know together."""

    def __init__(self, inside: Inside) -> None:
        """Nobody is there yet."""
        self.inside = inside
        self.waits = Waits(inside.clock)
        self._held = 0
        self._told: dict[str, tuple[float, int, Estimate]] = {}

    def told(self, lane: str, before: int, reckon: Callable[[], Estimate]) -> Estimate:
        """When a job begins that so many wait before. To play a lane takes some milliseconds of CPU, in which nobody
        else is served: once in a while is enough for all.
        """
        now = self.inside.clock.monotonic()
        at, known, estimate = self._told.get(lane, (-TOLD_SECONDS, -1, None))
        if estimate is None or known != before or now >= at + TOLD_SECONDS:
            estimate = reckon()
            self._told[lane] = (now, before, estimate)
        return estimate

    def enter(self) -> None:
        """One more request is held."""
        self._count(1)

    def leave(self) -> None:
        """One fewer."""
        self._count(-1)

    def _count(self, more: int) -> None:
        self._held += more
        self.inside.figures.held(self._held)
