"""What Schemathesis is told beside the doors' document (`SCHEMATHESIS_HOOKS`): whom to ask, and what is too long."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import schemathesis

from laneway_gateway.doors.holding.answering import JOBS
from support.inputs.offers import EMBEDDER, MODEL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemathesis import Case, DeserializationContext, HookContext, Response

LINES = "application/x-ndjson"
MOST = {"maxLength": 512, "maxItems": 64, "maxProperties": 64}
"""Larger bounds it is not to know: it tries each, and a list of 2,048 texts of 1 MiB is 2 GiB."""
WILLING = {"X-Laneway-Lane": "[a-z0-9-]{1,63}", "Idempotency-Key": "[!-~]{1,255}"}
"""Headers whose every value but few is refused, however well it is written; what is not written so goes out."""


def _objects(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for each in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _objects(each)


@schemathesis.deserializer(LINES)
def read_lines(_context: DeserializationContext, response: Response) -> Any:
    """A stream of JSON lines is a list; `before_load_schema` says the same of its schema."""
    return [json.loads(each) for each in response.content.splitlines()]


@schemathesis.hook
def before_load_schema(_context: HookContext, document: dict[str, Any]) -> None:
    """Leave out what is long, and let lines be a list."""
    for each in _objects(document):
        for name, most in MOST.items():
            if isinstance(each.get(name), int) and each[name] > most:
                del each[name]
        if isinstance(each.get(LINES), dict):
            each[LINES] = {"schema": {"type": "array", "minItems": 1, "items": each[LINES]["schema"]}}


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], _kwargs: dict[str, Any]) -> None:
    """Ask for something, of a model that there is, in a lane that there is."""
    path = context.operation.path if context.operation is not None else ""
    if isinstance(case.body, dict):
        _ask(case.body, path)
    headers: Any = case.headers or {}
    for name, pattern in WILLING.items():
        if re.fullmatch(pattern, str(headers.get(name, ""))):
            del headers[name]


def _ask(body: dict[str, Any], path: str) -> None:
    if isinstance(body.get("model"), str):
        body["model"] = EMBEDDER if "embed" in path else MODEL
    if path == JOBS and all(body.get(name) is None for name in ("prompt", "messages", "input")):
        body["prompt"] = "hi"
