"""What people call JSON Schema, in one dialect. Pure.

OpenAPI 3.0 and draft-04 say `exclusiveMinimum: true` and `nullable: true`; files begin with names of their own.
https://spec.openapis.org/oas/v3.0.3#schema-object, https://json-schema.org/draft-06/json-schema-release-notes
"""

from __future__ import annotations

from typing import Any

KEPT = ("draft-06", "draft-07", "draft/2019-09", "draft/2020-12")
DRAFT_4, DRAFT_7 = "draft-04", "http://json-schema.org/draft-07/schema#"
NAMES = ("$id", "id", "$anchor", "$schema")
"""What a schema is called, which changes nothing where every reference is of the form #/…."""
VALUES = ("const", "enum", "default", "examples")
"""What they hold is no schema."""


MAPS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")


def modern(schema: dict[str, Any]) -> dict[str, Any]:
    """The same in the words of today, without names; a draft that is known is kept at the top."""
    found: dict[str, Any] = _modern(schema)
    draft = _draft(schema.get("$schema"))
    return found | ({"$schema": draft} if draft is not None else {})


def _draft(named: Any) -> str | None:
    if not isinstance(named, str):
        return None
    if f"json-schema.org/{DRAFT_4}/schema" in named:
        return DRAFT_7  # which has its own lists of items, too
    return named if any(f"json-schema.org/{each}/schema" in named for each in KEPT) else None


def _modern(node: Any) -> Any:
    if isinstance(node, list):
        return [_modern(each) for each in node]
    if not isinstance(node, dict):
        return node
    words = {name: each for name, each in _exclusive(node).items() if not (name in NAMES and isinstance(each, str))}
    return _nullable({name: _inside(name, each) for name, each in words.items()})


def _inside(name: str, value: Any) -> Any:
    """Below `properties` and their like stand names, and no words of JSON Schema."""
    if name in VALUES:
        return value
    if name in MAPS and isinstance(value, dict):
        return {each: _modern(schema) for each, schema in value.items()}
    return _modern(value)


def _exclusive(node: dict[str, Any]) -> dict[str, Any]:
    """`exclusiveMinimum: true` makes the minimum beside it one that is not reached."""
    found = dict(node)
    for plain, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(found.get(exclusive), bool) and found.pop(exclusive) and plain in found:
            found[exclusive] = found.pop(plain)
    return found


def _nullable(node: dict[str, Any]) -> dict[str, Any]:
    if node.get("nullable") is True and isinstance(node.get("type"), str):
        return node | {"type": [node["type"], "null"]}
    return node
