"""How often a JSON Schema may evaluate one place of an answer, at worst. Pure.

References can double the work with each level (`allOf` of two references to the next definition): a few lines of schema
then take hours; and a chain of references is followed by recursion, whose stack is bounded. Such schemas are refused
before anything is generated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from laneway.schema.shared.strict_json import MAX_DEPTH

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_EVALUATIONS = 10_000
MAX_IN_A_ROW = 100  # schemas for one place; jsonschema_rs overflows its stack at 1,000 for each of 32 levels
SAME_PLACE_LISTS = ("allOf", "anyOf", "oneOf")
SAME_PLACE = ("not", "if", "then", "else")
SAME_PLACE_MAPS = ("dependentSchemas", "dependencies")
DEEPER = ("items", "additionalItems", "additionalProperties", "unevaluatedItems", "unevaluatedProperties", "contains")
DEEPER_LISTS = ("prefixItems", "items")
ELSEWHERE = ("$id", "id", "$anchor", "$dynamicRef", "$recursiveRef", "$dynamicAnchor")


class TooComplex(ValueError):
    """What to change about the schema."""


def check_complexity(schema: Any) -> None:
    """Refuse a schema whose references are not plain `#/…`, multiply, or go on and on; raises `TooComplex`."""
    references = _References(schema)
    below: dict[int, _Size] = {}
    for schemas in reversed(references.levels()):
        level = _Level(references, below)
        for each in schemas:
            level.measure(each, ())
        below = level.known
    if below.get(id(schema), ONE).evaluations > MAX_EVALUATIONS:
        raise TooComplex("its references multiply; write them out, or use fewer branches")


class _Size(NamedTuple):
    """What a schema costs at one level of an answer and below it."""

    evaluations: int
    in_a_row: int
    """The longest way through schemas for the same place."""


ONE = _Size(evaluations=1, in_a_row=1)


class _Level:
    """Measures the schemas of one level of an answer. Level by level, so that recursion is never deeper than a row."""

    def __init__(self, references: _References, below: dict[int, _Size]) -> None:
        self._references = references
        self._below = below
        self.known: dict[int, _Size] = {}

    def measure(self, schema: Any, path: tuple[int, ...]) -> _Size:
        if not isinstance(schema, dict):
            return ONE
        if id(schema) in path:
            raise TooComplex("a reference leads back to itself without reading anything")
        _refuse_long(len(path) + 1)
        if id(schema) not in self.known:
            links = self._references.of(schema)
            same = [self.measure(each, (*path, id(schema))) for each in links.same_place]
            in_a_row = 1 + max((each.in_a_row for each in same), default=0)
            _refuse_long(in_a_row)  # a part of the row may have been known
            evaluations = 1 + sum(each.evaluations for each in same) + self._evaluations_below(links)
            self.known[id(schema)] = _Size(min(MAX_EVALUATIONS + 1, evaluations), in_a_row)
        return self.known[id(schema)]

    def _evaluations_below(self, links: _Links) -> int:
        """One property is one of `properties`, but may match every pattern."""
        properties = (self._below.get(id(each), ONE).evaluations for each in links.properties)
        patterns = (self._below.get(id(each), ONE).evaluations for each in links.patterns)
        return max(properties, default=0) + sum(patterns)


def _refuse_long(in_a_row: int) -> None:
    if in_a_row > MAX_IN_A_ROW:
        raise TooComplex(f"its references lead on and on; at most {MAX_IN_A_ROW} schemas in a row can be used")


class _Links(NamedTuple):
    """Which schemas a schema leads to."""

    same_place: list[Any]
    properties: list[Any]
    patterns: list[Any]


class _References:
    """The links of all schemas in a schema, each looked up once."""

    def __init__(self, root: Any) -> None:
        self._root = root
        self._known: dict[int, _Links] = {}

    def levels(self) -> list[list[dict[str, Any]]]:
        """The schemas for each level of an answer, from the top."""
        found: list[list[dict[str, Any]]] = []
        begin: list[Any] = [self._root]
        for _ in range(MAX_DEPTH):
            found.append(self._all_for_one_place(begin))
            begin = [each for schema in found[-1] for part in self.of(schema)[1:] for each in part]
        return found

    def _all_for_one_place(self, begin: list[Any]) -> list[dict[str, Any]]:
        seen: dict[int, dict[str, Any]] = {}
        while begin:
            schema = begin.pop()
            if isinstance(schema, dict) and id(schema) not in seen:
                seen[id(schema)] = schema
                begin.extend(self.of(schema).same_place)
        return list(seen.values())

    def of(self, schema: dict[str, Any]) -> _Links:
        """A schema's links."""
        if id(schema) not in self._known:
            patterns = list(_values(schema.get("patternProperties")))
            self._known[id(schema)] = _Links(list(self._same_place(schema)), list(_properties(schema)), patterns)
        return self._known[id(schema)]

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
