"""The request of responses."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from laneway.schema.job.fields.refusals import Refusal
from laneway.schema.job.fields.values import WHOLE, JsonObject
from laneway.translate.given import Given
from laneway.translate.openai.parts import (
    DATA_URL,
    NO_LOGPROBS,
    Arguments,
    Choice,
    Function,
    PartOfMessage,
    Reasoning,
    Sampled,
)

_NOTHING_KEPT = "nothing is kept of earlier answers, so send the whole conversation as input"


class Part(PartOfMessage):
    """A part of an item: of a message, of what a function gave, or of what a model thought."""

    images: ClassVar = "input_image"

    type: Literal["input_text", "output_text", "text", "input_image", "refusal", "reasoning_text", "summary_text"]
    text: str = ""
    refusal: str = ""
    image_url: Annotated[str, DATA_URL] | None = None
    annotations: Any = None
    logprobs: Any = None
    detail: Any = None


def _parts(value: object) -> object:
    return [{"type": "text", "text": value}] if isinstance(value, str) else value


Parts = Annotated[list[Part], BeforeValidator(_parts, json_schema_input_type=str | list[Part])]


class Item(Given):
    """What was said, called, answered or thought."""

    type: Literal["message", "function_call", "function_call_output", "reasoning"] = "message"
    role: Literal["system", "developer", "user", "assistant"] = "user"
    content: Parts = []
    name: str = ""
    call_id: str | None = None
    arguments: Arguments = {}
    output: Parts = []
    summary: Parts = []
    id: Any = None
    status: Any = None


def _one_message(value: object) -> object:
    return [{"content": value}] if isinstance(value, str) else value


Items = Annotated[
    list[Item],
    Field(min_length=1),
    BeforeValidator(_one_message, json_schema_input_type=str | Annotated[list[Item], Field(min_length=1)]),
]


class Tool(Function):
    """A function that the model may call."""

    type: Literal["function"]


class Format(Given):
    """What the answer must be."""

    type: Literal["text", "json_object", "json_schema"] = "text"
    wanted: Annotated[JsonObject | None, Field(alias="schema")] = None
    name: Any = None
    description: Any = None
    strict: Any = None


class TextOptions(Given):
    """How the answer is written."""

    format: Format | None = None


class ResponseRequest(Sampled):
    """`POST /v1/responses`."""

    refused: ClassVar = {
        "previous_response_id": Refusal(_NOTHING_KEPT),
        "conversation": Refusal(_NOTHING_KEPT),
        "prompt": Refusal("no prompts are kept, so send instructions and input"),
        "top_logprobs": NO_LOGPROBS,
    }

    input: Items
    instructions: str | None = None
    tools: list[Tool] = []
    tool_choice: Choice | None = None
    text: TextOptions | None = None
    reasoning: Reasoning | None = None
    max_output_tokens: Annotated[int, WHOLE] | None = None
    background: bool = False
    store: bool | None = None
    metadata: dict[str, str] = {}
    parallel_tool_calls: bool | None = None
