"""The job: an Ollama request body plus an id, and the one way to read it from bytes.

Field names and meanings are Ollama's (https://github.com/ollama/ollama/blob/main/docs/api.md), bounds are ours.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import (
    AwareDatetime,
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.fields.chat import Message, Tool
from laneway.schema.job.fields.options import Options
from laneway.schema.job.fields.refusals import REFUSED_FIELDS, WORDS
from laneway.schema.job.fields.values import (
    MAX_BODY_BYTES,
    WHOLE,
    Image,
    JsonObject,
    NonEmptyText,
    OllamaObject,
    Text,
)
from laneway.schema.shared.base import Alias, Frozen, JobId, PlainLabels
from laneway.schema.shared.message_text import message_text
from laneway.schema.shared.problems import NO_TIME, problems
from laneway.schema.shared.strict_json import NotStrictJSON, read_strictly, without_mark

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_INLINE_BYTES = 64 * 1024  # SQS bills each started 64 KiB; larger bodies wait in S3 and the message points there
MAX_EMBEDDING_NUMBERS = 2 * 1024 * 1024  # texts times dimensions; at most 16 bytes of JSON each (a float32): 32 MiB
MAX_PIXELS = 50_000_000  # of a job's images together: an engine decodes each to 3 or 4 bytes a pixel, in memory


def _no_number(value: object) -> object:
    """Nor one in quotes: pydantic takes it for a time since 1970."""
    if isinstance(value, int | float) or (isinstance(value, str) and value.replace(".", "").isdigit()):
        raise ValueError(NO_TIME)
    return value


def _empty_is_none(value: object) -> object:
    return None if value == "" else value


_Empty = Annotated[str, Field(max_length=0)]
Format = Annotated[
    Literal["json"] | JsonObject | None,
    BeforeValidator(_empty_is_none, json_schema_input_type=Literal["json"] | _Empty | JsonObject | None),
]


class InvalidJob(ValueError):
    """A message that is no job; `str()` says what to change and holds no text of the job."""

    def __init__(self, code: ErrorCode, message: str, job_id: str | None = None) -> None:
        """`job_id` is set where an acceptable id could be read all the same."""
        super().__init__(message)
        self.code = code
        self.job_id = job_id


class Job(OllamaObject):
    """An Ollama request body plus an id. Exactly one of `prompt`, `messages` and `input` is given; null is as good as
    left out, wherever it stands.
    """

    refused: ClassVar = REFUSED_FIELDS
    nothing: ClassVar = {"images": [], "tools": []}

    id: JobId | None = None
    """The idempotency key. Without one, the SQS MessageId is the id."""
    model: Annotated[str, StringConstraints(min_length=1, max_length=256)] | None = None
    """The lane's model, or nothing; another one is refused."""
    prompt: NonEmptyText | None = None
    """Text to complete (Ollama's generate)."""
    system: Text | None = None
    """System text, with `prompt`."""
    raw: bool | None = None
    """Send the prompt without a chat template: few-shot completion with base models."""
    images: Annotated[list[Image], Field(max_length=16)] | None = None
    """Images for `prompt`, files of JPEG, PNG, WebP, GIF or BMP in base64; in a chat they belong to a message. At most
    50,000,000 pixels (width times height) in all."""
    messages: Annotated[list[Message], Field(min_length=1, max_length=1024)] | None = None
    """A chat (Ollama's chat)."""
    tools: Annotated[list[Tool], Field(max_length=128)] | None = None
    """Tools that the model may call, with `messages`."""
    input: NonEmptyText | Annotated[list[NonEmptyText], Field(min_length=1, max_length=2048)] | None = None
    """Text or texts to embed (Ollama's embed); texts times the model's dimensions are at most 2,097,152."""
    dimensions: Annotated[int, Field(ge=1, le=MAX_EMBEDDING_NUMBERS), WHOLE] | None = None
    """Numbers in each vector, with `input`: what a model makes is cut to them and brought to length 1 again. An Ollama
    that is too old for it is told by `unsupported`."""
    think: bool | Literal["low", "medium", "high", "max"] | None = None
    """Whether the model thinks first, where it can."""
    format: Format = None
    """`json`, or a JSON Schema that the answer must meet: with at most 2,500 choices, 2,048 characters of patterns (no
    `(?…)` in them), and lengths and numbers of items of 1,000,000, all together."""
    options: Options | None = None
    """Sampling options."""
    destination: Alias | None = None
    """One of the pool's `destinations`; never a bucket."""
    expires_at: Annotated[AwareDatetime, BeforeValidator(_no_number), Field(strict=False)] | None = None
    """No answer is wanted after this time (RFC 3339 with a zone)."""
    labels: PlainLabels | None = None
    """Copied to the result; text on one line, without control characters and marks of direction."""

    @model_validator(mode="after")
    def _check_kind(self) -> Job:
        given = [name for name in ("prompt", "messages", "input") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of prompt, messages and input, not {' and '.join(given) or 'none'}")
        wrong = [*self._strangers(given[0])]
        if self.raw and self.system is not None:
            wrong.append("raw: true sends the prompt as it is; write the system text into it")
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    def _strangers(self, kind: str) -> Iterator[str]:
        for name, kinds in _BELONGS_TO.items():
            if kind not in kinds and getattr(self, name) is not None:
                yield f"{name} goes with {' or '.join(kinds)}, not with {kind}"

    def request_hash(self, model: str) -> str:
        """`sha256:…` over everything that shapes the answer of `model`; key order inside `format` counts, as it does
        for Ollama's grammar.
        """
        shape = self.model_dump(
            mode="json", exclude_none=True, exclude={"id", "model", "destination", "expires_at", "labels"}
        )
        text = json.dumps({"model": model, **shape}, ensure_ascii=False, separators=(",", ":"))
        return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"

    def without_id(self) -> str:
        """Everything that the job asks for, in one form: equal for equal requests, whatever their ids."""
        return self.model_dump_json(exclude_none=True, exclude={"id"})

    def to_body(self) -> bytes:
        """The body to send: compact JSON without empty fields, of characters that SQS carries."""
        return message_text(self.model_dump_json(exclude_none=True)).encode()


_BELONGS_TO = {
    "system": ("prompt",),
    "raw": ("prompt",),
    "images": ("prompt",),
    "tools": ("messages",),
    "think": ("prompt", "messages"),
    "format": ("prompt", "messages"),
    "dimensions": ("input",),
}


class StoredJob(Frozen):
    """A message that only points to the body at `jobs/<id>.json`; the key follows from the id."""

    id: JobId
    stored: Literal[True] = True

    @model_validator(mode="before")
    @classmethod
    def _id_alone(cls, value: Any) -> Any:
        for name in value if isinstance(value, dict) else ():
            if name not in cls.model_fields:
                raise ValueError(f"stored: true goes with id alone; leave {name[:64]!r} out")
        return value


def parse_job(body: bytes) -> Job:
    """Read a job from bytes; raises `InvalidJob` and nothing else, whatever the bytes."""
    message = parse_message(body)
    if isinstance(message, StoredJob):
        raise InvalidJob(ErrorCode.INVALID_JOB, "a stored body can't point to another one", message.id)
    return message


def parse_message(body: bytes) -> Job | StoredJob:
    """Read what a message holds: a job, or a pointer to one; raises `InvalidJob` and nothing else."""
    document = _read_object(body)
    job_id = _readable_id(document)
    if {"TopicArn", "Message"} <= document.keys() or {"detail-type", "detail"} <= document.keys():
        raise InvalidJob(ErrorCode.ENVELOPE, "the message is an SNS or EventBridge envelope", job_id)
    model = StoredJob if "stored" in document else Job
    try:
        return model.model_validate_json(without_mark(body))
    except ValidationError as error:
        raise InvalidJob(ErrorCode.INVALID_JOB, problems(error, model, WORDS), job_id) from None


def _readable_id(document: dict[str, Any]) -> str | None:
    try:
        return StoredJob.model_validate({"id": document.get("id"), "stored": True}).id
    except ValidationError:
        return None


def _read_object(body: bytes) -> dict[str, Any]:
    if len(body) > MAX_BODY_BYTES:
        raise InvalidJob(
            ErrorCode.BODY_TOO_LARGE, f"the body has {len(body):,} bytes; at most {MAX_BODY_BYTES:,} are accepted"
        )
    try:
        document = read_strictly(body)
    except NotStrictJSON as error:
        raise InvalidJob(ErrorCode.INVALID_JOB, f"the body is not usable: {error}") from None
    if not isinstance(document, dict):
        raise InvalidJob(ErrorCode.INVALID_JOB, f"the body should be a JSON object, {_NOT_OBJECTS[type(document)]}")
    return document


_NOT_OBJECTS = {
    type(None): "not null",
    bool: "not a boolean",
    int: "not a number",
    float: "not a number",
    str: "not a text; it may have been encoded twice",
    list: "not an array; send one message for each job",
}
