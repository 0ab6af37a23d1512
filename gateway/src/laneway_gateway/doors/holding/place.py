"""Where a job stands in its lane's queue, and what is told of that."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from laneway.schema.estimate.reckon import Asked, estimate
from laneway_gateway.doors.door import Denied

if TYPE_CHECKING:
    from laneway.schema.estimate.estimate import Estimate
    from laneway.schema.job.result import Result
    from laneway_gateway.doors.exchange import Exchange
    from laneway_gateway.doors.hall import Hall

MOST_RETRY_SECONDS = 60


async def place_in(hall: Hall, lane: str) -> Place:
    """Where a job would stand that is sent to a lane now. Both looks are kept for a while, for all requests."""
    inside = hall.inside
    before, (known, age) = await asyncio.gather(inside.desk.waiting(lane), inside.pool.line(lane))
    if before is None or known is None:
        return Place(hall, lane, before)
    asked = Asked(lane, before, known.slots if before else len(known.running), inside.clock.now(), age)
    return Place(hall, lane, before, hall.told(lane, before, lambda: estimate(asked, known)))


@dataclass
class Place:
    """Where a job stands in its lane's queue."""

    hall: Hall
    lane: str
    before: int | None
    """About how many jobs wait before it; None where nobody knows."""
    told: Estimate | None = None
    """When it begins, by what the lane's workers have written; None where they have not."""

    def __post_init__(self) -> None:
        """It begins to wait."""
        self._came = self.hall.inside.clock.monotonic()

    @property
    def estimate(self) -> float | None:
        """About how many seconds it will wait, where anybody can say: workers, who see all jobs, before this gateway's
        own.
        """
        if self.told is not None and self.told.median_seconds is not None:
            return self.told.median_seconds
        return self.hall.waits.of(self.lane, self.before)

    def tell(self, exchange: Exchange) -> None:
        """Say so in the answer's headers."""
        if self.before:
            exchange.tell("X-Laneway-Queued", str(self.before))
        if (seconds := self.estimate) is not None and seconds >= 1:
            exchange.tell("X-Laneway-Estimate", f"{seconds:.0f}")
            self._tell_range(exchange)

    def _tell_range(self, exchange: Exchange) -> None:
        told = self.told
        if told is not None and told.low_seconds is not None and told.high_seconds is not None:
            exchange.tell("X-Laneway-Estimate-Range", f"{told.low_seconds:.0f}-{told.high_seconds:.0f}")

    def check(self, most: float) -> None:
        """Raise `Denied` where it would wait for longer than that. Who is the first in a queue always may: somebody has
        to find out that the lane is awake again.
        """
        seconds = self.estimate
        if not self.before or seconds is None or seconds <= most:
            return
        words = f"{self.before} jobs wait in lane {self.lane}, for about {seconds:.0f} seconds"
        later = min(MOST_RETRY_SECONDS, max(1, round(seconds - most)))
        raise Denied(
            HTTPStatus.TOO_MANY_REQUESTS,
            f"{words}; this gateway lets nobody wait longer than {most:.0f}: try again later, or use another lane",
            headers={"Retry-After": str(later)},
        )

    def given_up(self) -> None:
        """Nobody waits any more for its beginning."""
        before, self.before = self.before, None
        self.hall.waits.outlasted(self.lane, before, self.hall.inside.clock.monotonic() - self._came)

    def began(self, result: Result | None = None) -> None:
        """It has begun, which is learned once; a result tells it exactly."""
        before, self.before = self.before, None
        seconds = self.hall.inside.clock.monotonic() - self._came
        self.hall.waits.learn(self.lane, before, result.timing.queued_seconds if result else seconds)
