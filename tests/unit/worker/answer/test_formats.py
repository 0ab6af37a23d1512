from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laneway.schema.job.codes import ErrorCode
from laneway_worker.answer.formats import reading
from laneway_worker.answer.prepared import prepared
from laneway_worker.errors import JobError
from laneway_worker.testing.checker import DirectChecker
from support.inputs.jobs import JSON_OBJECTS, PROPERTY, TEXT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CANARY = "canary-5f1e"
DRAFT_7 = "http://json-schema.org/draft-07/schema#"
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


def answer_checker(wanted: Any) -> Callable[[str], Any]:
    return reading(wanted, DirectChecker(prepared)).__enter__().read


def refusal_of_schema(wanted: Any) -> JobError:
    with pytest.raises(JobError) as caught:
        answer_checker(wanted)
    return caught.value


def refusal_of_answer(wanted: Any, text: str) -> JobError:
    read = answer_checker(wanted)
    with pytest.raises(JobError) as caught:
        read(text)
    return caught.value


def test_without_a_format_nothing_is_parsed() -> None:
    assert answer_checker(None)("not JSON") is None


@pytest.mark.parametrize(("text", "value"), [("{}", {}), ("[1]", [1]), ("null", None), (' "a" ', "a"), ("1e3", 1000.0)])
def test_any_json_meets_the_format_json(text: str, value: object) -> None:
    assert answer_checker("json")(text) == value


def test_an_answer_that_meets_its_schema_is_parsed() -> None:
    assert answer_checker(CITY)('{"city": "Paris", "more": null}') == {"city": "Paris", "more": None}


@pytest.mark.parametrize("wanted", ["json", {}, CITY])
@pytest.mark.parametrize(
    "text",
    [
        "",
        "Paris",
        '{"city": "Paris"',
        '{"city": "Paris"} and more',
        '{"city": NaN}',
        '{"city": Infinity}',
        '{"city": -Infinity}',
        "9" * 5000,
        "[" * 100_000,
        '```json\n{"city": "Paris"}\n```',
    ],
    ids=lambda text: text[:20],
)
def test_an_answer_that_is_not_json_does_not_meet_its_format(wanted: Any, text: str) -> None:
    assert refusal_of_answer(wanted, text).code is ErrorCode.FORMAT_NOT_MET


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        (CITY, "{}"),
        (CITY, "[]"),
        (CITY, '{"city": 7}'),
        (CITY | {"additionalProperties": False}, '{"city": "Paris", "river": "Seine"}'),
        ({"enum": ["a", "b"]}, '"c"'),
        ({"type": "integer", "maximum": 5}, "6"),
        ({"type": "string", "pattern": "^[a-z]+$"}, '"A"'),
        ({"type": "string", "maxLength": 1}, '"ab"'),
        ({"$defs": {"a": {"type": "string"}}, "$ref": "#/$defs/a"}, "7"),
        (False, "{}"),
    ],
)
def test_an_answer_that_violates_its_schema_does_not_meet_it(wanted: Any, text: str) -> None:
    if wanted is False:
        wanted = {"not": {}}
    assert refusal_of_answer(wanted, text).code is ErrorCode.FORMAT_NOT_MET


def test_a_violation_says_where() -> None:
    refused = refusal_of_answer({"properties": {"cities": {"items": CITY}}}, '{"cities": [{"city": "a"}, {"city": 7}]}')
    assert str(refused).startswith("the answer breaks format/properties/cities/items/properties/city/type: ")


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ({"enum": ["a"]}, f'"{CANARY}"'),
        ({"const": 1}, f'["{CANARY}"]'),
        ({"type": "integer"}, f'"{CANARY}"'),
        ({"pattern": "^a$"}, f'"{CANARY}"'),
        ({"maxLength": 1}, f'"{CANARY}"'),
        ({"uniqueItems": True}, f'["{CANARY}", "{CANARY}"]'),
        ({"items": {"type": "integer"}}, f'["{CANARY}"]'),
        ({"required": ["a"]}, f'{{"b": "{CANARY}"}}'),
        ({"additionalProperties": False}, f'{{"a": "{CANARY}"}}'),
        ({"properties": {"a": {}}, "additionalProperties": False}, f'{{"{CANARY}": 1}}'),
        ({"patternProperties": {"^a": {}}, "additionalProperties": False}, f'{{"{CANARY}": 1}}'),
        ({"unevaluatedProperties": False}, f'{{"{CANARY}": 1}}'),
        ({"propertyNames": {"maxLength": 1}}, f'{{"{CANARY}": 1}}'),
        ({"propertyNames": {"allOf": [{"pattern": "^a"}]}}, f'{{"{CANARY}": 1}}'),
        ({"items": {"unevaluatedProperties": False}}, f'[{{"{CANARY}": 1}}]'),
        ({"additionalProperties": {"additionalProperties": {"type": "null"}}}, f'{{"{CANARY}": {{"{CANARY}": 1}}}}'),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, f'"{CANARY}"'),
        ("json", CANARY),
    ],
)
def test_a_violation_quotes_neither_a_value_nor_a_key_of_the_answer(wanted: Any, text: str) -> None:
    assert CANARY not in str(refusal_of_answer(wanted, text))


CANARIES = st.sampled_from([CANARY, f"a {CANARY}", f"{CANARY}\n", f'"{CANARY}"'])
ANSWERS: st.SearchStrategy[Any] = st.recursive(
    CANARIES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(CANARIES, inner, max_size=3), max_leaves=6
)
STRICT: list[dict[str, Any]] = [
    {"additionalItems": False, "items": [{}], "$schema": DRAFT_7},
    {"additionalProperties": False, "properties": {"a": {}}},
    {"const": {"a": 1}},
    {"contains": {"type": "null"}, "minContains": 2},
    {"contains": {}, "maxContains": 0},
    {"contentEncoding": "base64", "contentMediaType": "application/json", "$schema": DRAFT_7},
    {"dependencies": {"a": ["b"]}, "minProperties": 9, "$schema": DRAFT_7},
    {"dependentRequired": {CANARY[:3]: ["b"]}, "propertyNames": {"const": "b"}},
    {"dependentSchemas": {"a": False}, "unevaluatedProperties": {"type": "null"}},
    {"else": {"propertyNames": {"format": "date"}}, "if": {"type": "null"}},
    {"enum": ["a"]},
    {"format": "date", "$schema": DRAFT_7},
    {"if": {}, "then": {"type": "null"}},
    {"items": False, "unevaluatedProperties": False},
    {"maxItems": 0, "maxLength": 0, "maxProperties": 0},
    {"minItems": 9, "minLength": 99, "minProperties": 9},
    {"minimum": 5, "maximum": 1, "multipleOf": 2, "exclusiveMinimum": 7, "exclusiveMaximum": 0},
    {"not": {}},
    {"oneOf": [{}, {}]},
    {"oneOf": [{"required": ["a"]}, {"unevaluatedProperties": False}]},
    {"pattern": "^a$", "patternProperties": {"": False}},
    {"pattern": "^a$", "patternProperties": {"^b": {}}, "additionalProperties": False},
    {"prefixItems": [False], "propertyNames": {"maxLength": 1}},
    {"propertyNames": {"anyOf": [{"pattern": "^a$"}]}},
    {"propertyNames": {"not": {}}},
    {"propertyNames": False},
    {"required": ["a"], "uniqueItems": True},
    {"type": ["null", "number"]},
    {"unevaluatedItems": False, "unevaluatedProperties": False},
]
WRAPPED: list[Callable[[Any], dict[str, Any]]] = [
    lambda inner: inner,
    lambda inner: {"additionalProperties": inner, "items": inner},
    lambda inner: {"patternProperties": {"": inner}, "unevaluatedItems": inner},
    lambda inner: {"allOf": [inner], "unevaluatedProperties": False},
    lambda inner: {"anyOf": [inner]},
    lambda inner: {"$defs": {"a": inner}, "$ref": "#/$defs/a"},
]


@PROPERTY
@given(st.sampled_from(STRICT), st.sampled_from(WRAPPED), ANSWERS)
def test_whatever_the_rule_its_violation_holds_no_word_of_the_answer(
    strict: dict[str, Any], wrapped: Callable[[Any], dict[str, Any]], answer: Any
) -> None:
    said = ""
    inner = {name: value for name, value in strict.items() if name != "$schema"}
    draft = {"$schema": strict["$schema"]} if "$schema" in strict else {}
    try:
        answer_checker(wrapped(inner) | draft)(json.dumps(answer))
    except JobError as refused:
        said = str(refused)
    assert CANARY not in said
    assert not said or said.startswith(("the answer breaks format/", "no answer can meet the schema: "))


@pytest.mark.parametrize(
    ("wanted", "text", "words"),
    [
        (CITY, "{}", "format/required: a property that the schema requires is not there"),
        (CITY, '{"city": 7}', "format/properties/city/type: it has another type"),
        ({"properties": {"a": {}}, "additionalProperties": False}, '{"b": 1}', "a property that the schema does not"),
        ({"additionalProperties": False}, '{"b": 1}', "the schema allows nothing here"),
        ({"enum": ["a", "b"]}, '"c"', "format/enum: it is none of the values"),
        ({"propertyNames": {"maxLength": 1}}, '{"bc": 1}', "format/propertyNames/maxLength: a property has a name"),
        ({"oneOf": [{}, {}]}, "1", "format/oneOf: it meets more than one"),
    ],
)
def test_a_violation_says_in_words_which_rule_is_broken(wanted: Any, text: str, words: str) -> None:
    assert words in str(refusal_of_answer(wanted, text))


def test_a_violation_is_no_longer_than_a_line_or_two_whatever_the_schema() -> None:
    wanted = {"properties": {"a" * 5000: {"type": "null"}}}
    assert len(str(refusal_of_answer(wanted, json.dumps({"a" * 5000: 1})))) < 400


@pytest.mark.parametrize(
    "wanted",
    [
        {"type": "nonsense"},
        {"type": 7},
        {"properties": []},
        {"required": "city"},
        {"pattern": "("},
        {"pattern": "((a{1000}){1000}){1000}"},
        {"minimum": "1"},
        {"$ref": "#/$defs/nowhere"},
        {"$ref": 7},
        {"$schema": 7},
    ],
    ids=str,
)
def test_an_unusable_schema_makes_the_job_invalid(wanted: Any) -> None:
    refused = refusal_of_schema(wanted)
    assert refused.code is ErrorCode.INVALID_JOB
    assert str(refused).startswith("format")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/schema.json",
        "http://169.254.169.254/latest/meta-data/",
        "https://example.com/schema.json",
        "file:///etc/passwd",
        "urn:example:schema",
        "other.json",
    ],
)
@pytest.mark.parametrize("keyword", ["$ref", "$dynamicRef"])
def test_no_schema_is_fetched_from_anywhere(keyword: str, url: str) -> None:
    assert refusal_of_schema({keyword: url}).code is ErrorCode.INVALID_JOB


@pytest.mark.parametrize("keyword", ["$ref", "$dynamicRef"])
def test_not_even_a_schema_that_is_there_is_read(tmp_path: Path, keyword: str) -> None:
    there = tmp_path / "schema.json"
    there.write_text("{}")
    assert refusal_of_schema({keyword: there.as_uri()}).code is ErrorCode.INVALID_JOB


@pytest.mark.parametrize("to", ["http://127.0.0.1:9/a", "other.json", "#/$defs/nowhere", "#name", "urn:a"])
def test_a_reference_that_leads_nowhere_is_told_in_words_of_our_own(to: str) -> None:
    assert "only references of the form #/" in str(refusal_of_schema({"properties": {"a": {"$ref": to}}}))


def test_a_schema_by_its_draft_is_usable() -> None:
    wanted = CITY | {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    assert answer_checker(wanted)('{"city": "Paris"}') == {"city": "Paris"}


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|aa)+$", "^(.*a){20}$"])
def test_a_pattern_that_makes_other_engines_hang_is_harmless(pattern: str) -> None:
    refused = refusal_of_answer({"type": "string", "pattern": pattern}, f'"{"a" * 100_000}!"')
    assert refused.code is ErrorCode.FORMAT_NOT_MET


@pytest.mark.parametrize(
    "name",
    [
        {"$id": "https://acme.example/invoice.json"},
        {"$id": "::::"},
        {"id": "invoice"},
        {"$schema": "https://acme.example/draft"},
        {"$schema": "http://json-schema.org/draft-07/schema#", "$id": "#invoice"},
    ],
    ids=str,
)
def test_what_a_schema_is_called_changes_nothing(name: dict[str, Any]) -> None:
    assert answer_checker(CITY | name)('{"city": "Paris"}') == {"city": "Paris"}
    assert refusal_of_answer(CITY | name, "{}").code is ErrorCode.FORMAT_NOT_MET


def test_properties_may_be_called_as_schemas_are() -> None:
    wanted = {"properties": {name: {"type": "integer"} for name in ("$id", "id", "$schema", "$anchor")}}
    assert refusal_of_answer(wanted, '{"id": "a"}').code is ErrorCode.FORMAT_NOT_MET
    assert answer_checker({"const": {"id": "a"}})('{"id": "a"}') == {"id": "a"}


@pytest.mark.parametrize("name", ["email", "date", "uuid", "ipv4"])
@pytest.mark.parametrize("draft", [{}, {"$schema": DRAFT_7}])
def test_a_format_says_what_is_meant_and_is_not_asserted(name: str, draft: dict[str, Any]) -> None:
    assert answer_checker({"type": "string", "format": name} | draft)('"anything"') == "anything"


@pytest.mark.parametrize("text", ["0.07", "4.35", "19.99", "1.1", "3", "1000000.29", "-2.5e-1"])
def test_multiples_are_reckoned_in_decimals(text: str) -> None:
    assert answer_checker({"type": "number", "multipleOf": 0.01})(text) == json.loads(text)


def test_what_is_between_multiples_is_told() -> None:
    assert refusal_of_answer({"multipleOf": 0.01}, "4.349999").code is ErrorCode.FORMAT_NOT_MET


DECIMAL = r"^(?!^[-+.]*$)[+-]?0*\d*\.?\d*$"


def test_a_pattern_with_a_look_ahead_is_checked() -> None:
    wanted = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": DECIMAL}]}
    assert answer_checker(wanted)('"12.50"') == "12.50"
    assert refusal_of_answer(wanted, '"-.-"').code is ErrorCode.FORMAT_NOT_MET


@PROPERTY
@given(JSON_OBJECTS, TEXT)
def test_whatever_the_format_and_the_answer_only_job_errors_are_raised(wanted: dict[str, Any], text: str) -> None:
    code = None
    try:
        answer_checker(wanted)(text)
    except JobError as refused:
        code = refused.code
    assert code in {None, ErrorCode.INVALID_JOB, ErrorCode.FORMAT_NOT_MET}
