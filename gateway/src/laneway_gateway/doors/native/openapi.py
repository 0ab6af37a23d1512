"""What the pool's own door understands, as an OpenAPI document. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from laneway.schema.job.job import Job
from laneway.schema.job.result import Result

if TYPE_CHECKING:
    from pydantic import BaseModel

REF = "#/components/schemas/{model}"
_DESCRIPTION = (
    "Jobs as the queue has them, and their results as the bucket has them. A job is an Ollama request; the gateway "
    "gives it its id. Beside these paths the gateway speaks OpenAI's API under /v1, and Ollama's under /api."
)
_STANDING: dict[str, Any] = {
    "type": "object",
    "required": ["id", "status", "url", "result"],
    "properties": {
        "id": {"type": "string", "description": "The job's id."},
        "status": {
            "enum": ["queued", "running", "cancelling", "succeeded", "failed", "expired", "cancelled"],
            "description": "How the job stands.",
        },
        "lane": {"type": "string", "description": "Where it was sent."},
        "url": {"type": "string", "description": "Where its status is told."},
        "result": {"type": "string", "description": "Where its result is told."},
        "error": {"$ref": REF.format(model="ErrorDetail")},
    },
}
_ERROR: dict[str, Any] = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string", "description": "One of the error codes, or HTTP's own name."},
                "message": {"type": "string", "description": "What to change."},
            },
        }
    },
}
_LINE: dict[str, Any] = {
    "description": "One line of a stream: exactly one of these.",
    "type": "object",
    "minProperties": 1,
    "maxProperties": 1,
    "properties": {
        "waiting": {"type": "object", "description": "Nothing has happened; every ten seconds."},
        "started": {"type": "object", "description": "A worker has begun an attempt."},
        "record": {"type": "object", "description": "One of Ollama's own stream records."},
        "ended": {"$ref": REF.format(model="Result")},
        "broken": {"type": "object", "description": "An end without a result: id and message."},
    },
}


def openapi() -> dict[str, Any]:
    """The document: the same for every pool."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Laneway: jobs", "version": "v1alpha1", "description": _DESCRIPTION},
        "paths": _paths(),
        "security": [{"bearer": []}, {"basic": []}, {"key": []}],
        "components": {"schemas": _schemas(), "securitySchemes": _security()},
    }


def _schemas() -> dict[str, Any]:
    own = {"Standing": _STANDING, "Error": _ERROR, "Line": _LINE}
    return dict(sorted((_of(Job) | _of(Result) | own).items()))


def _of(model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema(ref_template=REF)
    inside: dict[str, Any] = schema.pop("$defs", {})
    return inside | {model.__name__: schema}


def _security() -> dict[str, Any]:
    return {
        "bearer": {"type": "http", "scheme": "bearer"},
        "basic": {"type": "http", "scheme": "basic", "description": "The key is the password."},
        "key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
    }


def _paths() -> dict[str, Any]:
    one = [_parameter("job_id", "path", "The job's id.", {"type": "string"}, required=True)]
    return {
        "/jobs": {"post": _submit()},
        "/jobs/{job_id}": {"get": _operation("How a job stands", one, _standing("200", "202"))},
        "/jobs/{job_id}/result": {"get": _result(one)},
        "/jobs/{job_id}/cancel": {
            "post": _operation("Ask for a job to be cancelled; a result stays", one, _standing("200", "202"))
        },
        "/jobs/{job_id}/stream": {
            "get": _operation("What happens, as JSON lines", one, {"200": _answer("Line", "application/x-ndjson")})
        },
    }


def _submit() -> dict[str, Any]:
    text = {"type": "string"}
    headers = [
        _parameter("X-Laneway-Lane", "header", "The lane; else that of `model`, else the key's first.", text),
        _parameter("Idempotency-Key", "header", "Equal ones are one job, for a day.", text),
    ]
    body = {"required": True, "content": _content("Job", "application/json")}
    return _operation("Send a job", headers, _standing("202")) | {"requestBody": body}


def _result(one: list[dict[str, Any]]) -> dict[str, Any]:
    wait = _parameter("wait", "query", "Seconds to wait for it.", {"type": "number", "minimum": 0, "maximum": 3600})
    answers = {"200": _answer("Result", "application/json")} | _standing("202")
    return _operation("A job's result, however it ended", [*one, wait], answers)


def _operation(summary: str, parameters: list[dict[str, Any]], answers: dict[str, Any]) -> dict[str, Any]:
    failed = {"default": _answer("Error", "application/json")}
    return {"summary": summary, "parameters": parameters, "responses": answers | failed}


def _parameter(name: str, place: str, words: str, schema: dict[str, Any], *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": place, "description": words, "required": required, "schema": schema}


def _standing(*statuses: str) -> dict[str, Any]:
    return {each: _answer("Standing", "application/json") for each in statuses}


def _answer(model: str, media: str) -> dict[str, Any]:
    return {"description": model, "content": _content(model, media)}


def _content(model: str, media: str) -> dict[str, Any]:
    return {media: {"schema": {"$ref": REF.format(model=model)}}}
