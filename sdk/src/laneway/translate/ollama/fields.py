"""What of Ollama's requests a job has a place for: its own fields, which are named as Ollama names them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from laneway.schema.job.fields.chat import Message, Tool, ToolCall, ToolCallFunction, ToolFunction
from laneway.schema.job.fields.options import Options
from laneway.schema.job.job import Job

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel

_ASKED = frozenset({"think", "format", "options"})
_NOT_A_JOBS = frozenset({"logprobs", "top_logprobs", "_debug_render_only"})
"""Refused by the job, in its own words; so are the three of generate's."""
CHAT = _ASKED | _NOT_A_JOBS | {"messages", "tools"}
GENERATE = _ASKED | _NOT_A_JOBS | {"prompt", "system", "raw", "images", "suffix", "template", "context"}
EMBED = frozenset({"input", "dimensions", "options"})
"""Fields of each request that make the job."""
ABOUT = frozenset({"model", "name", "stream"})
"""Fields that are about the request."""

GONE = frozenset({"mirostat", "mirostat_eta", "mirostat_tau"})
"""Options that a job has and today's Ollama passes over."""
OPTIONS = frozenset(Options.model_fields) - GONE

_INSIDE: dict[type[BaseModel], dict[str, type[BaseModel]]] = {
    Job: {"messages": Message, "tools": Tool},
    Message: {"tool_calls": ToolCall},
    ToolCall: {"function": ToolCallFunction},
    Tool: {"function": ToolFunction},
}
"""An object's fields that hold objects, or lists of them, in which strangers are passed over."""


def known(value: Any, kind: type[BaseModel], place: str, ignored: list[str]) -> Any:
    """The objects in a field, without what a job has no place for: it is added to `ignored`. Whatever is none stays as
    it is, for the job to refuse.
    """
    if isinstance(value, list):
        return [known(each, kind, place, ignored) for each in value]
    if not isinstance(value, dict):
        return value
    ignored += [f"{place}.{name}" for name in _strangers(value, kind)]
    return dict(_kept(value, kind, place, ignored))


def _strangers(value: dict[str, Any], kind: type[BaseModel]) -> list[str]:
    return [name for name, each in value.items() if each is not None and name not in kind.model_fields]


def _kept(value: dict[str, Any], kind: type[BaseModel], place: str, ignored: list[str]) -> Iterator[tuple[str, Any]]:
    for name, each in value.items():
        if name in kind.model_fields:
            inside = _INSIDE.get(kind, {}).get(name)
            yield name, known(each, inside, f"{place}.{name}", ignored) if inside else each


def inside(name: str) -> type[BaseModel] | None:
    """The objects that a field of a request holds, where it holds some."""
    return _INSIDE[Job].get(name)
