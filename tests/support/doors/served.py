"""The doors under the server that they have in earnest, on loopback, in a loop of another thread."""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import uvicorn

from laneway_gateway.desk import Tenant
from laneway_gateway.doors.app import DoorSettings, Inside, make_doors
from laneway_gateway.pool import Pool
from laneway_gateway.testing.clock import ManualClock
from laneway_gateway.testing.figures import FakeFigures
from laneway_gateway.testing.keys import FakeKeys
from support.doors.house import House
from support.gateway.desks import PLACE, World
from support.wire.loop import running_loop

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from contextlib import AbstractContextManager
    from datetime import datetime

    from starlette.types import ASGIApp

    from laneway.schema.pool.documents.keys_file import Quota
    from support.wire.loop import Loop

Within = TypeVar("Within")
KEY = "lw-claims"


class QuickClock(ManualClock):
    """Time that passes by itself, so many times as fast as the world's."""

    def __init__(self, speed: float) -> None:
        """It begins with the manual one's time."""
        super().__init__()
        self._speed = speed
        self._began = time.monotonic()

    def monotonic(self) -> float:
        """Seconds since the start."""
        return (time.monotonic() - self._began) * self._speed

    def now(self) -> datetime:
        """Wall-clock time."""
        return self._start + timedelta(seconds=self.monotonic())

    async def sleep(self, seconds: float) -> None:
        """Let it pass."""
        await asyncio.sleep(seconds / self._speed)


class _Server(uvicorn.Server):
    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override] # because uvicorn writes a generator here
        return nullcontext()


@dataclass
class Served:
    """Doors that listen."""

    url: str
    loop: Loop
    server: uvicorn.Server
    serving: asyncio.Task[None]

    def set(self, event: asyncio.Event) -> None:
        """From this thread."""

        async def setting() -> None:
            event.set()

        self.loop.call(setting())

    async def stopped(self) -> None:
        """As a signal stops it: it takes nothing new, and waits for what it has, for so long."""
        self.server.should_exit = True
        await self.serving


async def _start(app: ASGIApp, listening: socket.socket) -> tuple[uvicorn.Server, asyncio.Task[None]]:
    config = uvicorn.Config(
        app, http="httptools", ws="none", lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=1
    )
    server = _Server(config)
    return server, asyncio.ensure_future(server.serve([listening]))


@contextmanager
def serving(make: Callable[[], Coroutine[object, object, tuple[Within, ASGIApp]]]) -> Iterator[tuple[Within, Served]]:
    """What `make` makes in the loop, and its application, served until the end."""
    with running_loop() as loop, socket.create_server(("127.0.0.1", 0)) as listening:
        within, app = loop.call(make())
        server, task = loop.call(_start(app, listening))
        served = Served(f"http://127.0.0.1:{listening.getsockname()[1]}", loop, server, task)
        try:
            yield within, served
        finally:
            loop.call(served.stopped())


@contextmanager
def served_house(**settings: Any) -> Iterator[tuple[House, Served]]:
    """Doors over a desk that plays scripts."""

    async def make() -> tuple[House, ASGIApp]:
        await asyncio.sleep(0)
        house = House(clock=QuickClock(speed=40), **settings)
        return house, house.app

    with serving(make) as made:
        yield made


@contextmanager
def served_world(bounds: Quota | None = None) -> Iterator[tuple[World, Served]]:
    """Doors over the real desk, before a pool in memory. OpenAI's clients pause for a second of the world's before they
    come back, which has to be less than the desk's grace.
    """

    async def make() -> tuple[World, ASGIApp]:
        await asyncio.sleep(0)
        world = World(QuickClock(speed=5))
        pool = Pool(world.store, PLACE, world.clock)
        world.quotas.update({} if bounds is None else {"claims": bounds})
        keys = FakeKeys({KEY: Tenant("claims", quota=bounds)})
        return world, make_doors(
            Inside(world.desk, pool, keys, world.clock, FakeFigures(), DoorSettings(edge_idle_seconds=10))
        )

    with serving(make) as (world, served):
        try:
            yield world, served
        finally:
            served.loop.call(world.close())
