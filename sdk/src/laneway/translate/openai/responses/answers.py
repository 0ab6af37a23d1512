"""The response object: before, while and after there is an answer."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from laneway.translate.openai.answers import arguments, call_id
from laneway.translate.pieces import answer_of
from laneway.translate.statuses import STATUSES, words_of_failure

if TYPE_CHECKING:
    from laneway.schema.job.result import Result, Usage
    from laneway.translate.pieces import Call, Head, Piece

PREFIX = "resp_"
"""How a response's id begins; the job's follows."""
ECHOED: dict[str, Any] = {
    "background": False,
    "instructions": None,
    "max_output_tokens": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "reasoning": {"effort": None, "summary": None},
    "store": True,
    "temperature": 1.0,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_p": 1.0,
}
"""What an answer repeats of the request → what is meant where that leaves it out."""


def response(result: Result, head: Head, echo: dict[str, Any]) -> dict[str, Any]:
    """The object of a job that has ended, however it did; one that failed is no HTTP error here."""
    if result.status != "succeeded":
        return unfinished("cancelled" if result.status == "cancelled" else "failed", head, echo) | _error(result)
    cut = {"reason": "max_output_tokens"} if result.finish_reason == "length" else None
    status = "incomplete" if cut else "completed"
    said = {"output": output(answer_of(result), head, status), "usage": usage(result.usage)}
    return unfinished(status, head, echo) | {"incomplete_details": cut} | said


def unfinished(status: str, head: Head, echo: dict[str, Any]) -> dict[str, Any]:
    """The object of a job that is `queued` or `in_progress`: without output."""
    return {
        "id": f"{PREFIX}{head.job_id}",
        "object": "response",
        "created_at": int(head.created.timestamp()),
        "status": status,
        "model": head.model,
        "output": [],
        "error": None,
        "incomplete_details": None,
        "previous_response_id": None,
        "truncation": "disabled",
        "usage": None,
        **ECHOED,
        **echo,
    }


def output(said: Piece, head: Head, status: str) -> list[dict[str, Any]]:
    """What was thought, said and called, an item each; an answer that says nothing is an empty message."""
    items: list[dict[str, Any]] = []
    if said.thinking:
        items.append(thought(said.thinking, head, 0))
    if said.text or not said.calls:
        items.append(message(said.text, head, len(items), status))
    for call in said.calls:
        items.append(called(call, head, len(items)))
    return items


def thought(text: str, head: Head, index: int, _status: str = "") -> dict[str, Any]:
    """An item of reasoning."""
    return {"type": "reasoning", "id": f"rs_{head.job_id}_{index}", "summary": [], "content": [thought_part(text)]}


def thought_part(text: str) -> dict[str, Any]:
    """The part of an item of reasoning."""
    return {"type": "reasoning_text", "text": text}


def message(text: str, head: Head, index: int, status: str = "completed") -> dict[str, Any]:
    """An item of text."""
    name = f"msg_{head.job_id}_{index}"
    return {"type": "message", "id": name, "status": status, "role": "assistant", "content": [message_part(text)]}


def message_part(text: str) -> dict[str, Any]:
    """The part of a message."""
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def called(call: Call, head: Head, index: int) -> dict[str, Any]:
    """An item of a function's call."""
    return {
        "type": "function_call",
        "id": f"fc_{head.job_id}_{index}",
        "call_id": call_id(call, head, index),
        "name": call.name,
        "arguments": arguments(call),
        "status": "completed",
    }


def usage(used: Usage | None) -> dict[str, Any]:
    """Tokens, by the names of this endpoint."""
    read, written = (used.prompt_tokens, used.completion_tokens) if used else (0, 0)
    return {
        "input_tokens": read,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": read + written,
    }


def _error(result: Result) -> dict[str, Any]:
    """OpenAI's list of codes is closed, so that ours are told in the words."""
    code, message = words_of_failure(result)
    ours = STATUSES[code] >= HTTPStatus.INTERNAL_SERVER_ERROR
    error = {"code": "server_error" if ours else "invalid_prompt", "message": f"{code.value}: {message}"}
    return {"error": None if result.status == "cancelled" else error}
