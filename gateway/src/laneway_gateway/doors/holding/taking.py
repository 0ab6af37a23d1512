"""Requests become held jobs, and are left exactly once."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from laneway_gateway.doors.door import Denied, HungUp
from laneway_gateway.doors.holding.ends import Over, hung_up
from laneway_gateway.doors.race import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine
    from typing import Any

    from laneway.schema.job.result import Result
    from laneway_gateway.desk import Asked, Held
    from laneway_gateway.doors.exchange import Exchange
    from laneway_gateway.doors.hall import Hall

MOST_RETRY_SECONDS = 60


@dataclass
class Holding:
    """A held job, and what its client did."""

    held: Held
    hung_up: bool = False
    """Whether the client went, or was sent away, before the end."""


@dataclass
class Place:
    """Where a job stands in its lane's queue."""

    hall: Hall
    lane: str
    before: int | None
    """About how many jobs wait before it; None where nobody knows."""
    came: float

    def began(self, result: Result | None = None) -> None:
        """It has begun, or somebody gave up waiting for that; a result tells it exactly."""
        if self.before is None:
            return
        seconds = self.hall.inside.clock.monotonic() - self.came
        self.hall.waits.learn(self.lane, self.before, result.timing.queued_seconds if result else seconds)
        self.before = None


async def place_of(exchange: Exchange, lane: str) -> Place:
    """Where a job will stand that is sent now. Raises `Denied` where it would wait longer than anybody may."""
    hall = exchange.hall
    before = await hall.inside.desk.waiting(lane)
    estimate = hall.waits.of(lane, before)
    if before:
        exchange.tell("X-Laneway-Queued", str(before))
    if estimate is not None and estimate >= 1:
        exchange.tell("X-Laneway-Estimate", f"{estimate:.0f}")
    most = hall.inside.settings.max_wait_seconds
    if most is not None and before and estimate is not None and estimate > most:
        words = f"{before} jobs wait in lane {lane}, for about {estimate:.0f} seconds; this gateway lets nobody wait "
        later = min(MOST_RETRY_SECONDS, max(1, round(estimate - most)))
        raise Denied(
            HTTPStatus.TOO_MANY_REQUESTS,
            f"{words}longer than {most:.0f}: try again later, or use another lane",
            headers={"Retry-After": str(later)},
        )
    return Place(hall, lane, before, hall.inside.clock.monotonic())


@asynccontextmanager
async def taken(exchange: Exchange, asked: Asked) -> AsyncIterator[Holding]:
    """Hold a request as a job. Raises `HungUp` where the client goes while it is sent."""
    async with left(exchange, await _before_it_hangs_up(exchange, exchange.inside.desk.take(asked))) as holding:
        yield holding


@asynccontextmanager
async def left(exchange: Exchange, held: Held, *, kept: bool = False) -> AsyncIterator[Holding]:
    """Leave it at the end, whatever that is: who goes with the server has not hung up, and neither has who only looks
    at a job that is `kept` for its sender.
    """
    holding = Holding(held)
    exchange.of_job(held.job_id)
    exchange.hall.enter()
    try:
        yield holding
    finally:
        exchange.hall.leave()
        await held.leave(hung_up=holding.hung_up and not kept)


async def _before_it_hangs_up(exchange: Exchange, taking: Coroutine[Any, Any, Held]) -> Held:
    found = await until(taking, hung_up(exchange.receive))
    if isinstance(found, Over):
        raise HungUp
    return found
