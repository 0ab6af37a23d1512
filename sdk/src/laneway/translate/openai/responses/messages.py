"""A job's messages of the items of a response's input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from laneway.translate.openai.messages import ROLES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from laneway.translate.openai.responses.fields import Item, Part


def messages_of(items: Iterable[Item], instructions: str | None) -> list[dict[str, Any]]:
    """Instructions first. What a model thought and called is one message with what it said."""
    found: list[dict[str, Any]] = [{"role": "system", "content": instructions}] if instructions else []
    tools: dict[str | None, str] = {}
    for item in items:
        match item.type:
            case "message":
                _say(found, item)
            case "reasoning":
                if thought := text_of(item.content or item.summary):
                    _own(found)["thinking"] = thought
            case "function_call":
                tools[item.call_id] = item.name
                call = {"id": item.call_id, "function": {"name": item.name, "arguments": item.arguments}}
                _own(found).setdefault("tool_calls", []).append(call)
            case "function_call_output":
                found.append(_answer(item, tools.get(item.call_id)))
    return found


def _say(found: list[dict[str, Any]], item: Item) -> None:
    said = {"role": ROLES.get(item.role, item.role), **_content(item.content)}
    if item.role == "assistant" and found and found[-1].keys() == {"role", "content", "thinking"}:
        found[-1]["content"] = said["content"]
    else:
        found.append(said)


def _own(found: list[dict[str, Any]]) -> dict[str, Any]:
    """The model's message that is not yet answered, or a new one."""
    if not found or found[-1]["role"] != "assistant":
        found.append({"role": "assistant", "content": ""})
    return found[-1]


def _answer(item: Item, tool: str | None) -> dict[str, Any]:
    return {"role": "tool", **_content(item.output), "tool_call_id": item.call_id, "tool_name": tool}


def _content(parts: Iterable[Part]) -> dict[str, Any]:
    images = [part.image_url for part in parts if part.image_url]
    return {"content": text_of(parts)} | ({"images": images} if images else {})


def text_of(parts: Iterable[Part]) -> str:
    """The text of all parts together."""
    return "\n".join(each for part in parts if (each := part.text or part.refusal))
