"""A job's options, format and tools of what OpenAI's requests ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from laneway.schema.job.codes import ErrorCode
from laneway.translate.openai.parts import Limited
from laneway.translate.refused import Refused
from laneway.translate.translated import most_tokens, seed_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from laneway.translate.offers import Offer
    from laneway.translate.openai.parts import Function, Sampled, ToolChoice

UNLIMITED = -1
"""What some clients send for no bound of their own."""
UNHELD = ("tool_choice",)
DEFAULTS = {"temperature": 1.0, "top_p": 1.0}
"""OpenAI's; a job without them would get the model's own, as Ollama's own /v1 knows."""


def options_of(asked: Sampled, most: int | None, offer: Offer) -> dict[str, Any]:
    """A job's options; `most` is how many tokens are wanted, under whichever name."""
    given: dict[str, Any] = {"temperature": asked.temperature, "top_p": asked.top_p}
    if isinstance(asked, Limited):
        given |= {name: getattr(asked, name) for name in ("frequency_penalty", "presence_penalty")}
        given["seed"] = seed_of(asked.seed)
        given["stop"] = [each for each in asked.stop or () if each] or None
    given["num_predict"] = None if most == UNLIMITED else most_tokens(most, offer)
    return DEFAULTS | {name: each for name, each in given.items() if each is not None}


def tools_of(functions: Sequence[Function], choice: ToolChoice | None) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """The tools that the model is told of, and what of the choice it can't be held to: Ollama knows no `tool_choice`.
    Raises `Refused`.
    """
    tools = [each.to_tool() for each in functions]
    if choice is None or choice.type == "auto":
        return tools, ()
    if choice.type == "none":
        return [], ()
    if choice.type == "required":
        return tools, UNHELD
    chosen = _chosen(choice)
    kept = [each for each in tools if each["function"]["name"] in chosen]
    if not kept:
        raise Refused(ErrorCode.INVALID_JOB, "tool_choice: should name one of tools", "tool_choice")
    return kept, UNHELD


def _chosen(choice: ToolChoice) -> set[str | None]:
    if choice.type == "function":
        return {choice.tool}
    return {each.tool for each in (choice.allowed_tools or choice).tools}
