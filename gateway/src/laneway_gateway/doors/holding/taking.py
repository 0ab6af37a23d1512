"""Requests become held jobs, and are left exactly once."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from laneway_gateway.doors.door import HungUp
from laneway_gateway.doors.holding.ends import Over, hung_up
from laneway_gateway.doors.holding.place import place_in
from laneway_gateway.doors.race import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from laneway_gateway.desk import Asked, Held
    from laneway_gateway.doors.exchange import Exchange
    from laneway_gateway.doors.holding.place import Place
    from laneway_gateway.rooms import Room


@dataclass
class Holding:
    """A held job, and what its client did."""

    held: Held
    place: Place | None = None
    """Where it stands; None of a job that was there before, as nobody has seen it come."""
    hung_up: bool = False
    """Whether the client went, or was sent away, before the end."""


async def taken(exchange: Exchange, asked: Asked, room: Room) -> Holding:
    """Hold a request as a job, which is to be `left`. Raises `HungUp` where the client goes while it is sent, and
    `Denied` where it would wait for too long.
    """
    found = await until(_take(exchange, asked, room), hung_up(exchange.receive))
    if isinstance(found, Over):
        raise HungUp
    held, place = found
    place.tell(exchange)
    return Holding(held, None if held.joined else place)


@asynccontextmanager
async def left(exchange: Exchange, holding: Holding, *, kept: bool = False) -> AsyncIterator[None]:
    """Leave it at the end, whatever that is: who goes with the server has not hung up, and neither has who only looks
    at a job that is `kept` for its sender.
    """
    exchange.of_job(holding.held.job_id)
    exchange.hall.enter()
    try:
        yield
    finally:
        exchange.hall.leave()
        await holding.held.leave(hung_up=holding.hung_up and not kept)


async def _take(exchange: Exchange, asked: Asked, room: Room) -> tuple[Held, Place]:
    """Where nobody is refused for the queue's length, it is asked for while the job is sent."""
    hall, lane = exchange.hall, asked.translated.lane
    desk, most = hall.inside.desk, hall.inside.settings.max_wait_seconds
    if most is not None:
        place = await place_in(hall, lane)
        place.tell(exchange)
        place.check(most)
        return await desk.take(asked, room), place
    looking = asyncio.ensure_future(place_in(hall, lane))
    try:
        held = await desk.take(asked, room)
    except BaseException:
        looking.cancel()
        raise
    return held, await _looked(looking, held)


async def _looked(looking: asyncio.Future[Place], held: Held) -> Place:
    """Where it stands; a client that goes now has a job already."""
    try:
        return await looking
    except BaseException:
        await held.leave(hung_up=True)
        raise
