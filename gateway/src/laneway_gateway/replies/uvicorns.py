"""Uvicorn's server and its HTTP, with bounds that they lack: on who says nothing, and on headers without end."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import socket
    from contextlib import AbstractContextManager

TICKS = 10  # of uvicorn's, each of which is a tenth of a second
SILENT_SECONDS = 30.0  # from a connection, or an answer that has ended, to the end of the next request's headers
MOST_HEAD_BYTES = 64 * 1024  # as load balancers have it
STUCK_SECONDS = 60.0  # in which a client that is there reads something of what waits for it


class BoundedProtocol(HttpToolsProtocol):
    """A connection whose headers have an end."""

    _in_head = False
    _head = 0

    def on_message_begin(self) -> None:
        """A request's first byte."""
        self._in_head, self._head = True, 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Of the head alone: trailers are nobody's, and have no bound."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """What comes now is its body."""
        self._in_head = False
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Take what came; what still is no whole head counts."""
        super().data_received(data)
        self._head += len(data)
        if self._in_head and self._head > MOST_HEAD_BYTES:
            self.transport.close()


def _waits(connection: Any) -> bool:
    """Whether it has no request under way."""
    return connection.cycle is None or bool(connection.cycle.response_complete)


class OneOfSeveral(uvicorn.Server):
    """One of several in a process, which hears of signals itself."""

    def __init__(
        self, config: uvicorn.Config, silent_seconds: float = SILENT_SECONDS, stuck_seconds: float = STUCK_SECONDS
    ) -> None:
        """`silent_seconds` has who connects to send a request's headers; who has had an answer may be idle before.
        `stuck_seconds` has a client to read something.
        """
        super().__init__(config)
        self._silent = silent_seconds
        self._stuck = stuck_seconds
        self._since: WeakKeyDictionary[Any, tuple[object, float]] = WeakKeyDictionary()
        """Connection → its last request, and when it was first seen without another one."""
        self._unread: WeakKeyDictionary[Any, tuple[int, float]] = WeakKeyDictionary()
        """Connection → bytes that wait for its client to read, and since when it has read none."""

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override] # because uvicorn writes a generator here
        """None of them."""
        return nullcontext()

    async def serve_on(self, listening: socket.socket) -> None:
        """Serve, until cancelled; what is open then has `timeout_graceful_shutdown`, and `listening` is closed."""
        serving = asyncio.ensure_future(self.serve([listening]))
        try:
            await asyncio.shield(serving)
        finally:
            self.should_exit = True
            with suppress(asyncio.CancelledError):
                await serving
            listening.close()

    async def on_tick(self, counter: int) -> bool:
        """Look after the connections, each second."""
        if counter % TICKS == 0:
            now = asyncio.get_running_loop().time()
            self._cut_silent(now)
            self._cut_stuck(now)
        return await super().on_tick(counter)

    def _cut_silent(self, now: float) -> None:
        """Who holds connections without requests would keep all others out."""
        connections: list[Any] = list(self.server_state.connections)
        for each in filter(_waits, connections):
            last, since = self._since.get(each, (self, now))
            if last is not each.cycle:
                since = now
            self._since[each] = each.cycle, since
            idle = self.config.timeout_keep_alive if each.cycle is not None else 0
            if now - since > self._silent + idle:
                each.transport.close()

    def _cut_stuck(self, now: float) -> None:
        """Who reads nothing is cut off with all that waits for it: a closed connection would wait for it, too."""
        for each in list(self.server_state.connections):
            size = each.transport.get_write_buffer_size()
            before, since = self._unread.get(each, (0, now))
            if size == 0 or size < before:
                since = now
            self._unread[each] = size, since
            if now - since > self._stuck:
                each.transport.abort()
