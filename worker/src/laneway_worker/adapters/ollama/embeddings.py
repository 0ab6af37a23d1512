"""How large the answer to an embedding request may become: texts times the model's dimensions. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.job import MAX_EMBEDDING_NUMBERS
from laneway_worker.errors import JobError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from laneway_worker.ports.runtime import Answer
    from laneway_worker.request.request import Request


def dimensions(shown: Mapping[str, Any]) -> int | None:
    """Of a vector of the model, by Ollama's `/api/show`: `<architecture>.embedding_length`."""
    found = [value for name, value in _facts(shown).items() if name.endswith(".embedding_length")]
    return found[0] if len(found) == 1 and isinstance(found[0], int) else None


def _facts(shown: Mapping[str, Any]) -> dict[str, Any]:
    facts = shown.get("model_info")
    return facts if isinstance(facts, dict) else {}


def answered(answer: Answer) -> int | None:
    """Of the vectors that have come: a model may make others than it tells."""
    return len(answer.embeddings[0]) if answer.embeddings else None


def refuse_unshortened(request: Request, answer: Answer) -> None:
    """An Ollama that is too old passes over `dimensions`, silently; raises `JobError`."""
    asked, made = request.body.get("dimensions"), answered(answer)
    if asked is not None and made is not None and made > asked:
        words = f"this Ollama can't shorten vectors, which have {made:,} numbers, to {asked:,}"
        raise JobError(ErrorCode.UNSUPPORTED, f"{words}: leave dimensions out, a newer Ollama can")


def refuse_too_many(request: Request, dims: int | None) -> None:
    """Before the engine is asked. A model for chats embeds, too, and is bound alike; raises `JobError`."""
    texts = request.body.get("input")
    if not isinstance(texts, list) or dims is None or len(texts) * dims <= MAX_EMBEDDING_NUMBERS:
        return
    most = max(1, MAX_EMBEDDING_NUMBERS // dims)
    raise JobError(
        ErrorCode.INVALID_JOB,
        f"input has {len(texts):,} texts, which at {dims:,} dimensions make {len(texts) * dims:,} numbers; at most "
        f"{MAX_EMBEDDING_NUMBERS:,} go into one job: send at most {most:,} texts in each",
    )
