"""A chart's values.schema.json. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from values_doc.parse import ValuesError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from values_doc.parse import Document, Value

DRAFT = "http://json-schema.org/draft-07/schema#"  # the newest that every Helm 3 knows
KINDS: dict[type, str] = {bool: "boolean", int: "integer", float: "number", str: "string"}
GLOBAL = {"description": "What Helm hands to every subchart; not read.", "type": "object"}

Schema = dict[str, Any]


def schema_of(chart: str, document: Document, types: Mapping[str, Schema]) -> Schema:
    """Refuses what the file doesn't name; raises `ValuesError`."""
    properties = {"global": GLOBAL} | {each.name: _property(each) for each in document.values}
    known = {name: each for name, each in types.items() if name in set(_reached(properties, types))}
    return {
        "$schema": DRAFT,
        "title": f"Values of the {chart} chart",
        "type": "object",
        "additionalProperties": False,
        "properties": _linked(properties),
        **({"definitions": _linked(known)} if known else {}),
    }


def _property(value: Value) -> Schema:
    text = " ".join(value.comment.text.split())
    if value.children:
        inner = {each.name: _property(each) for each in value.children} | _gone(value)
        return {"description": text, "type": "object", "additionalProperties": False, "properties": inner}
    return {"description": text, **_kind(value)}


def _gone(value: Value) -> Schema:
    """Never right, whatever it is set to: of a schema, Helm tells the name and what it could have been."""
    return {name: {"description": words, "enum": [words]} for name, words in value.comment.gone.items()}


def _kind(value: Value) -> Schema:
    own = dict(value.comment.schema)
    if "$ref" in own and len(own) > 1:  # beside a reference, draft-07 reads nothing
        return {"allOf": [{"$ref": own.pop("$ref")}, own]}
    if {"$ref", "type", "enum", "anyOf"} & set(own):
        return own
    if type(value.default) not in KINDS:
        raise ValuesError(f"{value.path} needs a line `@ {{…}}` in its comment: its default doesn't tell its type")
    return {"type": KINDS[type(value.default)], **own}


def _reached(schema: Any, types: Mapping[str, Schema], seen: tuple[str, ...] = ()) -> Iterator[str]:
    """Every type that a schema names, at first or at second hand; raises `ValuesError` for an unknown one."""
    for name in _references(schema):
        if name not in types:
            raise ValuesError(f"there is no type {name}")
        if name not in seen:
            yield name
            yield from _reached(types[name], types, (*seen, name))


def _references(schema: Any) -> Iterator[str]:
    parts = schema.items() if isinstance(schema, dict) else enumerate(schema) if isinstance(schema, list) else ()
    for name, each in parts:
        if name == "$ref":
            yield each
        else:
            yield from _references(each)


def _linked(schema: Any) -> Any:
    """With whole references."""
    if isinstance(schema, list):
        return [_linked(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {name: f"#/definitions/{each}" if name == "$ref" else _linked(each) for name, each in schema.items()}
