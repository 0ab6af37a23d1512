"""From whatever a sender has to one validated job with an id."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, PydanticUserError, TypeAdapter, ValidationError

from laneway.client.ids import new_job_id
from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.job import MAX_BODY_BYTES, InvalidJob, Job, StoredJob, parse_job
from laneway.schema.shared.problems import problems

if TYPE_CHECKING:
    from collections.abc import Mapping

Input = str | Job | dict[str, Any]
"""A prompt, a job, or the fields of one."""


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
    document: dict[str, Any] = {"prompt": job} if isinstance(job, str) else dict(job or {})
    document |= {name: _merged(document.get(name), value) for name, value in fields.items() if value is not None}
    if returns is not None:
        document["format"] = _schema_of(returns)
    if document.get("id") is None:
        document["id"] = new_job_id()
    body = json.dumps(document, ensure_ascii=False, default=_json).encode("utf-8", errors="surrogatepass")
    if len(body) > MAX_BODY_BYTES:
        raise InvalidJob(ErrorCode.BODY_TOO_LARGE, f"the job has {len(body):,} bytes; at most {MAX_BODY_BYTES:,} fit")
    return parse_job(body)


def _schema_of(returns: Any) -> dict[str, Any]:
    try:
        return TypeAdapter(returns).json_schema()
    except PydanticUserError as error:
        words = f"returns={returns!r} is no type that an answer can be: {error.message.splitlines()[0]}"
        raise InvalidJob(ErrorCode.INVALID_JOB, words) from None


def instance_of(returns: Any, parsed: Any) -> Any:
    """An answer as a value of a type. Read as JSON, where strict types take dates and decimals from texts, too."""
    return TypeAdapter(returns).validate_json(json.dumps(parsed))


def _merged(given: Any, own: Any) -> Any:
    """Single options win over single options; anything else is replaced whole."""
    return {**given, **own} if isinstance(given, dict) and isinstance(own, dict) else own


def _json(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude_none=True)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    raise InvalidJob(ErrorCode.INVALID_JOB, f"a {type(value).__name__} can't be sent as JSON")
