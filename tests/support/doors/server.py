"""A gateway of nothing but the translation: each request is translated, and answered by a result that is there."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from laneway.schema.shared.strict_json import read_strictly
from laneway.translate.ollama import answers as ollama
from laneway.translate.ollama import catalogue
from laneway.translate.ollama import errors as ollama_errors
from laneway.translate.ollama.requests import Load
from laneway.translate.ollama.stream import Lines
from laneway.translate.openai import answers as openai
from laneway.translate.openai import catalogue as models
from laneway.translate.openai import errors as openai_errors
from laneway.translate.openai.responses import answers as responses
from laneway.translate.openai.responses.stream import Events
from laneway.translate.openai.stream import CHAT_CHUNKS, COMPLETION_CHUNKS, Chunks
from laneway.translate.pieces import Head
from laneway.translate.refused import Refused
from laneway.translate.reply import Reply
from support.doors.translated import ENDPOINTS
from support.inputs.offers import AT, OFFERS, TEXT
from support.waiting import in_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from laneway.schema.job.result import Result
    from laneway.translate.reply import Stream
    from laneway.translate.translated import Translated, Wanted


@dataclass
class Door:
    """What is answered, whatever is asked."""

    url: str
    result: Result = TEXT
    records: list[dict[str, Any]] = field(default_factory=list)


UNARY: dict[str, Callable[[Result, Head, Wanted], dict[str, Any]]] = {
    "/v1/chat/completions": lambda result, head, _: openai.chat(result, head),
    "/v1/completions": lambda result, head, _: openai.completion(result, head),
    "/v1/embeddings": lambda result, head, wanted: openai.embeddings(result, head, as_base64=wanted.base64),
    "/v1/responses": lambda result, head, wanted: responses.response(result, head, wanted.echo),
    "/api/chat": lambda result, head, _: ollama.chat(result, head),
    "/api/generate": lambda result, head, _: ollama.generate(result, head),
    "/api/embed": lambda result, head, _: ollama.embed(result, head),
    "/api/embeddings": lambda result, _head, _wanted: ollama.embeddings(result),
}
STREAMS: dict[str, Callable[[Head, Wanted], Stream]] = {
    "/v1/chat/completions": lambda head, wanted: Chunks(CHAT_CHUNKS, head, include_usage=wanted.include_usage),
    "/v1/completions": lambda head, wanted: Chunks(COMPLETION_CHUNKS, head, include_usage=wanted.include_usage),
    "/v1/responses": lambda head, wanted: Events(head, wanted.echo),
    "/api/chat": lambda head, _: Lines(ollama.chat_of, head),
    "/api/generate": lambda head, _: Lines(ollama.generate_of, head),
}
LOADED: dict[str, Callable[[Load, Head], dict[str, Any]]] = {
    "/api/chat": ollama.loaded_chat,
    "/api/generate": ollama.loaded,
    "/api/embed": lambda _, head: ollama.loaded_embed(head),
    "/api/embeddings": lambda _load, _head: ollama.loaded_embeddings(),
}
CATALOGUE: dict[str, Callable[[], Any]] = {
    "/v1/models": lambda: models.models(OFFERS),
    "/api/tags": lambda: catalogue.tags(OFFERS),
    "/api/ps": lambda: catalogue.ps(OFFERS),
    "/api/version": lambda: catalogue.version(OFFERS),
}


class _Server(ThreadingHTTPServer):
    door: Door


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        errors = openai_errors if self.path.startswith("/v1/") else ollama_errors
        try:
            made = CATALOGUE[self.path]() if self.path in CATALOGUE else models.model(self._name(), OFFERS)
            self._reply(Reply(200, made))
        except Refused as refused:
            self._reply(errors.refusal(refused))

    def do_POST(self) -> None:
        errors = openai_errors if self.path.startswith("/v1/") else ollama_errors
        body = read_strictly(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        if self.path not in ENDPOINTS:
            self._reply(ollama_errors.forbidden(self.path.rpartition("/")[2]))
            return
        try:
            self._answer(ENDPOINTS[self.path](body, OFFERS))
        except Refused as refused:
            self._reply(errors.refusal(refused))

    def do_DELETE(self) -> None:
        self.do_POST()

    def log_message(self, *_: Any) -> None:
        pass

    def _name(self) -> str:
        return unquote(self.path.removeprefix("/v1/models/"))

    def _answer(self, made: Translated | Load | dict[str, Any]) -> None:
        if isinstance(made, dict):
            self._reply(Reply(200, made))
            return
        door = self.server.door
        head = Head(door.result.id, made.model, AT)
        if isinstance(made, Load):
            self._reply(Reply(200, LOADED[self.path](made, head)))
        elif made.wanted.stream:
            self._stream(STREAMS[self.path](head, made.wanted), door)
        elif door.result.status != "succeeded" and self.path != "/v1/responses":
            errors = openai_errors if self.path.startswith("/v1/") else ollama_errors
            self._reply(errors.failure(door.result))
        else:
            self._reply(Reply(200, UNARY[self.path](door.result, head, made.wanted)))

    def _stream(self, stream: Stream, door: Door) -> None:
        """With a pause after each record, and all of the result where no record is scripted."""
        self._head(Reply(200, {}), "text/event-stream" if self.path.startswith("/v1/") else "application/x-ndjson")
        pieces = [stream.begin(), stream.keep_alive()]
        for record in door.records:
            pieces += [stream.add(record), stream.keep_alive()]
        if not door.records:
            pieces.append(stream.replay(door.result))
        for piece in (*pieces, stream.end(door.result)):
            if piece:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def _reply(self, reply: Reply) -> None:
        body = json.dumps(reply.body).encode()
        self._head(reply, "application/json", len(body))
        self.wfile.write(body)

    def _head(self, reply: Reply, kind: str, length: int | None = None) -> None:
        self.send_response(reply.status)
        framing = {"Transfer-Encoding": "chunked"} if length is None else {"Content-Length": str(length)}
        for name, value in {"Content-Type": kind, **framing, **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()


@contextmanager
def door() -> Iterator[Door]:
    """Both doors on loopback, until the end."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.door = Door(f"http://127.0.0.1:{server.server_port}")
        serving = in_thread(lambda: server.serve_forever(poll_interval=0.02))
        try:
            yield server.door
        finally:
            server.shutdown()
            serving.result(timeout=10)
