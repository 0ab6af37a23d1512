"""Stands between workers and AWS, one port a worker: passes calls on, and lets some of them go wrong.

Of two conditional writes of a key at once S3 lets one win. LocalStack 4.8 takes a lock for each version of a key: in a
versioned bucket up to 8 of 8 writers win. So here only one PUT of a key is on its way at a time.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from support.chaos.between.faults import Kind, call_name, refusal
from support.wire.http import LIMIT, read_request, read_response
from support.wire.listener import LOOPBACK, Listener

if TYPE_CHECKING:
    from collections.abc import Iterator
    from urllib.parse import SplitResult

    from support.chaos.between.faults import Faults
    from support.chaos.judge.ledger import Ledger
    from support.wire.http import Request, Response
    from support.wire.loop import Loop

Writers = defaultdict[str, asyncio.Lock]
"""A lock for each key."""


class Proxy:
    """One listener. Each connection of the worker has one to AWS."""

    def __init__(self, worker: int, upstream: SplitResult, faults: Faults, ledger: Ledger, writers: Writers) -> None:
        """`writers` are shared by all proxies in front of one AWS."""
        self._worker = worker
        self._writers = writers
        self._upstream = upstream
        self._faults = faults
        self._ledger = ledger
        self.listener = Listener(self._serve)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = _Link(self._upstream, self._ledger.turns[self._worker])
        try:
            while await self._exchange(reader, writer, link):
                pass
        finally:
            link.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, link: _Link) -> bool:
        """One call; returns whether the connection goes on."""
        request = await read_request(reader, writer)
        fault = self._faults.next(call_name(request))
        if fault.kind is Kind.BEFORE:
            return False
        if fault.kind in (Kind.UNAVAILABLE, Kind.THROTTLED):
            writer.write(refusal(request, fault.kind))
            await writer.drain()
            return True
        await asyncio.sleep(fault.delay)
        async with self._writers[request.path] if request.method == "PUT" else nullcontext():
            response = await link.ask(request)
        lives = self._ledger.turns[self._worker] == link.turn and not reader.at_eof()
        arrives = lives and fault.kind is not Kind.AFTER
        self._ledger.saw(self._worker, request, response, arrives=arrives)
        if not arrives:
            return False
        writer.write(response.wire)
        await writer.drain()
        return not response.closes


class _Link:
    """A connection to AWS, made with the first call."""

    def __init__(self, upstream: SplitResult, turn: int) -> None:
        self.turn = turn
        """Of the worker that called."""
        self._upstream = upstream
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: Request) -> Response:
        """Raises `Gone` where AWS closes, and OSError where it is not there."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._upstream.hostname, self._upstream.port, limit=LIMIT)
        reader, writer = self._streams
        writer.write(request.wire)
        await writer.drain()
        return await read_response(reader, request.method)

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()


@contextmanager
def proxies(loop: Loop, count: int, upstream: SplitResult, faults: Faults, ledger: Ledger) -> Iterator[list[str]]:
    """The endpoints of so many workers."""
    writers: Writers = defaultdict(asyncio.Lock)
    made = [Proxy(number, upstream, faults, ledger, writers) for number in range(count)]
    try:
        for each in made:
            loop.call(each.listener.start())
        yield [f"http://{LOOPBACK}:{each.listener.port}" for each in made]
    finally:
        for each in made:
            loop.call(each.listener.stop())
