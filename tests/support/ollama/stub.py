"""An HTTP server that plays a script: what Ollama does when things go wrong."""

from __future__ import annotations

import json
import threading
from collections import defaultdict, deque
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from support.waiting import in_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


class Ending(Enum):
    """What happens after the last piece."""

    CLEAN = "the body ends as HTTP wants"
    CUT = "the connection is closed in the middle of a chunk"
    SHORT = "the connection is closed before the length that was announced"
    HANG = "nothing more comes, and the connection stays"


@dataclass(frozen=True)
class Reply:
    """One answer, sent in pieces."""

    pieces: tuple[bytes, ...] = ()
    status: int = 200
    ending: Ending = Ending.CLEAN
    silent: bool = False
    """Hang before the headers."""
    headers: Mapping[str, str] = field(default_factory=dict)


def records(*values: Any, status: int = 200, ending: Ending = Ending.CLEAN) -> Reply:
    """JSON lines, each in a piece of its own."""
    return Reply(tuple(json.dumps(value).encode() + b"\n" for value in values), status, ending)


def error(status: int, message: str) -> Reply:
    """An error in Ollama's form."""
    return records({"error": message}, status=status)


SILENCE = Reply(silent=True)


@dataclass(frozen=True)
class Asked:
    """One request."""

    path: str
    body: Any


class StubOllama:
    """The server's script and what it was asked; the last reply of a path is repeated."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.asked: list[Asked] = []
        self.hanging = 0
        self.released = threading.Event()
        self._lock = threading.Lock()
        self._script: defaultdict[str, deque[Reply]] = defaultdict(deque)
        self._answers: dict[str, Callable[[Asked], Reply]] = {}

    def on(self, path: str, *replies: Reply) -> None:
        """What comes for a path; without a reply, 404."""
        self._script[path] = deque(replies)

    def answering(self, path: str, answer: Callable[[Asked], Reply]) -> None:
        """What comes for a path depends on what is asked."""
        self._answers[path] = answer

    def take(self, asked: Asked) -> Reply:
        with self._lock:
            self.asked.append(asked)
            if asked.path in self._answers:
                return self._answers[asked.path](asked)
            replies = self._script[asked.path]
            if len(replies) > 1:
                return replies.popleft()
            return replies[0] if replies else error(404, "not found")

    def release(self) -> None:
        """Let go of all that hang; what comes later hangs again."""
        released, self.released = self.released, threading.Event()
        released.set()

    def hang(self) -> None:
        with self._lock:
            self.hanging += 1
        self.released.wait()


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # closing waits for the handlers
    stub: StubOllama


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def log_message(self, *_: Any) -> None:
        pass

    def _answer(self) -> None:
        self.close_connection = True
        with suppress(ConnectionError):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self._play(self.server.stub.take(Asked(self.path, _read(body))))

    def _play(self, reply: Reply) -> None:
        if reply.silent:
            self.server.stub.hang()
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Connection", "close")  # as it is: a client must not ask again on it
        if reply.ending is Ending.SHORT:
            self._fall_short(b"".join(reply.pieces))
        else:
            self._in_chunks(reply)

    def _in_chunks(self, reply: Reply) -> None:
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if self.command == "HEAD":
            return
        for piece in reply.pieces:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        match reply.ending:
            case Ending.CLEAN:
                self.wfile.write(b"0\r\n\r\n")
            case Ending.CUT:
                self.wfile.write(b'ff\r\n{"response": "half')
            case Ending.HANG:
                self.server.stub.hang()
            case Ending.SHORT:
                pass  # it says its length, and comes in no chunks

    def _fall_short(self, body: bytes) -> None:
        self.send_header("Content-Length", str(len(body) + 1))
        self.end_headers()
        self.wfile.write(body)


def _read(body: bytes) -> Any:
    with suppress(ValueError):
        return json.loads(body)
    return body


@contextmanager
def stub_ollama() -> Iterator[StubOllama]:
    """Serve a script until the end."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.stub = StubOllama(server.server_port)
        serving = in_thread(lambda: server.serve_forever(poll_interval=0.02))
        try:
            yield server.stub
        finally:
            server.stub.released.set()
            server.shutdown()
            serving.result(timeout=10)
