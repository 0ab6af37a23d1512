"""The lines of a stream, out of whatever pieces they come in. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from laneway.schema.job.reply import ReplyLine

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_LINE = 1024 * 1024  # bytes
MOST_BYTES = 64 * 1024 * 1024  # of a stream: of the longest answers 50 times as much


class TooMuch(Exception):
    """A line, or all of them, have more bytes than they may: 413."""


class NoLine(Exception):
    """What came is none of the lines that there are: 400."""


class Lines:
    """Reads one stream."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._rest = bytearray()
        self._bytes = 0

    def feed(self, chunk: bytes) -> list[ReplyLine]:
        """The lines that a chunk completes; raises `TooMuch` and `NoLine`."""
        self._bytes += len(chunk)
        if self._bytes > MOST_BYTES:
            raise TooMuch
        return [_read(each) for each in self._complete(chunk)]

    def _complete(self, chunk: bytes) -> Iterator[bytes]:
        first, *others = chunk.split(b"\n")
        self._rest += first
        for each in others:
            yield self._checked()
            self._rest = bytearray(each)
        self._checked()

    def _checked(self) -> bytes:
        if len(self._rest) > MOST_LINE:
            raise TooMuch
        return bytes(self._rest)


def _read(line: bytes) -> ReplyLine:
    try:
        return ReplyLine.model_validate_json(line)
    except ValidationError:
        raise NoLine from None  # its words may hold the answer's
