"""Jobs that Ollama would answer wrongly without a word. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway.schema.job.codes import ErrorCode
from laneway_worker.adapters.ollama.stream import MOST_LINE_BYTES
from laneway_worker.errors import JobError

if TYPE_CHECKING:
    from collections.abc import Collection

    from laneway_worker.ports.runtime import Answer
    from laneway_worker.request.request import Request


def refuse_to_write(request: Request, model: str) -> None:
    """Of a model that only embeds. Ollama's own words do not tell what to send: its older request for embeddings had a
    `prompt`.
    """
    if request.path != "/api/embed":
        words = f"{model} only makes embeddings: send input instead of prompt or messages"
        raise JobError(ErrorCode.UNSUPPORTED, words)


def refuse_unseen_images(request: Request, model: str, capabilities: Collection[str]) -> None:
    """Ollama passes over images that a model can't see, silently."""
    seen = not capabilities or "vision" in capabilities
    if request.has_images and not seen:
        raise JobError(ErrorCode.UNSUPPORTED, f"{model} does not support images")


def refuse_chat_that_may_be_cut(request: Request, context: int) -> None:
    """Older versions drop the first messages of a chat that does not fit, and no figure tells."""
    if request.path == "/api/chat" and request.most_tokens > context:
        words = f"the chat may have {request.most_tokens:,} tokens, the context holds {context:,}; this Ollama"
        raise JobError(ErrorCode.PROMPT_TOO_LONG, f"{words} would cut it silently, version 0.24 and later would not")


def refuse_cut_prompt(request: Request, answer: Answer, context: int) -> None:
    """Older versions cut a prompt that does not fit, silently: then they count as many tokens as the context has, or
    fewer than the prompt has words.
    """
    cut = answer.prompt_tokens < request.fewest_tokens or answer.prompt_tokens >= context
    if cut and request.path != "/api/embed":
        raise JobError(ErrorCode.PROMPT_TOO_LONG, f"the prompt does not fit into {context:,} tokens")


def refuse_unheard_tools(request: Request, answer: Answer, model: str) -> None:
    """A template that knows no tools may leave out what they answered, silently. The chat was not cut: then fewer
    tokens than words say so.
    """
    if request.tool_words and 0 < answer.prompt_tokens < request.fewest_tokens + request.tool_words:
        words = f"{model} does not support tools: its template leaves out what a tool answered"
        raise JobError(ErrorCode.UNSUPPORTED, words)


def too_long(request: Request) -> JobError:
    """A line of an answer that would fill our memory."""
    words = f"Ollama's answer has a line of more than {MOST_LINE_BYTES:,} bytes"
    if request.path == "/api/embed":
        return JobError(ErrorCode.INVALID_JOB, f"{words}; send fewer texts in one job")
    return JobError(ErrorCode.ENGINE_ERROR, words)
