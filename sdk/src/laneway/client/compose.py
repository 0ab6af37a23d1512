"""From whatever a sender has to one validated job with an id."""

from __future__ import annotations

import base64
import json
import secrets
import time
from decimal import Decimal
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, PydanticSchemaGenerationError, PydanticUserError, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError, SchemaError, to_jsonable_python

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.fields.values import MAX_BODY_BYTES
from laneway.schema.job.job import InvalidJob, Job, StoredJob, parse_job
from laneway.schema.shared.base import MAX_NAME_SHOWN
from laneway.schema.shared.problems import problems

if TYPE_CHECKING:
    from collections.abc import Mapping

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32, as in ULIDs (https://github.com/ulid/spec)
TIME_CHARACTERS = 10
RANDOM_CHARACTERS = 16

Input = str | Job | dict[str, Any]
"""A prompt, a job, or the fields of one."""


def new_job_id() -> str:
    """26 characters, sortable by time: milliseconds since 1970, then 80 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    shifts = range(5 * (TIME_CHARACTERS - 1), -1, -5)
    stamp = "".join(ALPHABET[(milliseconds >> shift) & 31] for shift in shifts)
    return stamp + "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_CHARACTERS))


def checked_id(job_id: str) -> str:
    """The id, where it can be one; raises `InvalidJob`. Keys are built from it."""
    try:
        return StoredJob(id=job_id).id
    except ValidationError as error:
        raise InvalidJob(ErrorCode.INVALID_JOB, problems(error)) from None


def compose(job: Input | None, fields: Mapping[str, Any], returns: Any = None) -> Job:
    """One validated job; raises `InvalidJob`. `fields` win over the job's own, `returns` is a type for the answer."""
    if isinstance(job, Job):
        job = job.model_dump(mode="json", exclude_none=True)
    document = merged({"prompt": job} if isinstance(job, str) else dict(job or {}), fields)
    if returns is not None:
        document["format"] = _schema_of(returns)
    if document.get("id") is None:
        document["id"] = new_job_id()
    body = _encoded(document)
    if len(body) > MAX_BODY_BYTES:
        raise InvalidJob(ErrorCode.BODY_TOO_LARGE, f"the job has {len(body):,} bytes; at most {MAX_BODY_BYTES:,} fit")
    return parse_job(body)


def merged(document: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """A job's document with the fields that are given beside it: they win."""
    given = {name: value for name, value in fields.items() if value is not None}
    return {**document, **{name: _merged(document.get(name), value) for name, value in given.items()}}


def _encoded(document: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(document, ensure_ascii=False, default=_json).encode()
    except InvalidJob:
        raise
    except UnicodeEncodeError:
        words = "a text holds half of a surrogate pair, which is no character: remove it, or put U+FFFD in its place"
        raise InvalidJob(ErrorCode.INVALID_JOB, words) from None
    except (TypeError, ValueError, RecursionError):
        words = "the job can't be written as JSON: its keys should be texts, and nothing in it may hold itself"
        raise InvalidJob(ErrorCode.INVALID_JOB, words) from None


def _schema_of(returns: Any) -> dict[str, Any]:
    try:
        return _adapter(returns).json_schema()
    except (PydanticUserError, SchemaError, AttributeError, TypeError) as error:
        words = f"returns={repr(returns)[:MAX_NAME_SHOWN]} is no type that an answer can be: {_why(returns, error)}"
        raise InvalidJob(ErrorCode.INVALID_JOB, words) from None


def _adapter(returns: Any) -> TypeAdapter[Any]:
    return returns if isinstance(returns, TypeAdapter) else TypeAdapter(returns)


def _why(returns: Any, error: Exception) -> str:
    if isinstance(returns, dict):
        return "give a JSON Schema as format="
    if isinstance(error, PydanticUserError) and not isinstance(error, PydanticSchemaGenerationError):
        return error.message.splitlines()[0]
    return "give a pydantic model, a dataclass, a TypedDict, list[…], Literal[…] or another type that pydantic knows"


def instance_of(returns: Any, parsed: Any) -> Any:
    """An answer as a value of a type. Read as JSON, where strict types take dates and decimals from texts, too."""
    return _adapter(returns).validate_json(json.dumps(parsed))


def _merged(given: Any, own: Any) -> Any:
    """Single options win over single options; anything else is replaced whole."""
    return {**given, **own} if isinstance(given, dict) and isinstance(own, dict) else own


def _json(value: Any) -> Any:
    """What JSON has no form for, as Ollama wants it: bytes are images; pandas and DynamoDB have their own numbers."""
    match value:
        case BaseModel():
            return value.model_dump(mode="json", exclude_none=True)
        case bytes():
            return base64.b64encode(value).decode()
        case Integral():
            return int(value)
        case Real() | Decimal():
            return float(value)
        case _:
            return _jsonable(value)


def _jsonable(value: Any) -> Any:
    try:
        return to_jsonable_python(value)
    except PydanticSerializationError:
        raise InvalidJob(ErrorCode.INVALID_JOB, f"a {type(value).__name__} can't be sent as JSON") from None
