"""Stands before gateways as a Service of Kubernetes does: shares connections out, and looks into none of them but for
the names of requests.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

from support.chaos.asking.asks import NAME
from support.wire.listener import LOOPBACK, Listener

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from support.wire.loop import Loop

CHUNK_BYTES = 64 * 1024


class Passed(NamedTuple):
    """A request on its way."""

    number: int
    gateway: int


class Balancer:
    """One listener."""

    def __init__(self, gateways: Sequence[int]) -> None:
        """The ports of the gateways."""
        self.passed: list[Passed] = []
        """In order; a request may pass more than once."""
        self._gateways = gateways
        self._turn = 0
        self.listener = Listener(self._join)

    @property
    def url(self) -> str:
        """Where clients go."""
        return f"http://{LOOPBACK}:{self.listener.port}"

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Both ways, until one side ends."""
        gateway, back, there = await self._open()
        ways = [asyncio.ensure_future(self._pump(*way)) for way in ((reader, there, gateway), (back, writer, None))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in ways:
                each.cancel()
            there.close()

    async def _open(self) -> tuple[int, asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to the next gateway that takes one; raises OSError where none does."""
        self._turn += 1
        for place in range(len(self._gateways)):
            gateway = (self._turn + place) % len(self._gateways)
            with suppress(ConnectionRefusedError):
                return gateway, *await asyncio.open_connection(LOOPBACK, self._gateways[gateway])
        raise ConnectionRefusedError

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, gateway: int | None) -> None:
        with suppress(OSError):
            while chunk := await reader.read(CHUNK_BYTES):
                if gateway is not None:
                    self.passed += [Passed(int(each), gateway) for each in NAME.findall(chunk.decode("latin-1"))]
                writer.write(chunk)
                await writer.drain()


@contextmanager
def balancer(loop: Loop, gateways: Sequence[int]) -> Iterator[Balancer]:
    """Before gateways on these ports."""
    made = Balancer(gateways)
    loop.call(made.listener.start())
    try:
        yield made
    finally:
        loop.call(made.listener.stop())
