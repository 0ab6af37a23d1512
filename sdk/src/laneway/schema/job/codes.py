"""The closed list of error codes: what each means, what to change, and whether another attempt can help."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ErrorCode(StrEnum):
    """Why a job has no answer."""

    INVALID_JOB = "invalid_job"
    ENVELOPE = "envelope"
    BODY_TOO_LARGE = "body_too_large"
    STORED_JOB_MISSING = "stored_job_missing"
    UNKNOWN_MODEL = "unknown_model"
    UNKNOWN_DESTINATION = "unknown_destination"
    UNSUPPORTED = "unsupported"
    PROMPT_TOO_LONG = "prompt_too_long"
    FORMAT_NOT_MET = "format_not_met"
    INCOMPLETE_ANSWER = "incomplete_answer"
    ENGINE_ERROR = "engine_error"
    ENGINE_CRASHED = "engine_crashed"
    STALLED = "stalled"
    TIMED_OUT = "timed_out"
    DESTINATION_REFUSED = "destination_refused"
    POISON = "poison"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class Owner(StrEnum):
    """Who can keep a failure from happening."""

    SENDER = "sender"
    """Whoever made the job."""
    MODEL = "model"
    """The model at this job: whoever chose it, or what is asked of it. The engine answers other questions."""
    PLATFORM = "platform"
    """Whoever runs the pool."""


@dataclass(frozen=True)
class CodeInfo:
    """What people read about a code."""

    owner: Owner
    meaning: str
    fix: str
    retried: bool = False
    """Whether another attempt may succeed: it then counts as one of the lane's `maxAttempts`."""


CODES: dict[ErrorCode, CodeInfo] = {
    ErrorCode.INVALID_JOB: CodeInfo(
        Owner.SENDER,
        "The message is not a valid job.",
        "Change what the message names; `laneway schema job` prints the schema.",
    ),
    ErrorCode.ENVELOPE: CodeInfo(
        Owner.SENDER,
        "The message is an SNS or EventBridge envelope, not a job.",
        "Turn on raw message delivery for the subscription, or send `detail` alone as the target's input.",
    ),
    ErrorCode.BODY_TOO_LARGE: CodeInfo(
        Owner.SENDER,
        "The body is larger than 1 MiB less 8 KiB.",
        "Send less text or smaller images; split the document into several jobs.",
    ),
    ErrorCode.STORED_JOB_MISSING: CodeInfo(
        Owner.SENDER,
        "The message points to a stored body that is not there.",
        "Send the job again with the client; keep `jobs/` longer than the queue keeps messages.",
    ),
    ErrorCode.UNKNOWN_MODEL: CodeInfo(
        Owner.SENDER,
        "The job asks for another model than its lane serves.",
        "Leave `model` out, or send the job to the lane that serves it.",
    ),
    ErrorCode.UNKNOWN_DESTINATION: CodeInfo(
        Owner.SENDER,
        "The job names a destination that its pool does not declare.",
        "Use one of the pool's `destinations`, or leave `destination` out.",
    ),
    ErrorCode.UNSUPPORTED: CodeInfo(
        Owner.SENDER,
        "The model or its Ollama cannot do what the job asks: tools, images, thinking, embeddings, `dimensions`.",
        "Use a model with that capability (`ollama show MODEL` lists them), or leave the field out.",
    ),
    ErrorCode.PROMPT_TOO_LONG: CodeInfo(
        Owner.SENDER,
        "The prompt does not fit into the lane's context.",
        "Shorten the prompt, or ask the platform team for a lane with a larger `contextLength`.",
    ),
    ErrorCode.FORMAT_NOT_MET: CodeInfo(
        Owner.MODEL,
        "The answer does not meet the requested `format`.",
        "Raise `num_predict`, simplify the schema, or say in the prompt what the fields mean.",
        retried=True,
    ),
    ErrorCode.INCOMPLETE_ANSWER: CodeInfo(
        Owner.MODEL,
        "The stream ended without the final record; Ollama ends so when a model repeats itself.",
        "Change the prompt or raise `repeat_penalty`.",
        retried=True,
    ),
    ErrorCode.ENGINE_ERROR: CodeInfo(
        Owner.MODEL,
        "Ollama answered with an error.",
        "Look at the message; check `format` and `options`.",
        retried=True,
    ),
    ErrorCode.ENGINE_CRASHED: CodeInfo(
        Owner.MODEL,
        "Ollama crashed twice under this job, the second time with nothing else on it, and answers other questions.",
        "Shorten the prompt or the context, or simplify `format`; the model may not fit the memory.",
    ),
    ErrorCode.STALLED: CodeInfo(
        Owner.MODEL,
        "No token came for longer than the lane allows.",
        "Try again; a shorter prompt reaches its first token sooner.",
        retried=True,
    ),
    ErrorCode.TIMED_OUT: CodeInfo(
        Owner.MODEL,
        "The job ran for longer than the lane's `timeout`.",
        "Lower `num_predict`, shorten the prompt, or use a lane with a longer `timeout`.",
        retried=True,
    ),
    ErrorCode.DESTINATION_REFUSED: CodeInfo(
        Owner.PLATFORM,
        "The job was answered, but its destination refuses to take the answer.",
        "Make the destination's bucket, or allow the pool's identity to write there; then retry the failed job.",
    ),
    ErrorCode.POISON: CodeInfo(
        Owner.PLATFORM,
        "The job's message came back again and again without an end: it kills its workers, or they can't reach AWS.",
        "Look at the lane's logs and at `failed/`; shorten the prompt, or retry the failed job once the cause is gone.",
    ),
    ErrorCode.EXPIRED: CodeInfo(
        Owner.PLATFORM,
        "The deadline passed before the job was finished.",
        "Retry it (`laneway failed retry ID`), or raise the lane's `expiresAfter`; a job with its own `expires_at` "
        "needs a later one, under a new id.",
    ),
    ErrorCode.CANCELLED: CodeInfo(
        Owner.SENDER,
        "The job was cancelled on request.",
        "Nothing to fix; use a new id to run it after all.",
    ),
}
