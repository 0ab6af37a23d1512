"""OpenAI's whole answers, of results that succeeded."""

from __future__ import annotations

import base64
import json
import struct
from typing import TYPE_CHECKING, Any

from laneway.translate.pieces import answer_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from laneway.schema.job.result import Result
    from laneway.translate.pieces import Call, Head

CHAT, COMPLETION = "chatcmpl-", "cmpl-"
"""How the ids of the two begin; the job's follows."""


def chat(result: Result, head: Head) -> dict[str, Any]:
    """The answer of `POST /v1/chat/completions`."""
    said = answer_of(result)
    message: dict[str, Any] = {"role": "assistant", "content": said.text, "refusal": None}
    if said.thinking:
        message["reasoning"] = said.thinking
    if said.calls:
        message["tool_calls"] = tool_calls(said.calls, head)
        message["content"] = said.text or None
    reason = finish_reason(result, called=bool(said.calls))
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reason}
    return _whole(f"{CHAT}{head.job_id}", "chat.completion", choice, result, head)


def completion(result: Result, head: Head) -> dict[str, Any]:
    """The answer of `POST /v1/completions`."""
    reason = finish_reason(result, called=False)
    choice = {"index": 0, "text": answer_of(result).text, "logprobs": None, "finish_reason": reason}
    return _whole(f"{COMPLETION}{head.job_id}", "text_completion", choice, result, head)


def embeddings(result: Result, head: Head, *, as_base64: bool) -> dict[str, Any]:
    """The answer of `POST /v1/embeddings`."""
    vectors = result.embeddings or []
    made = [_base64(each) for each in vectors] if as_base64 else vectors
    data = [{"object": "embedding", "index": index, "embedding": each} for index, each in enumerate(made)]
    found = usage(result)
    del found["completion_tokens"]
    return {"object": "list", "data": data, "model": head.model, "usage": found}


def usage(result: Result) -> dict[str, int]:
    """Tokens; where they are not known none, as clients can't do without."""
    read, written = (result.usage.prompt_tokens, result.usage.completion_tokens) if result.usage else (0, 0)
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def finish_reason(result: Result, *, called: bool) -> str:
    """Why the answer ends, in OpenAI's words."""
    if result.finish_reason == "length":
        return "length"
    return "tool_calls" if called else "stop"


def tool_calls(calls: Iterable[Call], head: Head, first: int = 0) -> list[dict[str, Any]]:
    """Calls as OpenAI has them: arguments as text, and an id each, made where an old engine gives none."""
    return [
        {
            "id": call_id(each, head, index),
            "type": "function",
            "function": {"name": each.name, "arguments": arguments(each)},
        }
        for index, each in enumerate(calls, first)
    ]


def call_id(call: Call, head: Head, index: int) -> str:
    """The engine's, or one of the job's."""
    return call.id or f"call_{head.job_id}_{index}"


def arguments(call: Call) -> str:
    """Their text."""
    return json.dumps(call.arguments, ensure_ascii=False)


def _whole(name: str, kind: str, choice: dict[str, Any], result: Result, head: Head) -> dict[str, Any]:
    return {
        "id": name,
        "object": kind,
        "created": int(head.created.timestamp()),
        "model": head.model,
        "choices": [choice],
        "usage": usage(result),
    }


def _base64(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
