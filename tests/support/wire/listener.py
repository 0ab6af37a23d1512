"""A server of asyncio's streams on a loopback port of its own."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from support.wire.http import LIMIT, Gone

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

LOOPBACK = "127.0.0.1"


class Listener:
    """Serves each connection until it ends, whoever ends it."""

    def __init__(self, serve: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]) -> None:
        """What `serve` raises because of the other side counts for nothing."""
        self._serve = serve
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None] | None] = set()  # a loop forgets tasks that nobody holds
        self.port = 0

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._connected, LOOPBACK, 0, limit=LIMIT)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Take no new connections; open ones end with the loop."""
        if self._server is not None:
            self._server.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._tasks.add(task)
        try:
            with suppress(Gone, OSError, asyncio.CancelledError):  # cancelled: at the end of the loop
                await self._serve(reader, writer)
        finally:
            self._tasks.discard(task)
            writer.close()
