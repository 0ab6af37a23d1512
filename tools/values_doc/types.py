"""Types that several values share; what becomes a PlacementProfile, and the operator's engines, have their models."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from laneway.schema.pool.profile import ProfileSpec
from laneway.schema.shared.base import Alias
from laneway_operator.engines import Engines
from laneway_operator.environment import VARIABLES

CEL = "x-kubernetes-validations"  # which Helm can't read
LABEL_TEXT = 317  # Kubernetes: a prefix of 253, a slash, a name of 63
QUANTITY = r"^[0-9]+(\.[0-9]+)?(m|[kKMGTPE]i?)?$"
PROFILES: TypeAdapter[dict[str, ProfileSpec]] = TypeAdapter(dict[Alias, ProfileSpec])
_TEXT_MAP = {"type": "object", "additionalProperties": {"type": "string"}}
_TOLERATION = {
    "key": {"type": "string", "maxLength": LABEL_TEXT},
    "operator": {"enum": ["Exists", "Equal"]},
    "value": {"type": "string", "maxLength": LABEL_TEXT},
    "effect": {"enum": ["NoSchedule", "PreferNoSchedule", "NoExecute"]},
    "tolerationSeconds": {"type": "integer", "minimum": 0},
}


def _closed(properties: dict[str, Any], required: tuple[str, ...] = ()) -> dict[str, Any]:
    needed = {"required": list(required)} if required else {}
    return {"type": "object", "additionalProperties": False, "properties": properties, **needed}


TYPES: dict[str, dict[str, Any]] = {
    "name": {
        "type": "string",
        "maxLength": 253,
        "pattern": r"^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$",
    },
    "nameOrNothing": {"anyOf": [{"const": ""}, {"$ref": "name"}]},
    "cidrs": {
        "type": "array",
        "maxItems": 16,
        "uniqueItems": True,
        "items": {"type": "string", "pattern": "^[0-9a-fA-F.:]{2,45}/[0-9]{1,3}$"},
    },
    "names": {"type": "array", "maxItems": 16, "uniqueItems": True, "items": {"$ref": "name"}},
    "namespaces": {
        "type": "array",
        "maxItems": 100,
        "uniqueItems": True,
        "items": {"type": "string", "maxLength": 63, "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$"},
    },
    "repository": {"type": "string", "pattern": r"^([^\s:/@]+(:[0-9]+)?/)?[^\s:@]+$"},
    "tag": {"type": "string", "pattern": r"^([A-Za-z0-9_][A-Za-z0-9._-]{0,127}(@sha256:[0-9a-f]{64})?)?$"},
    "digest": {"type": "string", "pattern": "^(sha256:[0-9a-f]{64})?$"},
    "pullPolicy": {"enum": ["Always", "IfNotPresent", "Never"]},
    "labels": {
        "type": "object",
        "maxProperties": 32,
        "propertyNames": {"maxLength": LABEL_TEXT},
        "additionalProperties": {"type": "string", "pattern": "^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$"},
    },
    "annotations": _TEXT_MAP,
    "nodeSelector": {**_TEXT_MAP, "maxProperties": 32},
    "tolerations": {"type": "array", "maxItems": 32, "items": _closed(_TOLERATION)},
    "affinity": _closed({name: {"type": "object"} for name in ("nodeAffinity", "podAffinity", "podAntiAffinity")}),
    "objects": {"type": "array", "maxItems": 32, "items": {"type": "object"}},
    "env": {
        "type": "array",
        "maxItems": 64,
        "items": _closed(
            {
                "name": {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$", "not": {"pattern": "^LANEWAY_"}},
                "value": {"type": "string"},
                "valueFrom": {"type": "object"},
            },
            ("name",),
        ),
    },
    "poolEnv": _closed({name: {"type": "string", "pattern": f"^({form})$"} for name, (form, _) in VARIABLES.items()}),
    "quantities": {
        "type": "object",
        "additionalProperties": {"anyOf": [{"type": "string", "pattern": QUANTITY}, {"type": "number", "minimum": 0}]},
    },
    "duration": {"type": "string", "pattern": "^([0-9]+(s|m|h))+$"},
}


def definitions() -> dict[str, dict[str, Any]]:
    """Name → schema."""
    profiles = _plain(PROFILES.json_schema(by_alias=True))
    inner = profiles.pop("$defs")
    engines = _plain(Engines.model_json_schema(by_alias=True))
    inner |= engines.pop("$defs") | {"engines": {**engines["properties"]["engines"], "additionalProperties": False}}
    return {**TYPES, **inner, "placementProfiles": {**profiles, "additionalProperties": False}}


def _plain(schema: Any) -> Any:
    """As a person writes it: short references, no generated titles, no way to say nothing but leaving it out."""
    if isinstance(schema, list):
        return [_plain(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    options = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(options) == 1:
        schema = {name: each for name, each in schema.items() if name == "description"} | options[0]
    return {name: _short(name, each) for name, each in schema.items() if name not in {"title", "default", CEL}}


def _short(name: str, schema: Any) -> Any:
    return schema.rpartition("/")[2] if name == "$ref" else _plain(schema)
