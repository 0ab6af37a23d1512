"""The chat of a job: its messages, and the tools that the model may call."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from laneway.schema.job.fields.refusals import REFUSED_IN_FUNCTIONS
from laneway.schema.job.fields.values import WHOLE, Image, JsonObject, OllamaObject, Text, not_a

Name = Annotated[str, StringConstraints(min_length=1, max_length=256)]
ShortText = Annotated[str, StringConstraints(max_length=256)]


_PARTS = "should be a text: put the text of all parts together, and images into the message's images"


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


class ToolCallFunction(OllamaObject):
    """What an assistant's message called."""

    name: Name
    arguments: Annotated[JsonObject, not_a(str, "should be an object with fields, not the text of one")] = {}
    index: Annotated[int, Field(ge=0, le=1024), WHOLE] | None = None
    description: Text | None = None


class ToolCall(OllamaObject):
    """One tool call of an assistant's message."""

    type: Literal["function"] | None = None
    function: ToolCallFunction
    id: ShortText | None = None


class Message(OllamaObject):
    """One chat message."""

    role: Annotated[Literal["system", "user", "assistant", "tool"], BeforeValidator(_lower)]
    """In small letters or large ones."""
    content: Annotated[Text, not_a(list, _PARTS)] = ""
    thinking: Text | None = None
    """What the model thought before it said this."""
    images: Annotated[list[Image], Field(max_length=16)] | None = None
    """Files of JPEG, PNG, WebP, GIF or BMP in base64."""
    tool_calls: Annotated[list[ToolCall], Field(max_length=64)] | None = None
    """What an assistant's message called, as Ollama answered it."""
    tool_name: ShortText | None = None
    """Of the tool that a tool's message comes from."""
    tool_call_id: ShortText | None = None
    """The `id` of the tool call that a tool's message answers."""


class ToolFunction(OllamaObject):
    """A function that the model may call."""

    refused: ClassVar = REFUSED_IN_FUNCTIONS

    name: Name
    description: Text = ""
    parameters: JsonObject = {}


class Tool(OllamaObject):
    """A tool that the model may call."""

    type: Literal["function"] = "function"
    function: ToolFunction
