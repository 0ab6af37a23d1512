"""What the pool's own door understands, for an OpenAPI document. Pure."""

from __future__ import annotations

from typing import Any

from laneway.schema.job.job import Job
from laneway.schema.job.result import Result
from laneway_gateway.doors.native.speech import NATIVE
from laneway_gateway.doors.openapi.parts import (
    IDEMPOTENCY,
    LANE,
    TASK,
    TEXT,
    Described,
    an_object,
    answer,
    asks,
    content,
    leads_to,
    looks,
    parameter,
    reference,
    schemas_of,
    sends,
    whole_object,
)

_WORDS = "Jobs as the queue has them, and their results as the bucket has them. The gateway gives each job its id."
_STANDING = an_object(
    ["id", "status", "url", "result"],
    id=TEXT | {"description": "The job's id."},
    status={
        "enum": ["queued", "running", "cancelling", "succeeded", "failed", "expired", "cancelled"],
        "description": "How the job stands.",
    },
    lane=TEXT | {"description": "Where it was sent."},
    url=TEXT | {"description": "Where its status is told."},
    result=TEXT | {"description": "Where its result is told."},
    error=reference("ErrorDetail"),
)
_ERROR = whole_object(
    error=whole_object(
        code=TEXT | {"description": "One of the error codes, or HTTP's own name."},
        message=TEXT | {"description": "What to change."},
    )
)
_LINE: dict[str, Any] = an_object(
    waiting={"type": "object", "description": "Nothing has happened; every ten seconds."},
    started={"type": "object", "description": "A worker has begun an attempt."},
    record={"type": "object", "description": "One of Ollama's own stream records."},
    ended=reference("Result"),
    broken={"type": "object", "description": "An end without a result: id and message."},
) | {"description": "One line of a stream: exactly one of these.", "minProperties": 1, "maxProperties": 1}


def described() -> Described:
    """Paths and schemas: the same for every pool."""
    schemas = schemas_of(Job) | schemas_of(Result) | {"Standing": _STANDING, "Line": _LINE, "Error": _ERROR}
    return Described(NATIVE.name, _WORDS, _paths(), schemas, "Error")


def _paths() -> dict[str, Any]:
    one = [parameter("job_id", "path", "The job's id.", required=True)]
    ended = _standing("202") | {"200": answer("The result, however the job ended.", content(reference("Result")))}
    lines = {"200": answer("JSON lines, one for each thing that happens.", content(reference("Line"), NATIVE.media))}
    told = (("get", ""), ("get", "/result"), ("get", "/stream"), ("post", "/cancel"))
    taken = leads_to(_standing("202")["202"], "job_id", [(method, f"/jobs/{{job_id}}{rest}") for method, rest in told])
    return {
        "/jobs": {"post": sends(NATIVE, "Send a job", reference("Job"), {"202": taken}, [LANE, TASK, IDEMPOTENCY])},
        "/jobs/{job_id}": {"get": looks(NATIVE, "How a job stands", _standing("200", "202"), one)},
        "/jobs/{job_id}/result": {"get": looks(NATIVE, "A job's result, or how it stands", ended, [*one, _WAIT])},
        "/jobs/{job_id}/cancel": {
            "post": asks(NATIVE, "Ask for a job to be cancelled; a result stays", _standing("200", "202"), one)
        },
        "/jobs/{job_id}/stream": {"get": looks(NATIVE, "What happens, as it happens", lines, one)},
    }


_WAIT = parameter("wait", "query", "Seconds to wait for it.", {"type": "number", "minimum": 0, "maximum": 3600})


def _standing(*statuses: str) -> dict[str, Any]:
    words = {"200": "There is a result.", "202": "There is no result yet."}
    return {each: answer(words[each], content(reference("Standing"))) for each in statuses}
