"""The requests of chat completions, completions and embeddings."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from laneway.schema.job.fields.refusals import Refusal
from laneway.schema.job.fields.values import WHOLE
from laneway.translate.given import Given
from laneway.translate.openai.parts import (
    DATA_URL,
    NO_LOGPROBS,
    ONE_ANSWER,
    Arguments,
    Choice,
    Effort,
    Function,
    JsonSchema,
    Limited,
    PartOfMessage,
    Reasoning,
    Texts,
)

_DEPRECATED = "OpenAI has deprecated it, so send {}"
_TEXT_ALONE = "answers are text, so leave it out"


class ImageURL(Given):
    """An image, as its data URL."""

    url: Annotated[str, DATA_URL]
    detail: Any = None


def _url_alone(value: object) -> object:
    return {"url": value} if isinstance(value, str) else value


class Part(PartOfMessage):
    """A part of a message."""

    images: ClassVar = "image_url"

    type: Literal["text", "image_url", "refusal"]
    text: str = ""
    refusal: str = ""
    image_url: (
        Annotated[
            ImageURL,
            BeforeValidator(_url_alone, json_schema_input_type=Annotated[str, DATA_URL] | ImageURL),
        ]
        | None
    ) = None


def _parts(value: object) -> object:
    return [{"type": "text", "text": value}] if isinstance(value, str) else value


class CalledFunction(Given):
    """What was called."""

    name: str
    arguments: Arguments = {}


class ToolCall(Given):
    """A call in an assistant's message."""

    id: str | None = None
    type: Literal["function"] = "function"
    function: CalledFunction
    index: Any = None


class Message(Given):
    """A message of a chat."""

    refused: ClassVar = {
        "function_call": Refusal(_DEPRECATED.format("tool_calls")),
        "audio": Refusal("an answer's sound is not kept, so send its text as content"),
    }

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: Annotated[list[Part], BeforeValidator(_parts, json_schema_input_type=str | list[Part])] = []
    refusal: str = ""
    reasoning: str = ""
    reasoning_content: str = ""
    """DeepSeek's and others' name for it."""
    tool_calls: list[ToolCall] = []
    tool_call_id: str | None = None
    annotations: Any = None


class Tool(Given):
    """A tool that the model may call."""

    type: Literal["function"] = "function"
    function: Function


class ResponseFormat(Given):
    """What the answer must be."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchema | None = None


class ChatRequest(Limited):
    """`POST /v1/chat/completions`."""

    refused: ClassVar = {
        "n": ONE_ANSWER,
        "logprobs": NO_LOGPROBS,
        "top_logprobs": NO_LOGPROBS,
        "functions": Refusal(_DEPRECATED.format("tools"), ([],)),
        "function_call": Refusal(_DEPRECATED.format("tool_choice"), ("none", "auto")),
        "modalities": Refusal(_TEXT_ALONE, (["text"],)),
        "audio": Refusal(_TEXT_ALONE),
        "web_search_options": Refusal("nothing is fetched, so leave it out"),
    }

    messages: Annotated[list[Message], Field(min_length=1)]
    tools: list[Tool] = []
    tool_choice: Choice | None = None
    response_format: ResponseFormat | None = None
    reasoning_effort: Effort | None = None
    reasoning: Reasoning | None = None
    max_completion_tokens: Annotated[int, WHOLE] | None = None


class CompletionRequest(Limited):
    """`POST /v1/completions`."""

    refused: ClassVar = {
        "n": ONE_ANSWER,
        "best_of": ONE_ANSWER,
        "logprobs": Refusal(NO_LOGPROBS.why),
        "echo": Refusal("the prompt is not sent back, so leave it out", (False,)),
        "suffix": Refusal("not supported yet, so write the whole prompt", ("",)),
    }

    prompt: Texts


class EmbeddingRequest(Given):
    """`POST /v1/embeddings`."""

    model: str
    input: Texts
    dimensions: Annotated[int, WHOLE] | None = None
    encoding_format: Literal["float", "base64"] = "float"
