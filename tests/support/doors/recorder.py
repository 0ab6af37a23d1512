"""A server on loopback that takes down what clients ask, and refuses everything."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

BOTH_DOORS = json.dumps({"error": {"message": "taken down", "type": "api_error", "param": None, "code": None}}).encode()


class _Server(ThreadingHTTPServer):
    asked: list[dict[str, Any]]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append({"path": self.path, "body": json.loads(body)})
        self.send_response(400)
        self.send_header("Content-Length", str(len(BOTH_DOORS)))
        self.end_headers()
        self.wfile.write(BOTH_DOORS)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def recorder() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Its URL, and what it was asked: path and body of each request."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.asked = []
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", server.asked
        finally:
            server.shutdown()
            serving.join()
