"""Operations, answers and schemas as OpenAPI writes them. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from laneway.translate.statuses import STATUSES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import BaseModel

    from laneway_gateway.doors.door import Door

    Parameters = Iterable[dict[str, Any]]

JSON = "application/json"
TEXT: dict[str, Any] = {"type": "string"}
NUMBER: dict[str, Any] = {"type": "number"}
WHOLE: dict[str, Any] = {"type": "integer"}
_ALWAYS = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.INTERNAL_SERVER_ERROR}
_LOOKING = _ALWAYS | {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
}
_SENDING = _LOOKING | {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    *STATUSES.values(),
}
"""What may be answered instead: to whoever it is, to who only looks, and to who sends a job."""
_OF_A_JOB = {
    "X-Laneway-Job-Id": "The job's id: `/jobs/{job_id}` tells of it.",
    "X-Laneway-Lane": "The lane that it was sent to.",
    "X-Laneway-Ignored": "Names of what was asked for and left out.",
    "X-Laneway-Queued": "About how many jobs waited before it.",
    "X-Laneway-Estimate": "About how many seconds it was to wait.",
    "X-Laneway-Estimate-Range": "Between how many seconds that was, in eight of ten cases, such as `170-310`.",
}


@dataclass(frozen=True)
class Described:
    """What one door understands."""

    name: str
    """Its tag."""
    words: str
    paths: dict[str, Any]
    schemas: dict[str, Any]
    error: str
    """Which of them is its errors'."""


def reference(schema: str) -> dict[str, Any]:
    """To one of the document's schemas."""
    return {"$ref": f"#/components/schemas/{schema}"}


def schemas_of(model: type[BaseModel], within: str = "") -> dict[str, Any]:
    """A model's schema and those in it, by name. Where models of one name differ, those in it are called by what they
    stand `within`, too.
    """
    prefix = f"{within}." if within else ""
    schema = model.model_json_schema(ref_template=f"#/components/schemas/{prefix}{{model}}")
    inside: dict[str, Any] = schema.pop("$defs", {})
    return {f"{prefix}{name}": each for name, each in inside.items()} | {model.__name__: schema}


def an_object(required: Iterable[str] = (), **fields: dict[str, Any]) -> dict[str, Any]:
    """An object with these fields, of which some are always there; whoever reads it takes no others for an error."""
    return {"type": "object", "required": list(required), "properties": fields}


def whole_object(**fields: dict[str, Any]) -> dict[str, Any]:
    """An object whose fields are all there."""
    return an_object(fields, **fields)


def a_list(of: dict[str, Any]) -> dict[str, Any]:
    """A list of such."""
    return {"type": "array", "items": of}


def or_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Such, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def given(schema: dict[str, Any]) -> dict[str, Any]:
    """Such, and not null."""
    return {"anyOf": [each for each in schema["anyOf"] if each != {"type": "null"}]}


def content(schema: dict[str, Any], media: str = JSON) -> dict[str, Any]:
    """A body."""
    return {media: {"schema": schema}}


def parameter(
    name: str, place: str, words: str, schema: dict[str, Any] = TEXT, *, required: bool = False
) -> dict[str, Any]:
    """A parameter."""
    return {"name": name, "in": place, "description": words, "required": required, "schema": schema}


LANE = parameter(
    "X-Laneway-Lane",
    "header",
    "The lane; else that of `model`, else the key's first.",
    {"pattern": "^[a-z0-9-]{1,63}$"} | TEXT,
)
IDEMPOTENCY = parameter(
    "Idempotency-Key", "header", "Equal ones are one job, for a day.", {"pattern": "^[!-~]{1,255}$"} | TEXT
)
ON_DISCONNECT = parameter(
    "X-Laneway-On-Disconnect",
    "header",
    "`keep`: the job goes on when its client hangs up.",
    {"enum": ["keep", "cancel"]} | TEXT,
)
PREFER = parameter("Prefer", "header", "`respond-async`: the answer is where the job is told of, at `/jobs/{job_id}`.")
TASK = parameter(
    "X-Laneway-Task", "header", "Whatever stands there: nobody waits for it, and it goes to the pool's lane for tasks."
)
TERMS = [LANE, TASK, IDEMPOTENCY, ON_DISCONNECT, PREFER]


def answer(words: str, body: dict[str, Any], *, of_a_job: bool = False) -> dict[str, Any]:
    """What is answered."""
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in _OF_A_JOB}
    return {"description": words, "content": body} | ({"headers": headers} if of_a_job else {})


def operation_id(method: str, path: str) -> str:
    """What an operation is called, such as `get_jobs_job_id`."""
    return f"{method}_{re.sub(r'[^a-z]+', '_', path).strip('_')}".rstrip("_")


def leads_to(told: dict[str, Any], name: str, operations: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """An answer whose id is the parameter `name` of other operations, each a method and a path."""
    ids = [operation_id(*each) for each in operations]
    found = {"parameters": {name: "$response.body#/id"}}
    return told | {"links": {each: {"operationId": each, **found} for each in ids}}


def headers() -> dict[str, Any]:
    """Those of answers that are about a job."""
    return {name: {"description": words, "schema": TEXT} for name, words in _OF_A_JOB.items()}


def looks(door: Door, summary: str, answers: dict[str, Any], parameters: Parameters = ()) -> dict[str, Any]:
    """An operation that only looks."""
    return _operation(door, summary, [*parameters], answers, _LOOKING)


def sends(
    door: Door, summary: str, body: dict[str, Any], answers: dict[str, Any], parameters: Parameters = ()
) -> dict[str, Any]:
    """An operation that has a body."""
    told = _operation(door, summary, [*parameters], answers, _SENDING)
    return told | {"requestBody": {"required": True, "content": content(body)}}


def asks(door: Door, summary: str, answers: dict[str, Any], parameters: Parameters = ()) -> dict[str, Any]:
    """A POST without a body."""
    return _operation(door, summary, [*parameters], answers, _LOOKING | {HTTPStatus.UNSUPPORTED_MEDIA_TYPE})


def anybodys(operation: dict[str, Any]) -> dict[str, Any]:
    """An operation that needs no key."""
    return operation | {"security": []}


def refuses(door: Door, summary: str) -> dict[str, Any]:
    """An operation that nobody may do."""
    return _operation(door, summary, [], {}, _ALWAYS | {HTTPStatus.UNSUPPORTED_MEDIA_TYPE})


def _operation(
    door: Door, summary: str, parameters: list[dict[str, Any]], answers: dict[str, Any], instead: Iterable[HTTPStatus]
) -> dict[str, Any]:
    failed = {str(int(each)): {"$ref": f"#/components/responses/{door.name}"} for each in sorted(instead)}
    told = {"tags": [door.name], "summary": summary, "parameters": parameters}
    return told | {"responses": answers | failed}
