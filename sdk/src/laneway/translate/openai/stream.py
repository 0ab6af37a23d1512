"""OpenAI's streamed answers: chunks as server-sent events. Each is data and nothing else, as clients stumble over
comments, bare events and ids.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from laneway.translate.openai.answers import CHAT, COMPLETION, finish_reason, tool_calls, usage
from laneway.translate.openai.errors import code_of, error_body
from laneway.translate.pieces import Piece, answer_of, piece_of
from laneway.translate.statuses import STATUSES, of_job, words_of_failure

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway.schema.job.result import Result
    from laneway.translate.pieces import Head

DONE = b"data: [DONE]\n\n"
EMPTY = Piece()


@dataclass(frozen=True)
class Kind:
    """What chunks of one endpoint are like."""

    prefix: str
    name: str
    first: dict[str, Any]
    """What the first choice says."""
    say: Callable[[Piece, Head, int], dict[str, Any]]
    """What a choice says, of a piece, after so many calls."""
    last: dict[str, Any]
    """What the last choice says."""


def _delta(piece: Piece, head: Head, called: int) -> dict[str, Any]:
    delta: dict[str, Any] = {"content": piece.text} if piece.text or not piece else {}
    if piece.thinking:
        delta["reasoning"] = piece.thinking
    if piece.calls:
        made = tool_calls(piece.calls, head, called)
        delta["tool_calls"] = [{"index": index, **each} for index, each in enumerate(made, called)]
    return {"delta": delta}


def _text(piece: Piece, _head: Head, _called: int) -> dict[str, Any]:
    return {"text": piece.text}


CHAT_CHUNKS = Kind(
    CHAT, "chat.completion.chunk", {"delta": {"role": "assistant", "content": ""}}, _delta, {"delta": {}}
)
COMPLETION_CHUNKS = Kind(COMPLETION, "text_completion", {"text": ""}, _text, {"text": ""})


def event(value: dict[str, Any]) -> bytes:
    """One chunk."""
    return b"data: %b\n\n" % json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


class Chunks:
    """The stream of one answer (`laneway.translate.reply.Stream`)."""

    def __init__(self, kind: Kind, head: Head, *, include_usage: bool) -> None:
        """`include_usage`: whether one more chunk tells the tokens, and every other that it doesn't."""
        self._kind = kind
        self._head = head
        self._include_usage = include_usage
        self._called = 0

    def begin(self) -> bytes:
        """The first chunk, which says who speaks."""
        return self._chunk(self._kind.first)

    def add(self, record: dict[str, Any]) -> bytes:
        """The chunk of a record; nothing of one that says nothing."""
        return self._add(piece_of(record))

    def replay(self, result: Result) -> bytes:
        """All of a result in one chunk."""
        return self._add(answer_of(result))

    def keep_alive(self) -> bytes:
        """An empty text, which is progress for every client."""
        return self._chunk(self._kind.say(EMPTY, self._head, self._called))

    def end(self, result: Result) -> bytes:
        """The reason, the usage where it was asked for, and the end; or the error, and nothing after it."""
        if result.status != "succeeded":
            code, message = words_of_failure(result)
            return event(error_body(STATUSES[code], message, code_of(code)))
        reason = finish_reason(result, called=bool(self._called))
        used = event(self._about() | {"choices": [], "usage": usage(result)}) if self._include_usage else b""
        return self._chunk(self._kind.last | {"finish_reason": reason}) + used + DONE

    def fail(self, message: str) -> bytes:
        """An error that is ours."""
        return event(error_body(HTTPStatus.INTERNAL_SERVER_ERROR, of_job(message, self._head.job_id)))

    def _add(self, piece: Piece) -> bytes:
        if not piece:
            return b""
        chunk = self._chunk(self._kind.say(piece, self._head, self._called))
        self._called += len(piece.calls)
        return chunk

    def _chunk(self, said: dict[str, Any]) -> bytes:
        choice = {"index": 0, "logprobs": None, "finish_reason": None} | said
        unused = {"usage": None} if self._include_usage else {}
        return event(self._about() | {"choices": [choice]} | unused)

    def _about(self) -> dict[str, Any]:
        return {
            "id": f"{self._kind.prefix}{self._head.job_id}",
            "object": self._kind.name,
            "created": int(self._head.created.timestamp()),
            "model": self._head.model,
        }
