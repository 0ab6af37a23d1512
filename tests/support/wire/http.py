"""HTTP/1.1 messages off asyncio's streams: framing by length, by chunks or by the connection's end."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from http import HTTPStatus

LIMIT = 4 * 1024 * 1024  # bytes that a stream may buffer: a message of SQS and its framing
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
BODILESS = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)

Headers = dict[str, str]


class Gone(Exception):
    """The other side closed the connection."""


@dataclass(frozen=True)
class Request:
    """What a client sent."""

    method: str
    target: str
    headers: Headers
    wire: bytes
    """As it came, to be forwarded; without `Expect`, which has been answered."""
    body: bytes

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


@dataclass(frozen=True)
class Response:
    """What a server answered."""

    status: int
    headers: Headers
    wire: bytes
    body: bytes

    @property
    def closes(self) -> bool:
        """Whether nothing more comes on this connection."""
        framed = self.headers.keys() & {"content-length", "transfer-encoding"}
        return self.headers.get("connection", "").lower() == "close" or not framed


async def read_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request:
    """The next request of a connection; who waits with its body is told to go on. Raises `Gone`."""
    start, headers, lines = await _head(reader)
    method, target, _ = start.split(" ", 2)
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(CONTINUE)
        lines = [line for line in lines if not line.lower().startswith(b"expect:")]
    raw, body = await _body(reader, headers, until_end=False)
    return Request(method, target, headers, b"\r\n".join(lines) + b"\r\n\r\n" + raw, body)


async def read_response(reader: asyncio.StreamReader, method: str) -> Response:
    """The response to a request of this method; passes over interim ones. Raises `Gone`."""
    status = int(HTTPStatus.CONTINUE)
    while status < HTTPStatus.OK:
        start, headers, lines = await _head(reader)
        status = int(start.split(" ")[1])
    empty = method == "HEAD" or status in BODILESS
    raw, body = (b"", b"") if empty else await _body(reader, headers, until_end=True)
    return Response(status, headers, b"\r\n".join(lines) + b"\r\n\r\n" + raw, body)


async def _head(reader: asyncio.StreamReader) -> tuple[str, Headers, list[bytes]]:
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError) as error:
        raise Gone from error
    start, *lines = raw[:-4].split(b"\r\n")
    pairs = (line.decode("latin-1").partition(":") for line in lines)
    return start.decode("latin-1"), {name.lower(): value.strip() for name, _, value in pairs}, [start, *lines]


async def _body(reader: asyncio.StreamReader, headers: Headers, *, until_end: bool) -> tuple[bytes, bytes]:
    """The body as it came, and without its framing."""
    try:
        if "chunked" in headers.get("transfer-encoding", "").lower():
            return await _chunks(reader)
        if "content-length" in headers or not until_end:
            raw = await reader.readexactly(int(headers.get("content-length", "0")))
        else:
            raw = await reader.read()
    except (asyncio.IncompleteReadError, ConnectionError) as error:
        raise Gone from error
    return raw, raw


async def _chunks(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    raw, body = b"", b""
    while True:
        line = await reader.readuntil(b"\r\n")
        size = int(line.partition(b";")[0], 16)
        chunk = await reader.readexactly(size + 2)
        raw += line + chunk
        body += chunk[:-2]
        if size == 0:
            return raw, body
