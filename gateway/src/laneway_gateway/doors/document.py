"""The OpenAPI document of all doors. Pure."""

from __future__ import annotations

from typing import Any

from laneway_gateway.doors.native.openapi import described as native
from laneway_gateway.doors.ollama.openapi import described as ollama
from laneway_gateway.doors.openai.openapi import described as openai
from laneway_gateway.doors.openapi.parts import answer, content, headers, operation_id, reference

_WORDS = (
    "What a gateway takes and answers, at three doors: the pool's own, OpenAI's and Ollama's. It is made of what the "
    "doors check; what a model can't do, and what a lane bounds further, is refused beside it with 400."
)


def openapi() -> dict[str, Any]:
    """The document: the same for every pool."""
    doors = (native(), openai(), ollama())
    schemas = {name: each for door in doors for name, each in door.schemas.items()}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Laneway: the gateway", "version": "v1alpha1", "description": _WORDS},
        "tags": [{"name": door.name, "description": door.words} for door in doors],
        "paths": {path: _named(path, each) for door in doors for path, each in door.paths.items()},
        "security": [{"bearer": []}, {"basic": []}, {"key": []}],
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "responses": {door.name: _refusal(door.error) for door in doors},
            "headers": headers(),
            "securitySchemes": _security(),
        },
    }


def _named(path: str, operations: dict[str, Any]) -> dict[str, Any]:
    return {method: {"operationId": operation_id(method, path), **each} for method, each in operations.items()}


def _refusal(schema: str) -> dict[str, Any]:
    return answer("No answer: the error says what to change.", content(reference(schema)))


def _security() -> dict[str, Any]:
    return {
        "bearer": {"type": "http", "scheme": "bearer"},
        "basic": {"type": "http", "scheme": "basic", "description": "The key is the password."},
        "key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
    }
