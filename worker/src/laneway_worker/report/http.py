"""`/livez`, `/livez/engine`, `/readyz` and `/metrics` over HTTP."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway_worker.report.metrics import Families

Page = tuple[HTTPStatus, bytes]
READ_SECONDS = 5.0  # without a byte from whoever asks
MOST_CONNECTIONS = 32  # one a probe and one a scrape are usual


class Readiness(Protocol):
    """Whether jobs can be served."""

    @property
    def ready_enough(self) -> bool:
        """As the kubelet should see it."""

    @property
    def trouble(self) -> str:
        """Why not."""

    @property
    def sick(self) -> str:
        """Why the engine should be started anew; empty where it should not."""


class Health:
    """What the pages say."""

    def __init__(self, stalled: Callable[[], list[str]], readiness: Readiness, families: Families) -> None:
        """`stalled` names the loops that make no progress."""
        self._stalled = stalled
        self._readiness = readiness
        self._families = families

    def page(self, path: str) -> Page:
        """The answer for a path."""
        match path:
            case "/livez":
                return self._livez()
            case "/livez/engine":
                return self._engine_livez()
            case "/readyz":
                return self._readyz()
            case "/metrics":
                return HTTPStatus.OK, self._families.text()
            case _:
                return HTTPStatus.NOT_FOUND, b"try /livez, /livez/engine, /readyz or /metrics\n"

    def _livez(self) -> Page:
        """Alive as long as the loops make progress; never dead because AWS or Ollama is."""
        stalled = self._stalled()
        if stalled:
            return HTTPStatus.SERVICE_UNAVAILABLE, f"no progress: {', '.join(stalled)}\n".encode()
        return HTTPStatus.OK, b"ok\n"

    def _engine_livez(self) -> Page:
        """Asked by whoever can start the engine anew: it is not asked itself, since it may answer and yet be unwell."""
        sick = self._readiness.sick
        return (HTTPStatus.SERVICE_UNAVAILABLE, f"{sick}\n".encode()) if sick else (HTTPStatus.OK, b"ok\n")

    def _readyz(self) -> Page:
        """Ready when the model is loaded."""
        if self._readiness.ready_enough:
            return HTTPStatus.OK, b"ok\n"
        return HTTPStatus.SERVICE_UNAVAILABLE, f"{self._readiness.trouble}\n".encode()


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
    """Bind `host:port`; the caller runs `serve_forever`. Raises OSError where the port is in use."""

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
    return Server((host, int(port)), Handler)
