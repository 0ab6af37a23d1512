"""What Ollama tells of a model, as a pool's document says it. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from laneway.schema.pool.documents.model_facts import MAX_FACTS_BYTES, ModelFacts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from laneway.schema.pool.documents.lane_config import LaneModel


def facts_of(model: LaneModel, version: str, listed: Mapping[str, Any], shown: Mapping[str, Any]) -> ModelFacts:
    """By the model's entry in `/api/tags`, and by `/api/show`. What a version of Ollama leaves out, or tells in a form
    of its own, is left out, each for itself.
    """
    known: dict[str, Any] = {"name": model.name, "context_length": model.context_length, "engine": version or None}
    told = {
        "digest": _digest(listed),
        "size": listed.get("size"),
        "modified_at": listed.get("modified_at"),
        "details": _told(listed.get("details")),
        "capabilities": shown.get("capabilities"),
        "model_info": _told(shown.get("model_info")),
    }
    for name, value in told.items():
        if value is not None and _is_fact(known | {name: value}):
            known[name] = value
    return _read(known)


def _digest(listed: Mapping[str, Any]) -> str | None:
    digest = listed.get("digest")
    return f"sha256:{digest.removeprefix('sha256:')}" if isinstance(digest, str) else None


def _told(fields: Any) -> Any:
    """Ollama writes `null` for what it does not know."""
    return {name: each for name, each in fields.items() if each is not None} if isinstance(fields, dict) else fields


def _is_fact(fields: dict[str, Any]) -> bool:
    try:
        return len(_read(fields).model_dump_json()) <= MAX_FACTS_BYTES
    except ValidationError:
        return False


def _read(fields: dict[str, Any]) -> ModelFacts:
    return ModelFacts.model_validate_json(json.dumps(fields))
