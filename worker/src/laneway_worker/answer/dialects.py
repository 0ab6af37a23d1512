"""What people call JSON Schema, in one dialect. Pure.

OpenAPI 3.0 and draft-04 say `exclusiveMinimum: true` and `nullable: true`, older drafts write tuples and dependencies
otherwise, and files begin with names of their own.
https://spec.openapis.org/oas/v3.0.3#schema-object, https://json-schema.org/draft-06/json-schema-release-notes
"""

from __future__ import annotations

from typing import Any

OLD = ("draft-03", "draft-04", "draft-06", "draft-07")
"""Drafts that pass over what stands beside `$ref`, and know no `prefixItems`."""
NAMES = ("$id", "id", "$anchor", "$schema")
"""What a schema is called, which changes nothing where every reference is of the form #/…."""
VALUES = ("const", "enum", "default", "examples")
"""What they hold is no schema."""
MAPS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
"""What they hold is schemas, each under a name of the sender's."""


def modern(schema: dict[str, Any]) -> dict[str, Any]:
    """The same in the words of draft 2020-12, without names."""
    draft = schema.get("$schema")
    is_old = isinstance(draft, str) and any(each in draft for each in OLD)
    found: dict[str, Any] = _modern(_alone(schema) if is_old else schema)
    return found


def _alone(node: Any) -> Any:
    """What old drafts read: of a schema with `$ref` nothing else but the definitions below it."""
    if isinstance(node, list):
        return [_alone(each) for each in node]
    if not isinstance(node, dict):
        return node
    kept = ("$ref", "definitions", "$defs") if isinstance(node.get("$ref"), str) else node.keys() - {"prefixItems"}
    return {name: each if name in VALUES else _alone(each) for name, each in node.items() if name in kept}


def _modern(node: Any) -> Any:
    if isinstance(node, list):
        return [_modern(each) for each in node]
    if not isinstance(node, dict):
        return node
    words = {name: each for name, each in _exclusive(node).items() if not (name in NAMES and isinstance(each, str))}
    return _nullable(_listed(_depending({name: _inside(name, each) for name, each in words.items()})))


def _inside(name: str, value: Any) -> Any:
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


def _listed(node: dict[str, Any]) -> dict[str, Any]:
    """Before draft 2020-12 a tuple was a list of `items`, and `additionalItems` were all others."""
    found = dict(node)
    others = found.pop("additionalItems", None)
    if isinstance(found.get("items"), list):
        found["prefixItems"] = found.pop("items")
        if others is not None:
            found["items"] = others
    return found


def _depending(node: dict[str, Any]) -> dict[str, Any]:
    """`dependencies` were two keywords in one."""
    if not isinstance(node.get("dependencies"), dict):
        return node
    found = dict(node)
    both = found.pop("dependencies")
    names = {name: each for name, each in both.items() if isinstance(each, list)}
    schemas = {name: each for name, each in both.items() if name not in names}
    for keyword, own in (("dependentRequired", names), ("dependentSchemas", schemas)):
        beside = found.get(keyword, {})
        found[keyword] = own | beside if isinstance(beside, dict) else beside  # what is none is refused by place
    return found
