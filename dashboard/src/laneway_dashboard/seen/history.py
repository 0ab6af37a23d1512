"""How many were queued over the last day, as far as somebody looked."""

from __future__ import annotations

from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING

from laneway_dashboard.ports.history import Point

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from laneway_dashboard.ports.watching import PoolSeen

STEP = timedelta(seconds=20)
KEPT = timedelta(hours=24)
MOST_POINTS = int(KEPT / STEP)  # a lane: 300 kB
GAP = timedelta(seconds=90)
"""Where nobody looked for longer, the line is broken."""


class Depths:
    """Of each lane; used by one thread at a time."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._points: dict[tuple[str, str], deque[Point]] = {}

    def take(self, at: datetime, pools: Iterable[PoolSeen]) -> None:
        """What one look has found."""
        for pool in pools:
            for lane in pool.lanes:
                points = self._points.setdefault((pool.name, lane.name), deque(maxlen=MOST_POINTS))
                if points and at - points[-1].at < STEP:
                    continue
                depth = None if lane.queued is None else float(lane.queued + (lane.delayed or 0))
                points.append(Point(at, depth))

    def of(self, pool: str, lane: str, since: datetime) -> tuple[Point, ...]:
        """The points since then, with one of no value where nobody looked for a while."""
        found: list[Point] = []
        for point in tuple(self._points.get((pool, lane), ())):
            if point.at < since:
                continue
            if found and point.at - found[-1].at > GAP:
                found.append(Point(found[-1].at + STEP, None))
            found.append(point)
        return tuple(found)
