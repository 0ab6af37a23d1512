"""An answer that is sent while it is made."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

from laneway.logs import log_defect
from laneway_gateway.desk import Broken, Ended, Record, Started
from laneway_gateway.doors.holding.ends import TICK_SECONDS, Over, hung_up
from laneway_gateway.doors.holding.whole import REVOKED
from laneway_gateway.doors.race import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from laneway.translate.reply import Stream
    from laneway_gateway.desk import Event
    from laneway_gateway.doors.asking.credentials import Caller
    from laneway_gateway.doors.exchange import Exchange
    from laneway_gateway.doors.holding.place import Place
    from laneway_gateway.doors.holding.taking import Holding

STUCK_SECONDS = 60.0  # a client that reads nothing for so long is taken for gone
LAST_SECONDS = 5.0
log = logging.getLogger(__name__)
DEFECT = "the gateway has a defect, which its log names."


class Telling:
    """One stream: its pieces come from the job, and silent ones between from the clock."""

    def __init__(
        self,
        exchange: Exchange,
        stream: Stream,
        place: Place | None = None,
        started: Callable[[int], bytes] | None = None,
    ) -> None:
        """Nothing is sent yet."""
        self._started = started
        self._exchange = exchange
        self._clock = exchange.inside.clock
        self._stream = stream
        self._place = place
        self._lock = asyncio.Lock()
        self._said_at = self._clock.monotonic()
        self._silent = True

    async def run(self, events: AsyncIterator[Event]) -> None:
        """Tell everything, until the job's end."""
        await self._exchange.begin()
        await self._say(self._stream.begin())
        try:
            async for event in events:
                await self._hear(event)
        finally:
            if isinstance(events, AsyncGenerator):
                await events.aclose()
        async with self._lock:
            await self._exchange.end()

    async def _hear(self, event: Event) -> None:
        if self._place is not None and not isinstance(event, Broken):
            self._place.began(event.result if isinstance(event, Ended) else None)
        match event:
            case Record(fields):
                await self._say(self._stream.add(fields), answer=True)
            case Ended(result, _, streamed):
                replayed = b"" if streamed or result.status != "succeeded" else self._stream.replay(result)
                await self._say(replayed, answer=True)
                await self._say(self._stream.end(result))
            case Broken(message):
                await self._say(self._stream.fail(message))
            case Started(attempt):
                await self._say(self._started(attempt) if self._started else b"")

    async def _say(self, piece: bytes, *, answer: bool = False) -> None:
        if not piece:
            return
        async with self._lock:
            self._said_at = self._clock.monotonic()
            await self._exchange.say(piece)
        if answer and self._silent:
            self._silent = False
            self._exchange.inside.figures.first_token(self._exchange.door.name, self._exchange.seconds())

    async def watch(self, caller: Caller) -> Over:
        """Keep it alive, until its key is none any more, or its client reads nothing."""
        while True:
            quiet = self._clock.monotonic() - self._said_at
            await self._clock.sleep(max(TICK_SECONDS - quiet, 1.0))
            if not caller.stands(self._exchange.inside.keys):
                return Over.REVOKED
            quiet = self._clock.monotonic() - self._said_at
            if self._lock.locked():
                if quiet >= STUCK_SECONDS:
                    return Over.HUNG_UP
            elif quiet >= TICK_SECONDS:
                await self._say(self._stream.keep_alive())

    def over(self) -> None:
        """Nobody waits any more: at least so long it takes until a job begins."""
        if self._place is not None:
            self._place.given_up()

    async def fail(self, message: str) -> None:
        """The last piece, for whoever still reads."""
        await until(self._fail(message), self._clock.sleep(LAST_SECONDS))

    async def _fail(self, message: str) -> None:
        await self._exchange.say(self._stream.fail(message))
        await self._exchange.end()


async def told(exchange: Exchange, holding: Holding, caller: Caller, telling: Telling) -> None:
    """Send the whole stream. A client that goes, and one whose key is revoked, has hung up."""
    if exchange.method == "HEAD":
        await exchange.begin()
        await exchange.end()
        return
    try:
        over = await until(telling.run(holding.held.events()), hung_up(exchange.receive), telling.watch(caller))
    except Exception as error:  # noqa: BLE001 - a defect of ours; the client is told as far as it listens
        log_defect(log, error)
        await telling.fail(DEFECT)
        return
    holding.hung_up = over is not None
    if over is Over.REVOKED:
        await telling.fail(f"{REVOKED}.")
    telling.over()
