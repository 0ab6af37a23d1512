"""Ollama's whole answers, of results that succeeded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from laneway.translate.pieces import answer_of, counters_of

if TYPE_CHECKING:
    from laneway.schema.job.result import Result
    from laneway.translate.ollama.requests import Load
    from laneway.translate.pieces import Head, Piece


def chat(result: Result, head: Head) -> dict[str, Any]:
    """The answer of `POST /api/chat`."""
    return record(head) | chat_of(answer_of(result)) | ending(result)


def generate(result: Result, head: Head) -> dict[str, Any]:
    """The answer of `POST /api/generate`; without `context`, which Ollama has deprecated."""
    return record(head) | generate_of(answer_of(result)) | ending(result)


def embed(result: Result, head: Head) -> dict[str, Any]:
    """The answer of `POST /api/embed`."""
    counters = counters_of(result)
    told = ("total_duration", "load_duration", "prompt_eval_count")
    found = {name: counters[name] for name in told if name in counters}
    return {"model": head.model, "embeddings": result.embeddings or [], **found}


def embeddings(result: Result) -> dict[str, Any]:
    """The answer of `POST /api/embeddings`."""
    return {"embedding": (result.embeddings or [[]])[0]}


def record(head: Head) -> dict[str, Any]:
    """What every record begins with."""
    return {"model": head.model, "created_at": head.created_at}


def chat_of(piece: Piece) -> dict[str, Any]:
    """What a record of a chat says."""
    message: dict[str, Any] = {"role": "assistant", "content": piece.text}
    if piece.thinking:
        message["thinking"] = piece.thinking
    if piece.calls:
        calls = [
            ({"id": each.id} if each.id else {}) | {"function": {"name": each.name, "arguments": each.arguments}}
            for each in piece.calls
        ]
        message["tool_calls"] = calls
    return {"message": message}


def generate_of(piece: Piece) -> dict[str, Any]:
    """What a record of a completion says."""
    return {"response": piece.text} | ({"thinking": piece.thinking} if piece.thinking else {})


def ending(result: Result) -> dict[str, Any]:
    """How the last record ends."""
    return {"done": True, "done_reason": result.finish_reason or "stop", **counters_of(result)}


def loaded_chat(load: Load, head: Head) -> dict[str, Any]:
    """The answer of a chat without messages."""
    said = {"message": {"role": "assistant", "content": ""}}
    return record(head) | said | {"done": True, "done_reason": load.reason}


def loaded(load: Load, head: Head) -> dict[str, Any]:
    """The answer of a completion without a prompt."""
    return record(head) | {"response": "", "done": True, "done_reason": load.reason}


def loaded_embed(head: Head) -> dict[str, Any]:
    """The answer of embed without a text."""
    return {"model": head.model, "embeddings": []}


def loaded_embeddings() -> dict[str, Any]:
    """The answer of embeddings without a text."""
    return {"embedding": []}
