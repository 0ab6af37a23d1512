from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laneway_worker.answer.grammars import TooLarge, for_ollama
from laneway_worker.answer.merging import CantBeMet
from support.inputs.jobs import JSON_OBJECTS, PROPERTY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TEXT: dict[str, Any] = {"type": "string"}
NUMBER: dict[str, Any] = {"type": "number"}
NULL: dict[str, Any] = {"type": "null"}
ANYTHING = {"anyOf": [{"type": each} for each in ("object", "array", "string", "number", "boolean", "null")]}


def an_object(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": required | optional,
        "required": list(required),
        "additionalProperties": False,
    }


WRITTEN: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({}, ANYTHING),
    ({"title": "A", "description": "b", "x-order": 1, "examples": [1]}, ANYTHING),
    ({"type": "string", "title": "A"}, TEXT),
    ({"type": ["string", "null"]}, {"anyOf": [TEXT, NULL]}),
    ({"type": "object"}, {"type": "object"}),
    ({"additionalProperties": {"type": "number"}}, {"type": "object", "additionalProperties": NUMBER}),
    ({"type": "object", "additionalProperties": False}, {"enum": [{}]}),
    ({"properties": {"a": False}}, {"enum": [{}]}),
    ({"patternProperties": {"^x-": NUMBER}}, {"type": "object", "additionalProperties": NUMBER}),
    ({"properties": {"a": TEXT, "b": NULL}, "required": ["b"]}, an_object({"b": NULL}, a=TEXT)),
    ({"properties": {"a": TEXT}, "required": ["a"], "additionalProperties": True}, an_object({"a": TEXT})),
    ({"properties": {"a": False, "b": TEXT}}, an_object({}, b=TEXT)),
    ({"type": "object", "required": ["a"]}, an_object({"a": ANYTHING})),
    ({"required": ["a"], "additionalProperties": NUMBER}, an_object({"a": NUMBER})),
    ({"items": NUMBER}, {"type": "array", "items": NUMBER}),
    ({"type": "array"}, {"type": "array"}),
    ({"type": "array", "items": NUMBER, "minItems": 1, "maxItems": 3}, {
        "type": "array", "items": NUMBER, "minItems": 1, "maxItems": 3,
    }),
    ({"type": "array", "maxItems": 0}, {"enum": [[]]}),
    ({"type": "array", "items": NUMBER, "maxItems": 10**9}, {"type": "array", "items": NUMBER}),
    ({"prefixItems": [TEXT, NULL]}, {"type": "array", "prefixItems": [TEXT, NULL]}),
    ({"items": [TEXT, NULL]}, {"type": "array", "prefixItems": [TEXT, NULL]}),
    ({"prefixItems": [TEXT], "items": NULL, "minItems": 3}, {"type": "array", "prefixItems": [TEXT, NULL, NULL]}),
    ({"prefixItems": [TEXT, NULL], "maxItems": 1}, {"type": "array", "prefixItems": [TEXT]}),
    ({"minLength": 2, "maxLength": 9}, {"type": "string", "minLength": 2, "maxLength": 9}),
    ({"type": "string", "maxLength": 10**9}, TEXT),
    ({"type": "string", "format": "date"}, {"type": "string", "format": "date"}),
    ({"type": "string", "format": "email"}, TEXT),
    ({"type": "string", "pattern": r"^\d{4}$"}, {"type": "string", "pattern": "^[0-9]{4,4}$"}),
    ({"type": "string", "pattern": r"(a)\1", "maxLength": 3}, TEXT | {"maxLength": 3}),
    ({"type": "integer"}, {"type": "integer"}),
    ({"type": "integer", "minimum": 0.5, "maximum": 9.5}, {"type": "integer", "minimum": 1, "maximum": 9}),
    ({"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 9}, {
        "type": "integer", "minimum": 1, "maximum": 8
    }),
    ({"type": "integer", "minimum": -(2**40), "maximum": 2**40}, {"type": "integer"}),
    ({"type": "number", "minimum": 1, "maximum": 2, "multipleOf": 0.01}, NUMBER),
    ({"const": "x"}, {"enum": ["x"]}),
    ({"type": "string", "enum": ["a", None, 1]}, {"enum": ["a"]}),
    ({"type": "integer", "enum": [1, 2.0, True]}, {"enum": [1, 2.0]}),
    ({"enum": ["a", 'b"c']}, {"anyOf": [{"enum": ["a"]}, TEXT | {"pattern": r"^[b][\x5C][\x22][c]$"}]}),
    ({"enum": ["\\d"]}, TEXT | {"pattern": r"^[\x5C][\x5C][d]$"}),
    ({"anyOf": [TEXT]}, TEXT),
    ({"oneOf": [TEXT, NULL]}, {"anyOf": [TEXT, NULL]}),
    ({"anyOf": [TEXT, False]}, TEXT),
    ({"allOf": [TEXT]}, TEXT),
    ({"allOf": [{"properties": {"a": TEXT}}, {"properties": {"b": NULL}, "required": ["b"]}]},
        an_object({"b": NULL}, a=TEXT)),
    ({"allOf": [{"type": "number"}, {"type": "integer", "minimum": 1}]}, {"type": "integer", "minimum": 1}),
    ({"type": "object", "properties": {"k": TEXT}, "required": ["k"], "anyOf": [
        {"properties": {"k": {"const": "a"}}}, {"properties": {"k": {"const": "b"}, "n": NUMBER}, "required": ["n"]},
    ]}, {"anyOf": [an_object({"k": {"enum": ["a"]}}), an_object({"k": {"enum": ["b"]}, "n": NUMBER})]}),
    ({"if": TEXT, "then": {"maxLength": 1}, "not": NULL, "type": "string"}, TEXT),
    ({"$ref": "#/$defs/a", "$defs": {"a": TEXT}}, TEXT | {"$defs": {"part0": TEXT}}),
    ({"properties": {"a": {"$ref": "#/$defs/a%20b"}}, "$defs": {"a b": NULL}}, an_object(
        {}, a={"$ref": "#/$defs/part0"}) | {"$defs": {"part0": NULL}}),
    ({"properties": {"a": {"allOf": [{"$ref": "#/definitions/a"}], "description": "b"}}, "definitions": {"a": NULL}},
        an_object({}, a=NULL)),
    ({"properties": {'a"': TEXT, "\\": TEXT, "": TEXT, "\n": TEXT, "é": TEXT}}, an_object({}, é=TEXT)),
    ({"oneOf": [
        {"required": ["a"], "properties": {"b": False}}, {"required": ["b"], "properties": {"a": False}}
    ], "properties": {"a": TEXT, "b": TEXT}}, {"anyOf": [an_object({"a": TEXT}), an_object({"b": TEXT})]}),
    ({"anyOf": [{"required": ["a"]}], "oneOf": [{"properties": {"a": TEXT}}, {"properties": {"a": NULL}}]},
        {"anyOf": [an_object({"a": TEXT}), an_object({"a": NULL})]}),
    ({"allOf": [{"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}, {"properties": {"a": TEXT, "b": NULL}}]},
        {"anyOf": [an_object({"a": TEXT}, b=NULL), an_object({"b": NULL}, a=TEXT)]}),
    ({"allOf": [{"properties": {"a": TEXT}, "additionalProperties": False}, {"properties": {"b": NULL}}]},
        an_object({}, a=TEXT)),
    ({"allOf": [{"properties": {"a": TEXT}}, {"additionalProperties": {"maxLength": 3}}]},
        an_object({}, a=TEXT | {"maxLength": 3})),
    ({"properties": {"a": TEXT}, "if": {"required": ["a"]}, "then": {"required": ["b"]}},
        an_object({}, a=TEXT) | {"additionalProperties": True}),
    ({"properties": {"a": TEXT}, "minProperties": 2, "additionalProperties": False}, an_object({}, a=TEXT)),
    ({"required": ["x"], "patternProperties": {"^a": NULL}, "additionalProperties": TEXT}, an_object({"x": ANYTHING})),
    ({"required": ["x"], "patternProperties": {"^x": NULL}, "additionalProperties": False}, an_object({"x": NULL})),
    ({"type": ["integer", "null"], "exclusiveMinimum": 0}, {"anyOf": [{"type": "integer", "minimum": 1}, NULL]}),
    ({"prefixItems": [{}], "minItems": 10**9}, {"type": "array"}),
    ({"type": "string", "pattern": "a" * 3_000}, TEXT),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "written"), WRITTEN, ids=lambda each: json.dumps(each)[:60])
def test_a_schema_is_written_by_its_meaning(schema: dict[str, Any], written: dict[str, Any]) -> None:
    assert for_ollama(schema) == written


def a_tree() -> dict[str, Any]:
    return {"properties": {name: {"anyOf": [{"$ref": "#"}, NULL]} for name in ("left", "right")}}


def test_a_tree_is_written_with_references() -> None:
    inner = {name: {"anyOf": [{"$ref": "#/$defs/part0"}, NULL]} for name in ("left", "right")}
    assert for_ollama(a_tree()) == an_object({}, **inner) | {"$defs": {"part0": an_object({}, **inner)}}


def test_no_definition_has_a_name_that_stands_in_the_schema() -> None:
    (name,) = for_ollama({"properties": {"part0": {"$ref": "#/$defs/a"}}, "$defs": {"a": TEXT}})["$defs"]
    assert re.fullmatch(r"part[0-9a-f]{16}x0", name)


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"type": "integer", "minimum": 5, "maximum": 3}, "format: no number is at least 5 and at most 3"),
    ({"type": "number", "exclusiveMinimum": 5, "maximum": 5}, "format: no number"),
    ({"type": "integer", "minimum": 0.2, "maximum": 0.8}, "no whole number"),
    ({"minLength": 3, "maxLength": 2}, r"format: minLength \(3\) is more than maxLength \(2\)"),
    ({"items": TEXT, "minItems": 3, "maxItems": 2}, "minItems"),
    ({"type": "array", "items": False, "minItems": 1}, "no items are allowed"),
    ({"type": "string", "enum": [1, 2]}, "none of its values is of its type"),
    ({"type": "string", "const": None}, "none of its values"),
    ({"allOf": [TEXT, NUMBER]}, "different types"),
    ({"allOf": [{"enum": [1]}, {"enum": [True]}]}, "no value in common"),
    ({"anyOf": [False, {"allOf": [TEXT, NUMBER]}]}, "format/anyOf/1: its parts ask for different types"),
    ({"anyOf": []}, "no alternatives"),
    ({"properties": {"a": False}, "required": ["a"]}, "format/properties/a: nothing is allowed here"),
    ({"properties": {'a"': TEXT}, "required": ['a"']}, "a name with a quote"),
    ({"$ref": "#"}, "lead back"),
    ({"anyOf": [TEXT, {"$ref": "#"}]}, "leads back to itself"),
    ({"$ref": "#/$defs/a", "$defs": {
        "a": {"anyOf": [{"$ref": "#/$defs/b"}, NULL]}, "b": {"oneOf": [{"$ref": "#/$defs/a"}, TEXT]}
    }}, "leads back to itself"),
    ({"properties": {"next": {"$ref": "#"}}, "required": ["next"]}, "contains itself without end"),
    ({"items": {"$ref": "#"}, "minItems": 1}, "contains itself without end"),
    ({"$ref": "#/$defs/nowhere"}, "leads nowhere"),
    ({"properties": {"a": {"$ref": "other.json#/a"}}}, "only references of the form #/"),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "words"), REFUSED, ids=lambda each: json.dumps(each)[:60])
def test_what_can_t_be_met_is_refused_by_its_place(schema: dict[str, Any], words: str) -> None:
    with pytest.raises(CantBeMet, match=words):
        for_ollama(schema)


def test_everything_that_can_t_be_met_is_told_at_once() -> None:
    bad = {"minLength": 2, "maxLength": 1}
    with pytest.raises(CantBeMet) as caught:
        for_ollama({"properties": dict.fromkeys("abcdefg", bad)})
    assert all(f"format/properties/{name}: minLength" in str(caught.value) for name in "abcde")
    assert str(caught.value).endswith("and 2 more")


def chain(length: int, step: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    defs = {f"d{number}": step(f"#/$defs/d{number + 1}") for number in range(length)}
    return {"$defs": defs | {f"d{length}": {"type": "integer"}}, "$ref": "#/$defs/d0"}


TOO_LARGE = {
    "choices": {"enum": list(range(2_501))},
    "choices in several places": {"items": {"enum": list(range(1_300))}, "anyOf": [{"const": n} for n in range(1_300)]},
    "names of a megabyte": {"required": ["a" * 300_000]},
    "values of a megabyte": {"enum": ["a" * 300_000]},
    "optional properties": {"properties": {f"p{number}": {} for number in range(101)}},
    "optional properties of many objects": {
        "properties": {f"o{number}": {"properties": {f"p{n}": {} for n in range(90)}} for number in range(6)}
    },
    "references that multiply": {
        "$defs": {
            f"d{n}": {"properties": {x: {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}]} for x in "ab"}} for n in range(30)
        } | {"d30": {}},
        "$ref": "#/$defs/d0",
    },
    "references that double in one place": chain(40, lambda to: {"allOf": [{"$ref": to}, {"$ref": to}]}),
    "references on and on": chain(1_200, lambda to: {"$ref": to}),
}  # fmt: skip


@pytest.mark.parametrize("schema", TOO_LARGE.values(), ids=TOO_LARGE)
def test_what_is_too_large_for_ollama_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises((TooLarge, CantBeMet), match=r"at most|more than|too many"):
        for_ollama(schema)


FINE = {
    "properties that are required": {"required": [f"p{number}" for number in range(900)]},
    "many strings with lengths": {
        "properties": {f"p{n}": {"maxLength": 2_000} for n in range(400)}, "required": [f"p{n}" for n in range(400)],
    },
    "a hundred optional ones": {"properties": {f"p{number}": TEXT for number in range(100)}},
    "a long chain of properties": chain(5_000, lambda to: {"properties": {"a": {"$ref": to}}}),
    "a chain of ninety": chain(90, lambda to: {"$ref": to}),
    "a schema that contains itself twice": {"properties": {"a": {"allOf": [{"$ref": "#"}, {"$ref": "#"}]}}},
    "alternatives that contain each other": chain(40, lambda to: {"anyOf": [{"$ref": to}, {"$ref": to}, NULL]}),
    "names that only the check reads": chain(40, lambda to: {"propertyNames": {"allOf": [{"$ref": to}, {"$ref": to}]}}),
}  # fmt: skip


@pytest.mark.parametrize("schema", FINE.values(), ids=FINE)
def test_what_is_large_but_harmless_is_not(schema: dict[str, Any]) -> None:
    assert set(shapes(for_ollama(schema))) <= KEYWORDS


KEYWORDS = {"type", "properties", "required", "additionalProperties", "items", "prefixItems", "minItems", "maxItems"}
KEYWORDS |= {"enum", "anyOf", "$ref", "$defs", "pattern", "format", "minLength", "maxLength", "minimum", "maximum"}
"""All that Ollama ever gets."""


def shapes(node: dict[str, Any]) -> Iterator[str]:
    """The keywords of a written schema."""
    yield from node
    maps = (node.get(each) or {} for each in ("properties", "$defs"))
    lists = (node.get(each) or [] for each in ("anyOf", "prefixItems"))
    singles = (node[each] for each in ("items", "additionalProperties") if isinstance(node.get(each), dict))
    for each in (*(inner for part in maps for inner in part.values()), *(x for part in lists for x in part), *singles):
        yield from shapes(each)


NAMES = st.sampled_from(["a", "b", 'c"', "part0", "$ref"])
KEYS: dict[str, st.SearchStrategy[Any]] = {
    "type": st.sampled_from(["object", "array", "string", "integer", "null", ["string", "null"], "nonsense", 7]),
    "required": st.lists(NAMES, max_size=3),
    "enum": st.lists(st.sampled_from(["a", 'b"', 1, None, {"a": "\\"}, 2**70]), max_size=3),
    "minimum": st.integers(-5, 5) | st.just(0.5),
    "maximum": st.integers(-5, 5),
    "minLength": st.integers(0, 5_000),
    "maxItems": st.integers(0, 5_000),
    "pattern": st.sampled_from(["^a$", "a]", "(a*)*", r"\d", "^[[:alpha:]]+$", "(?=a)", "["]),
    "format": st.sampled_from(["date", "email"]),
    "$ref": st.sampled_from(["#", "#/$defs/a", "#/properties/b", "#/nowhere", "http://127.0.0.1:9/"]),
    "not": st.just({}),
}


def nested(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(inner, max_size=3)
    named = st.dictionaries(NAMES, inner, max_size=3)
    more = dict.fromkeys(("items", "additionalProperties", "propertyNames"), inner)
    more |= dict.fromkeys(("anyOf", "allOf", "oneOf", "prefixItems"), several)
    more |= dict.fromkeys(("properties", "$defs", "patternProperties"), named)
    return st.fixed_dictionaries({}, optional=KEYS | more) | st.booleans()


SCHEMAS = st.recursive(st.fixed_dictionaries({}, optional=KEYS), nested, max_leaves=8)


@PROPERTY
@given(SCHEMAS.filter(lambda each: isinstance(each, dict)) | JSON_OBJECTS)
def test_whatever_the_schema_ollama_gets_one_of_few_forms_or_it_is_refused(schema: dict[str, Any]) -> None:
    try:
        written = for_ollama(schema)
    except (CantBeMet, TooLarge):
        return
    assert set(shapes(written)) <= KEYWORDS
    json.dumps(written)
