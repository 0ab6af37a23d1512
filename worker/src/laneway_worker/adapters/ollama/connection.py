"""The socket of one call to Ollama: how it is cut, and how a cut one tells whether Ollama has let go of the request."""

from __future__ import annotations

import socket
import threading
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from laneway_worker.ports.clock import Clock

HALF_CLOSED = (4, 5)
"""FIN_WAIT1 and FIN_WAIT2 (Linux: include/net/tcp_states.h): we have closed our side, and the server has not."""
TCP_INFO: int | None = getattr(socket, "TCP_INFO", None)  # Linux only; elsewhere nothing is known
MOST_WATCHED = 256  # sockets; each is a file descriptor
TAKEN_UP_SECONDS = 1.0
"""By then Ollama's scheduler has handed a request to its runner. Where a client goes before that, Ollama keeps the
request's handler for ever, idle (0.11.4; the code is the same in 0.32.15): it costs nothing, and is no work.
"""


class Connection:
    """The socket of one call, caught when httpcore opens it (https://www.encode.io/httpcore/extensions/#trace)."""

    def __init__(self, clock: Clock) -> None:
        """Not open yet."""
        self._clock = clock
        self._own: socket.socket | None = None
        self._opened = 0.0
        self._cut = False
        self.early = False
        """Whether it was cut before Ollama has surely taken the request up."""

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """Told by httpcore."""
        if event == "connection.connect_tcp.complete":
            self._opened = self._clock.monotonic()
            self._own = info["return_value"].get_extra_info("socket").dup()  # outlives httpcore's, which it closes
            if self._cut:
                self.cut()

    def cut(self) -> None:
        """End the call from any thread: Ollama ends a generation when its client disconnects."""
        self._cut = True
        if self._own is not None:
            self.early = self.early or self._clock.monotonic() - self._opened < TAKEN_UP_SECONDS
            with suppress(OSError):
                self._own.shutdown(socket.SHUT_RDWR)

    def leave(self) -> socket.socket | None:
        """Our side is closed; what is returned shows when Ollama closes its own."""
        self.cut()
        return self._own


class Dropped:
    """Requests that Ollama was told to drop. Go's HTTP server closes a connection when its handler returns and not
    before: one that stays half closed is still worked on, for nobody.
    """

    def __init__(self, clock: Clock) -> None:
        """None at first."""
        self._clock = clock
        self._lock = threading.Lock()
        self._since: dict[socket.socket, float] = {}
        weakref.finalize(self, _close, self._since)

    def end(self, connection: Connection, *, whole: bool) -> None:
        """A call is over; `whole` where the answer was read to its end, so that nothing is left to do."""
        own = connection.leave()
        if own is None:
            return
        with self._lock:
            if whole or connection.early or len(self._since) >= MOST_WATCHED:
                own.close()
            else:
                self._since[own] = self._clock.monotonic()

    def seconds(self) -> float:
        """For how long the oldest of those still worked on has been for nobody; 0 where there is none."""
        with self._lock:
            for own in [each for each in self._since if not _half_closed(each)]:
                del self._since[own]
                own.close()
            return max((self._clock.monotonic() - since for since in self._since.values()), default=0.0)


def _close(sockets: Iterable[socket.socket]) -> None:
    for own in sockets:
        own.close()


def _half_closed(own: socket.socket) -> bool:
    if TCP_INFO is None:
        return False
    try:
        return own.getsockopt(socket.IPPROTO_TCP, TCP_INFO, 1)[0] in HALF_CLOSED
    except OSError:
        return False
