"""What OpenAI's requests are made of, at each of their endpoints."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from laneway.schema.job.fields.refusals import Refusal
from laneway.schema.job.fields.values import WHOLE, JsonObject
from laneway.schema.shared.base import Pattern
from laneway.schema.shared.strict_json import read_strictly
from laneway.translate.given import ONE_OR_MORE, Given, one_or_more

_DATA_URL = re.compile(r"data:image/[a-z0-9.+-]+(?:;[a-z0-9=-]+)*;base64,", re.IGNORECASE)
_NO_DATA_URL = "should be the image itself, as data:image/png;base64,iVBORw0KGgo=: nothing is fetched"
_TOKENS = (
    "should be a text or a list of texts: tokens are not taken, as each model has its own "
    "(LangChain: OpenAIEmbeddings(check_embedding_ctx_length=False))"
)
_ARGUMENTS = "should be the text of a JSON object, such as {}"

Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
THINK: dict[Effort | None, bool | str | None] = {
    None: None,
    "none": False,
    "minimal": "low",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "max",
    "max": "max",
}
"""OpenAI's effort → a job's `think`."""
ONE_ANSWER = Refusal("a job has one answer, so send a request for each", (1,))
NO_LOGPROBS = Refusal("a result has no place for probabilities yet, so leave it out", (False, 0))


def data_url(value: object) -> object:
    """The base64 of an image's data URL."""
    if not isinstance(value, str):
        return value
    head = _DATA_URL.match(value)
    if head is None:
        raise ValueError(_NO_DATA_URL)
    return value[head.end() :]


DATA_URL = BeforeValidator(
    data_url,
    json_schema_input_type=Annotated[str, Pattern(r"^data:image/[a-z0-9.+-]+(;[a-z0-9=-]+)*;base64,", _NO_DATA_URL)],
)


def _no_tokens(value: object) -> object:
    if isinstance(value, list) and any(isinstance(each, int | list) for each in value):
        raise ValueError(_TOKENS)
    return value


_WRITTEN = str | Annotated[list[str], Field(min_length=1)]
Texts = Annotated[
    list[str],
    Field(min_length=1),
    BeforeValidator(_no_tokens),
    BeforeValidator(one_or_more, json_schema_input_type=_WRITTEN),
]
"""A text, or texts; tokens are told from them."""


def _read_arguments(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return read_strictly(value.encode()) if value.strip() else {}
    except ValueError:
        raise ValueError(_ARGUMENTS) from None


Arguments = Annotated[JsonObject, BeforeValidator(_read_arguments, json_schema_input_type=str | JsonObject)]
"""Of a call, read from their text."""


class PartOfMessage(Given):
    """A part that may be an image."""

    images: ClassVar[str]
    """The type of those that are."""

    type: str
    image_url: Any = None

    @model_validator(mode="after")
    def _has_its_image(self) -> Self:
        if self.type == self.images and self.image_url is None:
            raise ValueError(f"image_url: is missing; {_NO_DATA_URL}")
        return self


class Reasoning(Given):
    """How much a model thinks."""

    effort: Effort | None = None
    summary: Any = None


class JsonSchema(Given):
    """A schema with its name. Every answer is held to it, `strict` or not."""

    wanted: Annotated[JsonObject, Field(alias="schema")]
    name: Any = None
    description: Any = None
    strict: Any = None


class Function(Given):
    """A function that the model may call."""

    name: str
    description: str = ""
    parameters: JsonObject = {}

    def to_tool(self) -> dict[str, Any]:
        """As Ollama has it."""
        function = {"name": self.name, "description": self.description, "parameters": self.parameters}
        return {"type": "function", "function": function}


class Named(Given):
    """The name of a function."""

    name: str


class Allowed(Given):
    """One of the tools that are allowed; the two APIs write it differently."""

    name: str | None = None
    function: Named | None = None

    @property
    def tool(self) -> str | None:
        """The function's name."""
        return self.function.name if self.function else self.name


class AllowedTools(Given):
    """A choice among some tools."""

    mode: Any = None
    tools: list[Allowed] = []


def _kind_alone(value: object) -> object:
    return {"type": value} if isinstance(value, str) else value


class ToolChoice(Allowed):
    """Which tools a model may or must call."""

    type: Literal["none", "auto", "required", "function", "allowed_tools"]
    mode: Any = None
    tools: list[Allowed] = []
    allowed_tools: AllowedTools | None = None


Choice = Annotated[
    ToolChoice,
    BeforeValidator(_kind_alone, json_schema_input_type=Literal["none", "auto", "required"] | ToolChoice),
]


class StreamOptions(Given):
    """What else a stream tells."""

    include_usage: bool = False
    include_obfuscation: Any = None


class Sampled(Given):
    """What all requests for text have."""

    nothing: ClassVar = {"tools": [], "stop": []}

    model: str
    stream: bool = False
    service_tier: str | None = None
    temperature: float | None = None
    top_p: float | None = None


class Limited(Sampled):
    """What both older endpoints have."""

    stream_options: StreamOptions | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    seed: Annotated[int, WHOLE] | None = None
    stop: Annotated[list[str], ONE_OR_MORE] | None = None
    max_tokens: Annotated[int, WHOLE] | None = None
