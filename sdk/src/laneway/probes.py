"""A server of pages for the kubelet and Prometheus that nobody can fill up: worker, operator and gateway use it."""

from __future__ import annotations

import socket
import sys
import threading
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from laneway.listening import listening

if TYPE_CHECKING:
    from collections.abc import Callable

Page = tuple[HTTPStatus, bytes]
READ_SECONDS = 5.0  # without a byte from whoever asks
MOST_CONNECTIONS = 32  # one a probe and one a scrape are usual


class Server(ThreadingHTTPServer):
    """At most `MOST_CONNECTIONS` at once: the oldest gives way, so that whoever holds them all keeps no probe out."""

    daemon_threads = True
    request_queue_size = 1024  # with the standard library's five a probe that comes sixth waits a second, or many

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler]) -> None:
        """Binds; raises OSError."""
        self._lock = threading.Lock()
        self._open: dict[int, socket.socket] = {}
        super().__init__(address, handler)

    def server_bind(self) -> None:
        """For both families where it is `::`. The standard library's would ask DNS for this machine's name as well."""
        self.socket.close()
        host, port = self.server_address[:2]
        self.socket = listening(str(host), int(port))
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(host), int(self.socket.getsockname()[1])

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

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Who was cut off, or went, is no news: a page of the log for each would fill it."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def _forget(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.pop(id(connection), None)


def server_of(page: Callable[[str], Page], address: str) -> Server:
    """Bind `host:port`, with brackets around an IPv6 address, for the pages by their paths; the caller runs
    `serve_forever`. Raises OSError where the port is in use.
    """

    class Handler(BaseHTTPRequestHandler):
        timeout = READ_SECONDS

        def do_GET(self) -> None:
            status, body = page(self.path)
            self.send_response(status)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Probes come every few seconds; they are not worth a line each."""

    host, _, port = address.rpartition(":")
    return Server((host.strip("[]"), int(port)), Handler)
