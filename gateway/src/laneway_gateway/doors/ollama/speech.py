"""How Ollama's endpoints speak."""

from __future__ import annotations

from typing import Any

from laneway.translate.ollama import answers, requests
from laneway.translate.ollama.errors import error_body, failure, refusal
from laneway.translate.ollama.stream import Lines
from laneway_gateway.doors.door import Door
from laneway_gateway.doors.holding.answering import Speech


def _error(_status: int, message: str, _code: str | None) -> dict[str, Any]:
    """Its clients read one text."""
    return dict(error_body(message))


OLLAMA = Door("ollama", "application/x-ndjson", _error, refusal, failure)

SPEECHES = {
    "/api/chat": Speech(
        requests.chat,
        lambda result, head, _: answers.chat(result, head),
        lambda head, _: Lines(answers.chat_of, head),
        answers.loaded_chat,
    ),
    "/api/generate": Speech(
        requests.generate,
        lambda result, head, _: answers.generate(result, head),
        lambda head, _: Lines(answers.generate_of, head),
        answers.loaded,
    ),
    "/api/embed": Speech(
        requests.embed,
        lambda result, head, _: answers.embed(result, head),
        loaded=lambda _, head: answers.loaded_embed(head),
    ),
    "/api/embeddings": Speech(
        requests.embeddings,
        lambda result, _head, _wanted: answers.embeddings(result),
        loaded=lambda _load, _head: answers.loaded_embeddings(),
    ),
}
"""Path → how a request there becomes a job, and its result an answer."""
