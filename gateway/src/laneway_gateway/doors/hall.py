"""What all doors of a process share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway_gateway.doors.waits import Waits

if TYPE_CHECKING:
    from laneway_gateway.doors.inside import Inside


class Hall:
    """What stands inside, and what the doors know together."""

    def __init__(self, inside: Inside) -> None:
        """Nobody is there yet."""
        self.inside = inside
        self.waits = Waits(inside.clock)
        self._held = 0

    def enter(self) -> None:
        """One more request is held."""
        self._count(1)

    def leave(self) -> None:
        """One fewer."""
        self._count(-1)

    def _count(self, more: int) -> None:
        self._held += more
        self.inside.figures.held(self._held)
