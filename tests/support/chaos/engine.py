"""An Ollama that plays the script: one a worker, on a port of its own that refuses connections while it is down."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from support.chaos.plan import REPEATS, SLOW_SECONDS, Play, answer, vector
from support.wire.http import LIMIT, Gone, read_request

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from support.chaos.plan import Script
    from support.wire.http import Request
    from support.wire.loop import Loop

LOOPBACK = "127.0.0.1"
MODEL = "stub:latest"
DIGEST = "5" * 64
PAGES: dict[str, Any] = {
    "/api/version": {"version": "0.30.0"},
    "/api/tags": {"models": [{"name": MODEL, "digest": DIGEST}]},
    "/api/show": {"capabilities": ["completion", "embedding"]},
}
STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
PLAIN_ERRORS = {Play.ERROR: (500, "something went wrong"), Play.BUSY: (503, "server busy")}
PIECES = 5  # in which a slow answer comes


class Begun(NamedTuple):
    """A call that the script plays."""

    job: str
    at: float
    """Monotonic."""


class Engine:
    """One server."""

    def __init__(self, script: Script, slow_seconds: tuple[float, float] = SLOW_SECONDS) -> None:
        self.killers = 0
        """Calls of deadly jobs so far."""
        self.tokens = 0
        """Tokens sent."""
        self.begun: list[Begun] = []
        """By time."""
        self.crashes = 0
        self.broken = False
        """While True it has its model loaded and answers whatever it is asked with 500."""
        self.swallowed = 0
        """Calls that it answered so."""
        self.outage: asyncio.Task[None] | None = None
        """The newest crash; held, since a loop forgets tasks that nobody holds."""
        self._script = script
        self._slow_seconds = slow_seconds
        self._connections: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._holder = _bound(0)  # bound and never listening: nobody else takes the port while the engine is down
        self.port: int = self._holder.getsockname()[1]

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, sock=_bound(self.port), limit=LIMIT)

    async def crash(self, seconds: float) -> None:
        """Cut every connection, and refuse new ones for a while."""
        await self.stop()
        self.crashes += 1
        await asyncio.sleep(seconds)
        await self.start()

    async def stop(self) -> None:
        """Cut every connection, and refuse new ones."""
        if self._server is not None:
            self._server.close()
        for writer in list(self._connections):
            writer.transport.abort()

    def close(self) -> None:
        """Give the port back."""
        self._holder.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        try:
            with suppress(Gone, ConnectionError, asyncio.CancelledError):  # cancelled: at the end of the loop
                await self._reply(await read_request(reader, writer), reader, writer)
                await writer.drain()
        finally:
            self._connections.discard(writer)
            writer.close()

    async def _reply(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = json.loads(request.body) if request.body else {}
        prompt = asked.get("prompt") or _text(asked.get("input")) or (asked.get("messages") or [{}])[-1].get("content")
        if request.path in PAGES:
            writer.write(_page(200, PAGES[request.path]))
        elif not prompt:
            writer.write(_page(200, {"done": True, "done_reason": "load"}))
        elif self.broken:
            self.swallowed += 1
            writer.write(_page(500, {"error": "an error was encountered while running the model"}))
        elif asked.get("raw"):  # the worker's own question
            writer.write(STREAM + _Stream("good question 1", chat=False).end)
        elif request.path == "/api/embed":
            await self._embed(prompt, writer)
        else:
            await self._play(_Stream(prompt, chat=request.path == "/api/chat"), reader, writer)

    async def _embed(self, prompt: str, writer: asyncio.StreamWriter) -> None:
        play, rng = self._next(prompt)
        if play is Play.SLOW:
            await asyncio.sleep(rng.uniform(*self._slow_seconds))
        writer.write(_page(200, {"embeddings": [vector(prompt)], "prompt_eval_count": len(prompt.split())}))

    def _next(self, prompt: str) -> tuple[Play, random.Random]:
        self.begun.append(Begun(prompt.split(" ")[1], time.monotonic()))
        return self._script.next(prompt)

    async def _play(self, stream: _Stream, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        play, rng = self._next(stream.prompt)
        match play:
            case Play.ERROR | Play.BUSY:
                status, words = PLAIN_ERRORS[play]
                writer.write(_page(status, {"error": words}))
            case Play.FINE:
                self._write(writer, STREAM, stream.tokens, stream.end)
            case Play.SLOW:
                await self._play_slowly(stream, rng, writer)
            case Play.REPEAT:
                self._write(writer, STREAM, [stream.token("the ")] * REPEATS, b"0\r\n\r\n")
            case Play.CUT:
                self._write(writer, STREAM, stream.tokens[:1], b'ff\r\n{"response": "half')
            case Play.HANG | Play.DEADLY:
                self.killers += play is Play.DEADLY
                self._write(writer, STREAM, stream.tokens[:1], b"")
                await reader.read()  # until the worker gives up

    async def _play_slowly(self, stream: _Stream, rng: random.Random, writer: asyncio.StreamWriter) -> None:
        pause = rng.uniform(*self._slow_seconds) / PIECES
        step = -(-len(stream.tokens) // PIECES)
        self._write(writer, STREAM, [], b"")
        for start in range(0, PIECES * step, step):
            await asyncio.sleep(pause)
            self._write(writer, b"", stream.tokens[start : start + step], b"")
            await writer.drain()
        writer.write(stream.end)

    def _write(self, writer: asyncio.StreamWriter, before: bytes, tokens: list[bytes], after: bytes) -> None:
        self.tokens += len(tokens)
        writer.write(before + b"".join(tokens) + after)


def _text(given: str | list[str] | None) -> str | None:
    """The first one."""
    return given[0] if isinstance(given, list) else given


class _Stream:
    """The chunks of one right answer."""

    def __init__(self, prompt: str, *, chat: bool) -> None:
        self.prompt = prompt
        self._chat = chat
        self.tokens = [self.token(text) for text in answer(prompt)]

    def token(self, text: str) -> bytes:
        return _chunk({"message": {"role": "assistant", "content": text}} if self._chat else {"response": text})

    @property
    def end(self) -> bytes:
        counts = {"prompt_eval_count": len(self.prompt.split()), "eval_count": len(self.tokens)}
        return _chunk({"done": True, "done_reason": "stop", **counts}) + b"0\r\n\r\n"


def _chunk(record: dict[str, Any]) -> bytes:
    line = json.dumps(record).encode() + b"\n"
    return b"%x\r\n%b\r\n" % (len(line), line)


def _page(status: int, value: Any) -> bytes:
    body = json.dumps(value).encode()
    return b"HTTP/1.1 %d -\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (status, len(body), body)


def _bound(port: int) -> socket.socket:
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((LOOPBACK, port))
    return made


def crash(loop: Loop, engine: Engine, seconds: float) -> None:
    """Kill it; it comes back after so many seconds. Nothing where it is down already."""

    async def begin() -> None:
        if engine.outage is None or engine.outage.done():
            engine.outage = asyncio.create_task(engine.crash(seconds))

    loop.call(begin())


@contextmanager
def engines(
    loop: Loop, count: int, script: Script, slow_seconds: tuple[float, float] = SLOW_SECONDS
) -> Iterator[list[Engine]]:
    """So many engines, listening."""
    made = [Engine(script, slow_seconds) for _ in range(count)]
    try:
        for each in made:
            loop.call(each.start())
        yield made
    finally:
        for each in made:
            loop.call(each.stop())
            each.close()
