"""The events of a response while it is made. Each is numbered, named, and has data."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from laneway.translate.openai.responses.answers import (
    called,
    message,
    message_part,
    response,
    thought,
    thought_part,
    unfinished,
)
from laneway.translate.pieces import answer_of, piece_of
from laneway.translate.statuses import of_job

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway.schema.job.result import Result
    from laneway.translate.pieces import Call, Head, Piece


@dataclass(frozen=True)
class Kind:
    """An item that grows by pieces of text."""

    events: str
    """How the names of its own events begin."""
    item: Callable[[str, Head, int, str], dict[str, Any]]
    part: Callable[[str], dict[str, Any]]


THOUGHT = Kind("response.reasoning_text", thought, thought_part)
MESSAGE = Kind("response.output_text", message, message_part)


class Events:
    """The stream of one response (`laneway.translate.reply.Stream`): what is thought, said and called, an item each."""

    def __init__(self, head: Head, echo: dict[str, Any]) -> None:
        """`echo` is `Wanted.echo` of the request."""
        self._head = head
        self._echo = echo
        self._number = 0
        self._items: list[dict[str, Any]] = []
        self._kind: Kind | None = None
        self._text: list[str] = []

    def begin(self) -> bytes:
        """That there is a response, and that it is under way."""
        return self._state("created", self._under_way()) + self.keep_alive()

    def add(self, record: dict[str, Any]) -> bytes:
        """The events of a record; none of one that says nothing."""
        return self._add(piece_of(record))

    def replay(self, result: Result) -> bytes:
        """All of a result at once."""
        return self._add(answer_of(result))

    def keep_alive(self) -> bytes:
        """Once more that it is under way."""
        return self._state("in_progress", self._under_way())

    def end(self, result: Result) -> bytes:
        """The whole response, as it was streamed."""
        whole = response(result, self._head, self._echo)
        if whole["status"] not in ("completed", "incomplete"):
            return self._state("failed", whole | {"status": "failed"})
        last = (b"" if self._items or self._kind else self._open(MESSAGE)) + self._close()
        return last + self._state(whole["status"], whole | {"output": self._items})

    def fail(self, message: str) -> bytes:
        """An error that is ours."""
        error = {"code": "server_error", "message": of_job(message, self._head.job_id)}
        return self._state("failed", unfinished("failed", self._head, self._echo) | {"error": error})

    def _add(self, piece: Piece) -> bytes:
        made = self._grow(THOUGHT, piece.thinking) + self._grow(MESSAGE, piece.text)
        return made + b"".join(self._call(each) for each in piece.calls)

    def _grow(self, kind: Kind, text: str) -> bytes:
        if not text:
            return b""
        opened = b"" if self._kind is kind else self._close() + self._open(kind)
        self._text.append(text)
        return opened + self._of_part(f"{kind.events}.delta", {"delta": text, "logprobs": []})

    def _open(self, kind: Kind) -> bytes:
        self._kind, self._text = kind, []
        item = kind.item("", self._head, len(self._items), "in_progress") | {"content": []}
        added = self._of_item("response.output_item.added", {"item": item})
        return added + self._of_part("response.content_part.added", {"part": kind.part("")})

    def _close(self) -> bytes:
        if self._kind is None:
            return b""
        kind, text = self._kind, "".join(self._text)
        ended = self._of_part(f"{kind.events}.done", {"text": text, "logprobs": []})
        ended += self._of_part("response.content_part.done", {"part": kind.part(text)})
        self._kind = None
        return ended + self._done(kind.item(text, self._head, len(self._items), "completed"))

    def _call(self, call: Call) -> bytes:
        closed = self._close()
        item = called(call, self._head, len(self._items))
        begun = item | {"arguments": "", "status": "in_progress"}
        about = {"item_id": item["id"]}
        named = {"arguments": item["arguments"], "name": call.name}
        return (
            closed
            + self._of_item("response.output_item.added", {"item": begun})
            + self._of_item("response.function_call_arguments.delta", about | {"delta": item["arguments"]})
            + self._of_item("response.function_call_arguments.done", about | named)
            + self._done(item)
        )

    def _done(self, item: dict[str, Any]) -> bytes:
        told = self._of_item("response.output_item.done", {"item": item})
        self._items.append(item)
        return told

    def _under_way(self) -> dict[str, Any]:
        return unfinished("in_progress", self._head, self._echo)

    def _state(self, name: str, whole: dict[str, Any]) -> bytes:
        return self._event(f"response.{name}", {"response": whole})

    def _of_item(self, name: str, fields: dict[str, Any]) -> bytes:
        return self._event(name, {"output_index": len(self._items)} | fields)

    def _of_part(self, name: str, fields: dict[str, Any]) -> bytes:
        kind = self._kind or MESSAGE
        item = kind.item("", self._head, len(self._items), "")["id"]
        return self._of_item(name, {"item_id": item, "content_index": 0} | fields)

    def _event(self, name: str, fields: dict[str, Any]) -> bytes:
        value = {"type": name, "sequence_number": self._number} | fields
        self._number += 1
        return f"event: {name}\ndata: {json.dumps(value, ensure_ascii=False, separators=(',', ':'))}\n\n".encode()
