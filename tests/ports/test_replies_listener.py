"""The listener, as workers find it: TLS with one certificate, chunked bodies, connections that are cut."""

from __future__ import annotations

import asyncio
import json
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from laneway_gateway.ports.streams import Order
from laneway_gateway.replies.identity import make_identity
from laneway_gateway.replies.lines import MOST_LINE
from laneway_gateway.replies.listener import MOST_NUMBER, listener
from laneway_gateway.replies.server import RepliesServer
from support.gateway.streams import TOKEN, Heard, Streams

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


HERE = "127.0.0.1"
SECONDS = 10


class Worker:
    """One connection, by hand: what is sent, and when, is the test's."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def begin(self, path: str = "/streams/a", method: str = "POST", **headers: str) -> None:
        told = {
            "host": HERE,
            "authorization": f"Stream {TOKEN}",
            "laneway-attempt": "1",
            "laneway-receives": "2",
            "transfer-encoding": "chunked",
        } | {name.replace("_", "-"): each for name, each in headers.items()}
        head = "".join(f"{name}: {each}\r\n" for name, each in told.items() if each)
        self.writer.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode())
        await self.writer.drain()

    async def tell(self, *lines: object) -> None:
        await self.say(b"".join(json.dumps(each).encode() + b"\n" for each in lines))

    async def say(self, chunk: bytes) -> None:
        self.writer.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
        await self.writer.drain()

    async def end(self) -> None:
        self.writer.write(b"0\r\n\r\n")
        await self.writer.drain()

    async def status(self) -> int:
        """Of the answer, after which the connection is cut."""
        async with asyncio.timeout(SECONDS):
            answer = await self.reader.read()
        return int(answer.split()[1])


class Listening:
    def __init__(self, streams: Streams, port: int, certificate: str) -> None:
        self.streams, self.port, self.certificate = streams, port, certificate
        self._workers: list[Worker] = []

    def trusting(self, certificate: str) -> ssl.SSLContext:
        """As a worker does: this certificate and no other, whatever its name, by OpenSSL's strict checks."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
        context.load_verify_locations(cadata=certificate)
        return context

    async def worker(self, certificate: str | None = None) -> Worker:
        context = self.trusting(certificate or self.certificate)
        worker = Worker(*await asyncio.open_connection(HERE, self.port, ssl=context))
        self._workers.append(worker)
        return worker

    def close(self) -> None:
        for each in self._workers:
            each.writer.transport.abort()


@pytest.fixture
async def listening() -> AsyncIterator[Listening]:
    streams = Streams()
    identity = make_identity("abcdefgh01234567", HERE, datetime.now(UTC))
    server = RepliesServer(listener(streams), identity.context, HERE, 0, most=8)
    running = asyncio.ensure_future(server.run())
    made = Listening(streams, server.port, identity.certificate)
    yield made
    made.close()
    running.cancel()
    await asyncio.wait({running}, timeout=SECONDS)
    assert running.done()


async def until(heard: Heard, count: int) -> None:
    async with asyncio.timeout(SECONDS):
        while len(heard.lines) < count:
            await heard.arrived.wait()
            heard.arrived.clear()


async def opened(listening: Listening) -> Heard:
    async with asyncio.timeout(SECONDS):
        await listening.streams.came.wait()
    return listening.streams.heard[-1]


async def test_lines_arrive_as_they_are_told(listening: Listening) -> None:
    worker = await listening.worker()
    await worker.begin()
    heard = await opened(listening)
    assert heard.opened == ("a", "right", Order(1, 2))
    await worker.tell({"record": {"response": "Par"}})
    await until(heard, 1)
    await worker.tell({"record": {"response": "is"}}, {"again": {"reason": "failed"}})
    await worker.end()
    assert await worker.status() == 200
    assert len(heard.lines) == 3
    assert heard.closed.is_set()


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"authorization": "Stream wrong"}, 404),
        ({"authorization": ""}, 404),
        ({"laneway_receives": "0"}, 409),
        ({"laneway_attempt": "one"}, 400),
        ({"laneway_attempt": "-1"}, 400),
        ({"laneway_attempt": ""}, 400),
        ({"laneway_attempt": "9" * 5000}, 400),
        ({"laneway_attempt": "²"}, 400),
        ({"path": "/streams/a/b"}, 404),
        ({"path": "/"}, 404),
        ({"method": "GET"}, 405),
    ],
)
async def test_who_is_refused_is_so_before_a_byte_of_the_body(
    listening: Listening, headers: dict[str, str], status: int
) -> None:
    worker = await listening.worker()
    given = {name: each.encode().decode("latin-1") for name, each in headers.items()}
    await worker.begin(**given)
    assert await worker.status() == status
    assert listening.streams.heard == []


async def test_numbers_are_bounded(listening: Listening) -> None:
    worker = await listening.worker()
    await worker.begin(laneway_attempt="9999")
    assert (await opened(listening)).opened[2] == Order(MOST_NUMBER, 2)


async def test_a_stream_that_nobody_wants_any_more_is_cut_off(listening: Listening) -> None:
    worker = await listening.worker()
    await worker.begin()
    heard = await opened(listening)
    await worker.tell({"record": {"response": "Par"}})
    heard.unwanted.set()
    assert await worker.status() == 410
    assert heard.closed.is_set()


@pytest.mark.parametrize(("chunk", "status"), [(b"nonsense\n", 400), (b"x" * (MOST_LINE + 1), 413)])
async def test_what_is_no_stream_is_cut_off(listening: Listening, chunk: bytes, status: int) -> None:
    worker = await listening.worker()
    await worker.begin()
    heard = await opened(listening)
    await worker.say(chunk)
    assert await worker.status() == status
    assert (heard.lines, heard.closed.is_set()) == ([], True)


async def test_a_worker_that_is_gone_is_noticed(listening: Listening) -> None:
    worker = await listening.worker()
    await worker.begin()
    heard = await opened(listening)
    worker.writer.transport.abort()
    async with asyncio.timeout(SECONDS):
        await heard.closed.wait()


async def test_nobody_takes_another_certificate_for_this_one(listening: Listening) -> None:
    other = make_identity("abcdefgh01234567", HERE, datetime.now(UTC))
    with pytest.raises(ssl.SSLCertVerificationError):
        await listening.worker(other.certificate)


async def test_nothing_is_served_in_the_clear(listening: Listening) -> None:
    reader, writer = await asyncio.open_connection(HERE, listening.port)
    writer.write(b"POST /streams/a HTTP/1.1\r\nhost: a\r\nauthorization: Stream right\r\n\r\n")
    async with asyncio.timeout(SECONDS):
        assert b"HTTP" not in await reader.read()
    writer.transport.abort()
    assert listening.streams.heard == []


async def test_beyond_its_bound_a_listener_takes_no_more_streams(listening: Listening) -> None:
    for _ in range(7):
        await (await listening.worker()).begin()
    late = await listening.worker()
    await late.begin()
    assert await late.status() == 503


def test_a_key_is_left_in_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    make_identity("abcdefgh01234567", "::1", datetime.now(UTC))
    assert list(tmp_path.iterdir()) == []
    found = [each.resolve().name for each in Path("/proc/self/fd").iterdir() if each.exists()]
    assert not any("identity" in each for each in found)
