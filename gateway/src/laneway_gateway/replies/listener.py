"""Takes workers' streams: `POST /streams/JOB_ID`, one for each job and attempt."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Route

from laneway_gateway.ports.streams import OlderWriter, Order, UnknownStream
from laneway_gateway.replies.lines import Lines, NoLine, TooMuch

if TYPE_CHECKING:
    from starlette.requests import Request

    from laneway_gateway.ports.streams import Streams, Writer

MOST_SECONDS = 12 * 3600.0  # no attempt lasts longer: SQS ends a message's lease then
MOST_NUMBER = 1000  # attempts, and receives; beyond it they are nobody's
SCHEME = "Stream "

OK, BAD, UNKNOWN, OLDER, GONE, TOO_MUCH = 200, 400, 404, 409, 410, 413


def listener(streams: Streams, most_seconds: float = MOST_SECONDS) -> Starlette:
    """The application. Before a stream is known nothing of its body is read; whoever is refused is cut off."""

    async def take(request: Request) -> Response:
        order = _order(request)
        if order is None:
            return _end(BAD)
        token = request.headers.get("authorization", "").removeprefix(SCHEME)
        try:
            writer = streams.open(request.path_params["job_id"], token, order)
        except UnknownStream:
            return _end(UNKNOWN)
        except OlderWriter:
            return _end(OLDER)
        try:
            return _end(await _followed(request, writer, most_seconds))
        finally:
            writer.close()

    return Starlette(routes=[Route("/streams/{job_id}", take, methods=["POST"])])


def _order(request: Request) -> Order | None:
    texts = [request.headers.get(f"laneway-{name}", "") for name in ("attempt", "receives")]
    if not all(each.isascii() and each.isdigit() and len(each) <= len(str(MOST_NUMBER)) for each in texts):
        return None
    attempt, receives = map(int, texts)
    return Order(min(attempt, MOST_NUMBER), min(receives, MOST_NUMBER))


async def _followed(request: Request, writer: Writer, most_seconds: float) -> int:
    """The status at the end of a stream, or when nobody listens any more, or after too long."""
    reading = asyncio.ensure_future(_read(request, writer))
    unwanted = asyncio.ensure_future(writer.unwanted.wait())
    try:
        await asyncio.wait({reading, unwanted}, timeout=most_seconds, return_when=asyncio.FIRST_COMPLETED)
        return reading.result() if reading.done() else GONE
    finally:
        for each in (reading, unwanted):
            each.cancel()
            with suppress(asyncio.CancelledError):
                await each


async def _read(request: Request, writer: Writer) -> int:
    lines = Lines()
    try:
        async for chunk in request.stream():
            if found := lines.feed(chunk):
                writer.add(found)
    except ClientDisconnect:
        return GONE
    except NoLine:
        return BAD
    except TooMuch:
        return TOO_MUCH
    return OK


def _end(status: int) -> Response:
    """A connection is for one stream."""
    return Response(status_code=status, headers={"connection": "close"})
