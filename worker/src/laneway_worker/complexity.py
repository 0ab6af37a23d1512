"""How often a JSON Schema may evaluate one place of an answer, at worst. Pure.

References can double the work with each level (`allOf` of two references to the next definition): a few lines of schema
then take hours. Such schemas are refused before anything is generated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from laneway.schema.strict_json import MAX_DEPTH

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_EVALUATIONS = 10_000
SAME_PLACE_LISTS = ("allOf", "anyOf", "oneOf")
SAME_PLACE = ("not", "if", "then", "else")
SAME_PLACE_MAPS = ("dependentSchemas", "dependencies")
DEEPER = ("items", "additionalItems", "additionalProperties", "unevaluatedItems", "unevaluatedProperties", "contains")
DEEPER_LISTS = ("prefixItems", "items")
ELSEWHERE = ("$id", "id", "$anchor", "$dynamicRef", "$recursiveRef", "$dynamicAnchor")


class TooComplex(ValueError):
    """What to change about the schema."""


def check_complexity(schema: Any) -> None:
    """Refuse a schema whose references are not plain `#/…` or multiply; raises `TooComplex`."""
    if _Counter(schema).count(schema, MAX_DEPTH, ()) > MAX_EVALUATIONS:
        raise TooComplex("its references multiply; write them out, or use fewer branches")


class _Counter:
    """Counts evaluations of one place and of the places below it, deepest path first, with a memory."""

    def __init__(self, root: Any) -> None:
        self._root = root
        self._known: dict[tuple[int, int], int] = {}

    def count(self, schema: Any, depth: int, path: tuple[int, ...]) -> int:
        if not isinstance(schema, dict) or depth == 0:
            return 1
        if id(schema) in path:
            raise TooComplex("a reference leads back to itself without reading anything")
        key = (id(schema), depth)
        if key not in self._known:
            here = sum(self.count(each, depth, (*path, id(schema))) for each in self._same_place(schema))
            below = [self.count(each, depth - 1, ()) for each in _properties(schema)]
            patterns = [self.count(each, depth - 1, ()) for each in _values(schema.get("patternProperties"))]
            self._known[key] = min(MAX_EVALUATIONS + 1, 1 + here + max(below, default=0) + sum(patterns))
        return self._known[key]

    def _same_place(self, schema: dict[str, Any]) -> Iterator[Any]:
        if any(name in schema for name in ELSEWHERE):
            raise TooComplex("only references of the form #/… can be used")
        if "$ref" in schema:
            yield self._target(schema["$ref"])
        for name in SAME_PLACE_LISTS:
            yield from schema.get(name) or () if isinstance(schema.get(name), list) else ()
        yield from (schema[name] for name in SAME_PLACE if name in schema)
        for name in SAME_PLACE_MAPS:
            yield from _values(schema.get(name))

    def _target(self, reference: Any) -> Any:
        if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
            raise TooComplex("only references of the form #/… can be used")
        node = self._root
        for part in reference.removeprefix("#").split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(node, dict) or name not in node:
                raise TooComplex("a reference leads nowhere")
            node = node[name]
        return node


def _properties(schema: dict[str, Any]) -> Iterator[Any]:
    yield from _values(schema.get("properties"))
    yield from (schema[name] for name in DEEPER if isinstance(schema.get(name), dict))
    for name in DEEPER_LISTS:
        yield from schema[name] if isinstance(schema.get(name), list) else ()


def _values(value: Any) -> Iterator[Any]:
    yield from value.values() if isinstance(value, dict) else ()
