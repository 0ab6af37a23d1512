"""`/healthz`, `/readyz` and `/metrics` over HTTP, from a thread that no busy event loop holds up."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Page = tuple[HTTPStatus, bytes]
READ_SECONDS = 5.0  # without a byte from whoever asks
MOST_CONNECTIONS = 32  # one a probe and one a scrape are usual


class Health:
    """What the pages say."""

    def __init__(
        self, stalled: Callable[[], Mapping[str, float]], ready: Callable[[], bool], metrics: Callable[[], bytes]
    ) -> None:
        """`stalled` names what makes no progress, and for how many seconds."""
        self._stalled = stalled
        self._ready = ready
        self._metrics = metrics

    def page(self, path: str) -> Page:
        """The answer for a path."""
        match path:
            case "/healthz":
                return self._healthz()
            case "/readyz":
                return self._readyz()
            case "/metrics":
                return HTTPStatus.OK, self._metrics()
            case _:
                return HTTPStatus.NOT_FOUND, b"try /healthz, /readyz or /metrics\n"

    def _healthz(self) -> Page:
        """Alive as long as everything moves; never dead because AWS or the API server is."""
        stalled = ", ".join(f"{name} for {seconds:.0f} s" for name, seconds in self._stalled().items())
        if stalled:
            return HTTPStatus.SERVICE_UNAVAILABLE, f"no progress: {stalled}\n".encode()
        return HTTPStatus.OK, b"ok\n"

    def _readyz(self) -> Page:
        """A standby is ready as well."""
        if self._ready():
            return HTTPStatus.OK, b"ok\n"
        words = b"the pools were not listed yet: is the chart laneway-crds installed, and does the API server answer?\n"
        return HTTPStatus.SERVICE_UNAVAILABLE, words


class Server(ThreadingHTTPServer):
    """At most `MOST_CONNECTIONS` at once: the oldest gives way, so that whoever holds them all keeps no probe out."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        """Binds; raises OSError."""
        self._lock = threading.Lock()
        self._open: dict[int, socket.socket] = {}
        super().__init__(address, handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """In a thread of its own."""
        with self._lock:
            self._open[id(request)] = request
            oldest = next(iter(self._open.values())) if len(self._open) > MOST_CONNECTIONS else None
        if oldest is not None:
            self._cut(oldest)
        super().process_request(request, client_address)

    def _cut(self, connection: socket.socket) -> None:
        self._forget(connection)
        with suppress(OSError):  # it has ended meanwhile
            connection.shutdown(socket.SHUT_RDWR)

    def shutdown_request(self, request: Any) -> None:
        """The end of a connection."""
        self._forget(request)
        super().shutdown_request(request)

    def _forget(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.pop(id(connection), None)


def serve(health: Health, address: str) -> Server:
    """Serve `host:port` in a thread until it is shut down. Raises OSError where the port is in use."""

    class Handler(BaseHTTPRequestHandler):
        timeout = READ_SECONDS

        def do_GET(self) -> None:
            status, body = health.page(self.path)
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Probes come every few seconds; they are not worth a line each."""

    host, _, port = address.rpartition(":")
    server = Server((host, int(port)), Handler)
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server
