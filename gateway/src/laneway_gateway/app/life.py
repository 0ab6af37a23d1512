"""A gateway's life: it starts in order, serves, and leaves in order."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from laneway.schema.shared.names import GATEWAY_READY
from laneway_gateway.adapters.clock import SystemClock
from laneway_gateway.app.leaving import Leaving
from laneway_gateway.app.pages import Pages
from laneway_gateway.app.parts import PoolSide, assemble, keys_of
from laneway_gateway.app.tasks import Tasks, without_text
from laneway_gateway.errors import PoolUnreachable
from laneway_gateway.keys.file_keys import FileKeys
from laneway_gateway.settings import Address

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from laneway_gateway.app.leaving import Bound
    from laneway_gateway.app.parts import Keys, Parts
    from laneway_gateway.ports.traces import Traces
    from laneway_gateway.settings import Settings

    T = TypeVar("T")

START_SECONDS = 60.0  # the pool may be made in the same minute; then whoever started the process may do better
AGAIN_SECONDS = 2.0
PAUSE_SECONDS = 5.0  # until every load balancer and kube-proxy has heard that it is not ready
REGISTRATION_SECONDS = 2.0
CLOSE_SECONDS = 15.0  # for the last bytes of answers, the registration, and calls to AWS that are on their way
log = logging.getLogger(__name__)


class Defect(Exception):
    """Something of ours has ended that never should; the log says what."""


def pause_of(settings: Settings) -> float:
    """How long it goes on serving once it is not ready: before loopback there is no load balancer."""
    return 0.0 if settings.listen.loopback else PAUSE_SECONDS


class Life:
    """One run of the process."""

    def __init__(self, settings: Settings, bound: Bound, traces: Traces) -> None:
        """`bound` ends the process where leaving takes longer than it may. Within an event loop."""
        pause = pause_of(settings)
        self._settings = settings
        self._traces = traces
        self._pause = pause
        self._clock = SystemClock()
        self._leaving = Leaving(bound, pause + settings.drain_seconds + CLOSE_SECONDS)
        self._pages = Pages(self._clock)
        self._tasks = Tasks()

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT, then drain; a second one leaves at once. Raises `SettingsError`,
        `KeysFileError`, `PoolUnavailable` and `PoolUnreachable` where it can't start, and `Defect`.
        """
        asyncio.get_running_loop().set_exception_handler(without_text)
        self._leaving.watch()
        with self._pages.served(self._settings.probes):
            self._tasks.start("beat", self._pages.run())
            try:
                await self._run()
            finally:
                await self._tasks.end()

    async def _run(self) -> None:
        keys = keys_of(self._settings, self._clock)
        side = PoolSide(self._settings.pool, self._clock, self._traces)
        try:
            parts = await self._unless_asked(self._start(side, keys))
            if parts is not None:
                await self._serve(parts, keys)
        finally:
            side.threads.close()

    async def _unless_asked(self, starting: Awaitable[T]) -> T | None:
        """What has started, or None where it is to leave before that."""
        task, asked = asyncio.ensure_future(starting), asyncio.ensure_future(self._leaving.asked.wait())
        await asyncio.wait({task, asked}, return_when=asyncio.FIRST_COMPLETED)
        asked.cancel()
        if task.done():
            return task.result()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        return None

    async def _start(self, side: PoolSide, keys: Keys) -> Parts:
        """Nobody finds the gateway before it can answer."""
        parts = assemble(self._settings, side, keys, await self._patiently(side.pool.document))
        if isinstance(keys, FileKeys):
            file = keys
            parts.metrics.watch_keys(lambda: file.broken)
            self._tasks.start("keys", keys.run())
        parts.metrics.watch_ready(lambda: self._pages.ready)
        parts.metrics.watch_streams(lambda: parts.desk.registry.streams)
        parts.metrics.watch_memory(lambda: parts.desk.rooms.memory.taken)
        usage = parts.desk.usage
        parts.metrics.watch_quotas(lambda: usage.known, lambda: usage.silence)
        parts.metrics.room(self._settings.max_held, self._settings.most_bytes)
        self._pages.metrics = parts.metrics
        self._tasks.start("desk", parts.desk.run())
        self._tasks.start("replies", parts.replies.run())
        await self._patiently(parts.registration.begin)
        self._tasks.start("registration", parts.registration.run())
        return parts

    async def _patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask again for `START_SECONDS`; raises `PoolUnreachable` then."""
        until, told = self._clock.monotonic() + START_SECONDS, ""
        while True:
            try:
                return await ask()
            except PoolUnreachable as error:
                if self._clock.monotonic() > until:
                    raise
                if str(error) != told:
                    told = str(error)
                    log.warning("waiting for the pool", extra={"fields": {"trouble": told}})
            await self._clock.sleep(AGAIN_SECONDS)

    async def _serve(self, parts: Parts, keys: Keys) -> None:
        self._tasks.start("doors", parts.doors.run())
        self._pages.why_not_ready = ""
        self._say_ready(parts, keys)
        ending, asked = (asyncio.ensure_future(each) for each in (self._tasks.one_ends(), self._leaving.asked.wait()))
        await asyncio.wait({ending, asked}, return_when=asyncio.FIRST_COMPLETED)
        defect = ending.done()
        if defect:
            self._leaving.hurry()
        ending.cancel()
        asked.cancel()
        await self._leave(parts)
        if defect:
            raise Defect

    def _say_ready(self, parts: Parts, keys: Keys) -> None:
        listen = self._settings.listen._replace(port=parts.doors.port)
        streams = Address(self._settings.address, parts.replies.port)
        fields = {"address": str(listen), "streams": str(streams), "keys": keys.needed}
        log.info(GATEWAY_READY, extra={"fields": fields})
        if streams.loopback and not listen.loopback:
            words = "workers of other machines can't stream to it, and answers come whole; set LANEWAY_GATEWAY_ADDRESS"
            log.warning(words, extra={"fields": {"address": streams.host}})

    async def _leave(self, parts: Parts) -> None:
        """Jobs live on, whatever is cut short here."""
        self._pages.why_not_ready = "it stops"
        log.info("draining", extra={"fields": {"held": parts.desk.rooms.held}})
        began = self._clock.monotonic()
        if self._pause:
            await self._leaving.until(self._pause)
        parts.doors.refuse()
        await self._drain(parts)
        await self._tasks.end("doors")
        await self._take_back(parts)
        await self._tasks.end()
        await self._say_last(parts)
        await parts.desk.close()
        seconds = round(self._clock.monotonic() - began, 1)
        log.info("gateway stopped", extra={"fields": {"after_seconds": seconds}})

    async def _drain(self, parts: Parts) -> None:
        draining, at_once = (
            asyncio.ensure_future(each)
            for each in (parts.desk.drain(self._settings.drain_seconds), self._leaving.at_once.wait())
        )
        await asyncio.wait({draining, at_once}, return_when=asyncio.FIRST_COMPLETED)
        at_once.cancel()
        if not draining.done():
            draining.cancel()
            await parts.desk.drain(0)

    async def _say_last(self, parts: Parts) -> None:
        """What was used since it was told: others count on with it."""
        with suppress(PoolUnreachable, TimeoutError):
            async with asyncio.timeout(REGISTRATION_SECONDS):
                await parts.desk.usage.tell()

    async def _take_back(self, parts: Parts) -> None:
        """No worker begins to tell any more. Where AWS hangs, the registration is nobody's after three minutes."""
        try:
            async with asyncio.timeout(REGISTRATION_SECONDS):
                await self._tasks.end("registration")
                await parts.registration.end()
        except (PoolUnreachable, TimeoutError) as error:
            log.warning("the registration stays: %s", str(error) or "AWS does not answer")
