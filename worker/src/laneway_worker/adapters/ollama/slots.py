"""How many requests Ollama answers at once, which may be fewer than it was told to: an embedding model gets one slot,
as do some families, without a word (https://github.com/ollama/ollama/blob/v0.32.15/server/sched.go). Pure.

A request that waits for another's slot tells so: what neither loading nor work took of its time is waiting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WORK = ("prompt_eval_duration", "eval_duration")  # nanoseconds of a final record
MOST_OF_WORK = 0.5  # who waits for a slot waits for all of another's work, who has one waits for next to nothing


def at_once(records: Sequence[Mapping[str, Any]]) -> int | None:
    """How many of requests sent together waited for none of the others; None where their records do not tell."""
    works = [sum(_nanoseconds(each, name) for name in WORK) for each in records]
    if not works or min(works) <= 0:
        return None
    waits = [
        _nanoseconds(each, "total_duration") - _nanoseconds(each, "load_duration") - work
        for each, work in zip(records, works, strict=True)
    ]
    return max(1, sum(wait < MOST_OF_WORK * min(works) for wait in waits))


def _nanoseconds(record: Mapping[str, Any], name: str) -> int:
    value = record.get(name)
    return value if isinstance(value, int) else 0
