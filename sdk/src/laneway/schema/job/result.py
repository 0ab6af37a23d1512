"""The result: the one terminal record of a job, and what is told about it in a notification."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AwareDatetime, Field, JsonValue, model_validator

from laneway.schema.job.codes import CODES, ErrorCode
from laneway.schema.job.history import Failure
from laneway.schema.shared.base import Digest, JobId, Labels, Record
from laneway.schema.shared.message_text import message_text

Status = Literal["succeeded", "failed", "expired", "cancelled"]
REPLACEABLE = frozenset[Status]({"failed", "expired"})
"""How a job may have ended that a person may retry."""
FinishReason = Literal["stop", "length"]
MAX_RESULT_BYTES = 40 * 1024 * 1024  # stored: 32 MiB of embeddings and what stands beside them; held in memory whole
Seconds = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=0)]


class ErrorDetail(Record):
    """Why there is no answer."""

    code: ErrorCode
    """One of the documented codes."""
    message: str
    """What happened."""
    fix: str
    """What to change."""

    @classmethod
    def of(cls, code: ErrorCode, message: str) -> Self:
        """The error of a code with its documented fix."""
        return cls(code=code, message=message, fix=CODES[code].fix)


class ServedModel(Record):
    """The model that answered."""

    name: str
    """Its Ollama tag."""
    digest: Digest | None = None
    """The digest of the tag's manifest; `ollama list` shows its first 12 digits."""


class Usage(Record):
    """Tokens."""

    prompt_tokens: Count
    """Tokens read."""
    completion_tokens: Count
    """Tokens written."""


class EngineCounters(Record):
    """What Ollama says of the answer, by its own names, where it says so; durations in nanoseconds
    (https://github.com/ollama/ollama/blob/main/docs/api.md). They are of this answer alone, a model's loading included.
    """

    done_reason: FinishReason | None = None
    """Why it ended."""
    total_duration: Count | None = None
    """From the request to the last token."""
    load_duration: Count | None = None
    """Of it, loading the model."""
    prompt_eval_count: Count | None = None
    """Tokens read; what was kept of an earlier prompt may not count."""
    prompt_eval_duration: Count | None = None
    """Reading them."""
    eval_count: Count | None = None
    """Tokens written."""
    eval_duration: Count | None = None
    """Writing them."""


class Timing(Record):
    """When what happened, by the worker's clock."""

    submitted_at: AwareDatetime
    """First submission."""
    received_at: AwareDatetime
    """When the worker that ended the job received it."""
    started_at: AwareDatetime | None = None
    """When its request went to Ollama."""
    first_token_at: AwareDatetime | None = None
    """When the first token came."""
    finished_at: AwareDatetime
    """When the last token came, or when the job ended without."""
    queued_seconds: Seconds
    """From first submission to the start (or to the end, where it never started)."""
    run_seconds: Seconds
    """From the start to the last token."""


class Cost(Record):
    """What the answer cost."""

    gpu_seconds: Seconds
    """The job's share of the accelerator while it ran."""
    usd: Seconds | None = None
    """`gpu_seconds` at the placement's price; absent where no price is known."""


class Location(Record):
    """Where the full result of a job with a `destination` lies."""

    destination: str
    """The alias that the job named."""
    url: str
    """`s3://bucket/key`."""


class Result(Record):
    """The one terminal record of a job, written once at `<prefix>results/<id>.json`."""

    id: JobId
    """The job's id."""
    status: Status
    """How the job ended."""
    text: str | None = None
    """The answer to a `prompt`."""
    thinking: str | None = None
    """What the model thought before the answer to a `prompt`."""
    message: dict[str, JsonValue] | None = None
    """The answer to `messages`, with `tool_calls` where there are any."""
    parsed: JsonValue = None
    """The answer read as JSON, where the job had a `format`."""
    embeddings: list[list[float]] | None = None
    """One vector for each text of `input`."""
    finish_reason: FinishReason | None = None
    """`length`: the answer was cut at `num_predict` or at the end of the context."""
    model: ServedModel
    """The model that answered, or would have."""
    usage: Usage | None = None
    """Tokens, where the engine ran."""
    engine: EngineCounters | None = None
    """What Ollama says of the answer, where it answered."""
    timing: Timing
    """When what happened."""
    failures: tuple[Failure, ...] = ()
    """Attempts that failed before."""
    error: ErrorDetail | None = None
    """Present unless the job succeeded."""
    cost: Cost | None = None
    """Present where the engine ran."""
    output: Location | None = None
    """Where the output is, for a job with a `destination`."""
    pool: str
    """`namespace/name` of the pool."""
    lane: str
    """The lane that ended the job."""
    labels: Labels = {}
    """The job's labels."""
    request_hash: str | None = None
    """Covers everything in the job that shapes the answer; absent where the job could not be read."""
    revision: Count = 0
    """How many results of the job it has replaced: a person's retry of a failed or expired job replaces one. Rows in
    tables are ordered by it.
    """

    @model_validator(mode="after")
    def _check_error(self) -> Self:
        if (self.status == "succeeded") != (self.error is None):
            raise ValueError("error is present exactly where the status is not succeeded")
        return self

    def to_json(self) -> bytes:
        """The object as stored: compact JSON without empty fields."""
        return self.model_dump_json(exclude_none=True).encode()

    def without_output(self, output: Location) -> Result:
        """The commit record of a job with a destination: everything but the output, plus its location."""
        return self.model_copy(update={**NO_OUTPUT, "output": output})

    def failed(self, code: ErrorCode, message: str) -> Result:
        """The record of a job whose answer can't be given to anybody."""
        return self.model_copy(update={**NO_OUTPUT, "status": "failed", "error": ErrorDetail.of(code, message)})


NO_OUTPUT: dict[str, Any] = dict.fromkeys(("text", "thinking", "message", "parsed", "embeddings"))


class Notification(Record):
    """What SNS subscribers get: no text of the prompt or the answer."""

    id: JobId
    status: Status
    code: ErrorCode | None = None
    """The error code, unless the job succeeded."""
    url: str
    """Where the result is: `s3://bucket/key`."""
    etag: str
    """The ETag of the result."""
    pool: str
    lane: str
    labels: Labels = {}

    def to_message(self) -> str:
        """The message: compact JSON without empty fields, of characters that a queue behind the topic takes."""
        return message_text(self.model_dump_json(exclude_none=True))
