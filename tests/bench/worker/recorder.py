"""A proxy before the emulator that writes down each call: `python -m bench.worker.recorder PORT UPSTREAM FILE`."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from support.processes import free_port, server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.worker.emulator import Emulator

TESTS = str(Path(__file__).parents[2])
MESSAGE_ID = re.compile(rb'"MessageId": ?"([^"]+)"')
EXPECT = re.compile(rb"(?i)\r\nexpect: ?100-continue")
CLOSE = re.compile(rb"(?i)\r\nconnection: ?close")
ACTION = re.compile(rb"(?:^|&)Action=(\w+)")
BODILESS = (204, 304)


@dataclass(frozen=True)
class Call:
    """One call; times are the system's, in seconds."""

    name: str
    path: str
    status: int
    asked: float
    """When the request was there."""
    answered: float
    """When the emulator's answer was there."""
    messages: tuple[str, ...]
    """Ids of the messages in the answer."""

    @property
    def seconds(self) -> float:
        """What the emulator took."""
        return self.answered - self.asked


@dataclass(frozen=True)
class Recorder:
    """A running recorder."""

    endpoint: str
    file: Path

    def calls(self) -> list[Call]:
        """Everything so far, in the order of the answers."""
        rows = (json.loads(line) for line in self.file.read_text().splitlines())
        return [Call(**{**row, "messages": tuple(row["messages"])}) for row in rows]


@contextmanager
def recording(emulator: Emulator, folder: Path) -> Iterator[Recorder]:
    """Record what goes to the recorder's endpoint."""
    port, upstream = free_port(), emulator.endpoint.rpartition(":")[2]
    file = folder / f"calls-{port}.jsonl"
    file.touch()
    command = [sys.executable, "-m", "bench.worker.recorder", str(port), upstream, str(file)]
    with server(command, {"PYTHONPATH": TESTS}, port, folder / f"recorder-{port}.log"):
        yield Recorder(f"http://127.0.0.1:{port}", file)


async def _read(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, answers_head: bool = False
) -> tuple[bytes, bytes]:
    """The head and the body of a request or an answer, both as they came."""
    head = await reader.readuntil(b"\r\n\r\n")
    fields = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:] if b":" in line)
    if b"expect" in fields:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        head = EXPECT.sub(b"", head)
    if answers_head or (head.startswith(b"HTTP/") and int(head.split()[1]) in BODILESS):
        return head, b""
    if b"chunked" in fields.get(b"transfer-encoding", b""):
        return head, await _chunks(reader)
    if b"content-length" in fields:
        return head, await reader.readexactly(int(fields[b"content-length"]))
    return head, await reader.read() if head.startswith(b"HTTP/") else b""


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while True:
        size = await reader.readuntil(b"\r\n")
        body += size + await reader.readexactly(int(size, 16) + 2)
        if int(size, 16) == 0:
            return body


class Proxy:
    """Hands calls on, a connection to the emulator for each."""

    def __init__(self, upstream: int, file: TextIO) -> None:
        self._upstream = upstream
        self._file = file

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of a client."""
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head, body = await _read(reader, writer)
                asked = time.time()
                answer = await self._ask(head, body)
                self._note(head, body, answer, asked)
                writer.write(b"".join(answer))
                await writer.drain()
        writer.close()

    async def _ask(self, head: bytes, body: bytes) -> tuple[bytes, bytes]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._upstream)
        try:
            writer.write(head + body)
            answered, content = await _read(reader, writer, answers_head=head.startswith(b"HEAD "))
        finally:
            writer.close()
        return CLOSE.sub(b"", answered), content

    def _note(self, head: bytes, body: bytes, answer: tuple[bytes, bytes], asked: float) -> None:
        call: dict[str, Any] = {
            "name": _name(head, body),
            "path": head.split(b" ", 2)[1].decode(),
            "status": int(answer[0].split()[1]),
            "asked": asked,
            "answered": time.time(),
            "messages": [each.decode() for each in MESSAGE_ID.findall(answer[1])],
        }
        self._file.write(json.dumps(call) + "\n")


def _name(head: bytes, body: bytes) -> str:
    target = re.search(rb"(?i)\r\nx-amz-target: ?\w+\.(\w+)", head)
    action = target or ACTION.search(body)
    return action[1].decode() if action else f"{head.split(b' ', 1)[0].decode().capitalize()}Object"


async def serve(port: int, upstream: int, file: TextIO) -> None:
    """Serve until the process is ended."""
    proxy = Proxy(upstream, file)
    running = await asyncio.start_server(proxy.serve, "127.0.0.1", port)
    await running.serve_forever()


if __name__ == "__main__":
    with Path(sys.argv[3]).open("a", buffering=1) as written:
        asyncio.run(serve(int(sys.argv[1]), int(sys.argv[2]), written))
