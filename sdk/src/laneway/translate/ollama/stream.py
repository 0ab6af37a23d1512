"""Ollama's streamed answers: one JSON object a line, without a blank line between."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from laneway.translate.ollama.answers import ending, record
from laneway.translate.ollama.errors import error_body
from laneway.translate.pieces import Piece, answer_of, piece_of
from laneway.translate.statuses import of_job, words_of_failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway.schema.job.result import Result
    from laneway.translate.pieces import Head

EMPTY = Piece()


def line(value: dict[str, Any]) -> bytes:
    """One object. ASCII: of what else JSON may hold, some readers take a part for a line's end."""
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


class Lines:
    """The stream of one answer (`laneway.translate.reply.Stream`)."""

    def __init__(self, say: Callable[[Piece], dict[str, Any]], head: Head) -> None:
        """`say` is `answers.chat_of` or `answers.generate_of`."""
        self._say = say
        self._head = head

    def begin(self) -> bytes:
        """An empty text, so that headers and a first line are there."""
        return self._line(EMPTY)

    def add(self, record: dict[str, Any]) -> bytes:
        """The line of a record; nothing of one that says nothing."""
        piece = piece_of(record)
        return self._line(piece) if piece else b""

    def replay(self, result: Result) -> bytes:
        """All of a result in one line."""
        piece = answer_of(result)
        return self._line(piece) if piece else b""

    def keep_alive(self) -> bytes:
        """An empty text: clients stumble over blank lines and over objects without one."""
        return self._line(EMPTY)

    def end(self, result: Result) -> bytes:
        """The last line, or the error."""
        if result.status != "succeeded":
            return line(error_body(words_of_failure(result)[1]))
        return line(record(self._head) | self._say(EMPTY) | ending(result))

    def fail(self, message: str) -> bytes:
        """An error that is ours."""
        return line(error_body(of_job(message, self._head.job_id)))

    def _line(self, piece: Piece) -> bytes:
        return line(record(self._head) | self._say(piece) | {"done": False})
