"""A job's messages of a chat's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from laneway.translate.openai.fields import Message, ToolCall

ROLES = {"developer": "system"}
"""OpenAI's role → Ollama's, where they differ."""


def messages_of(messages: Iterable[Message]) -> list[dict[str, Any]]:
    """One message for each; a tool's is given the name of what it answers, which OpenAI leaves to be looked up."""
    tools: dict[str | None, str] = {}
    found = []
    for each in messages:
        tools |= {call.id: call.function.name for call in each.tool_calls if call.id}
        found.append(_message(each, tools.get(each.tool_call_id)))
    return found


def _message(message: Message, tool: str | None) -> dict[str, Any]:
    told = {
        "thinking": message.reasoning or message.reasoning_content,
        "images": [part.image_url.url for part in message.content if part.image_url],
        "tool_calls": [_call(each) for each in message.tool_calls],
        "tool_call_id": message.tool_call_id,
        "tool_name": tool,
    }
    texts = [each for part in message.content if (each := part.text or part.refusal)] or [message.refusal]
    role = ROLES.get(message.role, message.role)
    return {"role": role, "content": "\n".join(texts), **{name: each for name, each in told.items() if each}}


def _call(call: ToolCall) -> dict[str, Any]:
    return {"id": call.id, "function": {"name": call.function.name, "arguments": call.function.arguments}}
