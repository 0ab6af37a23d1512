"""What a model said, piece by piece: from Ollama's own stream records, or from a result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from laneway.schema.job.result import Result

NANOSECONDS = 1_000_000_000


@dataclass(frozen=True)
class Head:
    """What every piece of an answer says of it."""

    job_id: str
    model: str
    """As the request named it."""
    created: datetime
    """When the request came."""

    @property
    def created_at(self) -> str:
        """As Ollama writes times."""
        return written(self.created)


@dataclass(frozen=True)
class Call:
    """A call of a tool."""

    name: str
    arguments: dict[str, Any]
    id: str | None = None


@dataclass(frozen=True)
class Piece:
    """Part of an answer, or all of it."""

    text: str = ""
    thinking: str = ""
    calls: tuple[Call, ...] = ()

    def __bool__(self) -> bool:
        """Whether it says anything."""
        return bool(self.text or self.thinking or self.calls)


def written(moment: datetime) -> str:
    """A time as Ollama writes it."""
    return moment.isoformat().replace("+00:00", "Z")


def piece_of(record: dict[str, Any]) -> Piece:
    """What one record of a chat or of a completion says; whatever else is in it stays behind."""
    part = record.get("message") or record
    if not isinstance(part, dict):
        return Piece()
    text = part.get("content") if part is not record else part.get("response")
    return Piece(_text(text), _text(part.get("thinking")), tuple(_calls(part.get("tool_calls"))))


def answer_of(result: Result) -> Piece:
    """All that a result says."""
    if result.message is not None:
        return piece_of({"message": dict(result.message)})
    return Piece(result.text or "", result.thinking or "")


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _calls(value: object) -> Iterator[Call]:
    for each in value if isinstance(value, list) else ():
        function = each.get("function") if isinstance(each, dict) else None
        if isinstance(function, dict) and isinstance(function.get("name"), str):
            arguments = function.get("arguments")
            read = arguments if isinstance(arguments, dict) else {}
            yield Call(function["name"], read, _text(each.get("id")) or None)


def counters_of(result: Result) -> dict[str, int]:
    """Ollama's counters by its names, durations in nanoseconds: the engine's own, and where it tells none, what the
    worker's clock and the tokens say. What is not known is left out, as Ollama leaves out what is nothing.
    """
    told = result.engine.model_dump(exclude={"done_reason"}, exclude_none=True) if result.engine else {}
    return {name: each for name, each in (_reckoned(result) | told).items() if each}


def _reckoned(result: Result) -> dict[str, int]:
    timing = result.timing
    found = {"total_duration": int(timing.run_seconds * NANOSECONDS)}
    if timing.started_at and timing.first_token_at:
        found["prompt_eval_duration"] = _between(timing.started_at, timing.first_token_at)
        found["eval_duration"] = _between(timing.first_token_at, timing.finished_at)
    if result.usage:
        found |= {"prompt_eval_count": result.usage.prompt_tokens, "eval_count": result.usage.completion_tokens}
    return found


def _between(start: datetime, end: datetime) -> int:
    """Clocks may be set back."""
    return max(0, int((end - start).total_seconds() * NANOSECONDS))
