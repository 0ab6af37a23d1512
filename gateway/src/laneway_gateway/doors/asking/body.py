"""The body of a request: bounded in bytes and in seconds, and read as strict JSON."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from laneway.schema.job.codes import ErrorCode
from laneway.schema.shared.strict_json import NotStrictJSON, read_strictly
from laneway.translate.refused import Refused
from laneway_gateway.doors.door import NO_RETRY, Denied, HungUp
from laneway_gateway.doors.race import until

if TYPE_CHECKING:
    from starlette.types import Receive

    from laneway_gateway.doors.exchange import Exchange
    from laneway_gateway.rooms import Share

MOST_BYTES = 4 * 1024 * 1024  # a job of 1 MiB, each of whose characters is written as \uXXXX, and spaces
MEMORY_A_BYTE = 5  # of a body, until its job is sent: a text has up to four bytes a character, and is written anew
MOST_SECONDS = 60.0  # for all of it: 4 MiB by 0.6 Mbit/s
MOST_MARKS = 50_000  # texts, commas and brackets: 1,024 messages with 128 tools have half of it; each is looked at
_MARKS = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[{,]', re.DOTALL)


@dataclass(frozen=True)
class Body:
    """What a request's body says."""

    value: Any
    hash: str
    """SHA-256 in hex of its bytes."""


async def body_of(exchange: Exchange, memory: Share) -> Body:
    """Read a body of JSON; raises what `bytes_of` raises, and `Refused`."""
    data = await bytes_of(exchange, memory)
    try:
        return Body(read_strictly(data), hashlib.sha256(data).hexdigest())
    except NotStrictJSON as error:
        raise Refused(ErrorCode.INVALID_JOB, f"the body is not usable: {error}") from None


async def bytes_of(exchange: Exchange, memory: Share) -> bytes:
    """Read a body that can be read as JSON within a moment, as all others wait for it. What it says that it has is
    taken of the memory before, and else as it comes. Raises `Denied`, `TooMuchHeld` and `HungUp`.
    """
    memory.reach(MEMORY_A_BYTE * _declared(exchange.headers.get("content-length", "")))
    found = await until(_read(exchange.receive, memory), exchange.inside.clock.sleep(MOST_SECONDS))
    if found is None:
        words = f"the body did not come within {MOST_SECONDS:.0f} seconds: send less at once, or by a faster line"
        raise Denied(HTTPStatus.REQUEST_TIMEOUT, words, headers=NO_RETRY)
    _check_marks(found)
    exchange.asked = exchange.inside.clock.monotonic()
    return found


def _declared(length: str) -> int:
    """Python takes more than ASCII's digits for digits, and not as many as there may be for a number."""
    if not (length.isascii() and length.isdigit()):
        return 0
    if len(length) > len(str(MOST_BYTES)) or int(length) > MOST_BYTES:
        raise _too_large()
    return int(length)


async def _read(receive: Receive, memory: Share) -> bytes:
    found = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise HungUp
        found += message.get("body", b"")
        if len(found) > MOST_BYTES:
            raise _too_large()
        memory.reach(MEMORY_A_BYTE * len(found))
        if not message.get("more_body", False):
            return bytes(found)


def _check_marks(data: bytes) -> None:
    for number, _ in enumerate(_MARKS.finditer(data), 1):
        if number > MOST_MARKS:
            raise _too_large(f"{MOST_MARKS:,} names, values and brackets: send fewer messages, tools or texts")


def _too_large(than: str = f"{MOST_BYTES:,} bytes: send less text or smaller images") -> Denied:
    words = f"the body has more than {than}"
    return Denied(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, words, code=ErrorCode.BODY_TOO_LARGE.value, headers=NO_RETRY)
