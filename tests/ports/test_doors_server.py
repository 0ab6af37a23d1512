"""The doors' server under people who open connections and say nothing, or never come to an end."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from laneway.listening import listening
from laneway_gateway.app.server import DoorsServer
from laneway_gateway.replies.uvicorns import MOST_HEAD_BYTES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.types import ASGIApp, Receive, Scope, Send

HERE = "127.0.0.1"
SILENT_SECONDS = 2.0
STUCK_SECONDS = 3.0
EDGE_SECONDS = 1
LARGE = 32 * 1024 * 1024  # more than the kernel holds for a client
PATIENCE_SECONDS = 60
ASKED = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers `/` when it has the body, and `/slow` when nobody expects it any more."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    if scope["path"] == "/slow":
        await asyncio.sleep(3 * SILENT_SECONDS)
    await send({"type": "http.response.body", "body": b"ok"})


async def large(_scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with much."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % LARGE)]})
    await send({"type": "http.response.body", "body": bytes(LARGE)})


@asynccontextmanager
async def serving(host: str = HERE, answers: ASGIApp = app) -> AsyncIterator[int]:
    server = DoorsServer(answers, listening(host, 0), 10, EDGE_SECONDS, SILENT_SECONDS, STUCK_SECONDS)
    running = asyncio.ensure_future(server.run())
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            yield server.port
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def rest_of(reader: asyncio.StreamReader) -> bytes:
    """Until the connection ends."""
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""


@pytest.mark.parametrize("said", [b"", ASKED[:20]])
async def test_who_says_nothing_is_cut_off(said: bytes) -> None:
    async with serving() as port:
        reader, writer = await asyncio.open_connection(HERE, port)
        writer.write(said)
        assert await rest_of(reader) == b""
        writer.close()


async def test_who_had_an_answer_and_says_half_of_another_request_is_cut_off() -> None:
    async with serving() as port:
        reader, writer = await asyncio.open_connection(HERE, port)
        writer.write(ASKED + ASKED[:20])
        assert (await rest_of(reader)).endswith(b"ok")
        writer.close()


async def test_an_answer_that_takes_longer_is_not_cut() -> None:
    async with serving() as port:
        reader, writer = await asyncio.open_connection(HERE, port)
        writer.write(b"GET /slow HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
        assert (await rest_of(reader)).endswith(b"ok")
        writer.close()


async def test_headers_have_an_end() -> None:
    async with serving() as port:
        reader, writer = await asyncio.open_connection(HERE, port)
        began = time.monotonic()
        writer.write(b"GET / HTTP/1.1\r\nHost: here\r\nX-Long: " + b"a" * (4 * MOST_HEAD_BYTES))
        assert await rest_of(reader) == b""
        assert time.monotonic() - began < SILENT_SECONDS
        writer.close()


async def test_a_body_that_is_longer_than_headers_may_be_is_none_of_them() -> None:
    async with serving() as port:
        reader, writer = await asyncio.open_connection(HERE, port)
        long = b"a" * (4 * MOST_HEAD_BYTES)
        head = b"POST / HTTP/1.1\r\nHost: here\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(long)
        writer.write(head + long)
        assert (await rest_of(reader)).endswith(b"ok")
        writer.close()


async def test_trailers_are_passed_over() -> None:
    """They have no end that a server could know."""
    seen: list[int] = []

    async def counting(scope: Scope, receive: Receive, send: Send) -> None:
        await app(scope, receive, send)
        seen.append(len(scope["headers"]))

    async with serving(answers=counting) as port:
        reader, writer = await asyncio.open_connection(HERE, port)
        head = b"POST / HTTP/1.1\r\nHost: here\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        writer.write(head + b"0\r\n" + b"X-Trailer: a\r\n" * 5000 + b"\r\n")
        assert (await rest_of(reader)).endswith(b"ok")
        writer.close()
    assert seen == [3]


async def test_who_reads_nothing_of_an_answer_is_cut_off() -> None:
    async with serving(answers=large) as port:
        reader, writer = await asyncio.open_connection(HERE, port, limit=1024)
        writer.write(ASKED)
        began = time.monotonic()
        reader._transport.pause_reading()  # type: ignore[attr-defined] # asyncio has no other way to read nothing
        while not writer.transport.is_closing():
            writer.write(b"\r\n")  # what a server passes over; the kernel tells of the reset
            await asyncio.sleep(0.1)
        assert time.monotonic() - began > STUCK_SECONDS


async def test_it_listens_on_ipv6() -> None:
    try:
        async with serving("::1") as port:
            reader, writer = await asyncio.open_connection("::1", port)
            writer.write(ASKED[:-2] + b"Connection: close\r\n\r\n")
            assert (await rest_of(reader)).endswith(b"ok")
            writer.close()
    except OSError:
        pytest.skip("this machine has no IPv6")
