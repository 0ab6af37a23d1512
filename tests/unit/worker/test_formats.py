from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given

from laneway.schema.codes import ErrorCode
from laneway_worker.errors import JobError
from laneway_worker.formats import answer_checker
from support.jobs import JSON_OBJECTS, PROPERTY, TEXT

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "canary-5f1e"
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


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
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, f'"{CANARY}"'),
        ("json", CANARY),
    ],
)
def test_a_violation_quotes_no_value_of_the_answer(wanted: Any, text: str) -> None:
    assert CANARY not in str(refusal_of_answer(wanted, text))


@pytest.mark.parametrize(
    "wanted",
    [
        {"type": "nonsense"},
        {"type": 7},
        {"properties": []},
        {"required": "city"},
        {"pattern": "("},
        {"pattern": "(?=a)"},
        {"pattern": "((a{1000}){1000}){1000}"},
        {"minimum": "1"},
        {"$ref": "#/$defs/nowhere"},
        {"$ref": 7},
        {"$schema": 7},
        {"$id": "::::"},
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
@pytest.mark.parametrize("keyword", ["$ref", "$dynamicRef", "$schema"])
def test_no_schema_is_fetched_from_anywhere(keyword: str, url: str) -> None:
    assert refusal_of_schema({keyword: url}).code is ErrorCode.INVALID_JOB


@pytest.mark.parametrize("keyword", ["$ref", "$dynamicRef"])
def test_not_even_a_schema_that_is_there_is_read(tmp_path: Path, keyword: str) -> None:
    there = tmp_path / "schema.json"
    there.write_text("{}")
    assert refusal_of_schema({keyword: there.as_uri()}).code is ErrorCode.INVALID_JOB


def test_a_schema_by_its_draft_is_usable() -> None:
    wanted = CITY | {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    assert answer_checker(wanted)('{"city": "Paris"}') == {"city": "Paris"}


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|aa)+$", "^(.*a){20}$"])
def test_a_pattern_that_makes_other_engines_hang_is_harmless(pattern: str) -> None:
    refused = refusal_of_answer({"type": "string", "pattern": pattern}, f'"{"a" * 100_000}!"')
    assert refused.code is ErrorCode.FORMAT_NOT_MET


def test_a_schema_that_only_refers_to_itself_is_refused() -> None:
    with pytest.raises(JobError, match="leads back to itself"):
        answer_checker({"$ref": "#"})


def test_a_recursive_schema_is_fine() -> None:
    tree = {"properties": {name: {"anyOf": [{"$ref": "#"}, {"type": "null"}]} for name in ("left", "right")}}
    assert answer_checker(tree)('{"left": {"right": null}}') == {"left": {"right": None}}


def test_a_recursive_schema_that_doubles_with_each_level_is_refused() -> None:
    twice = {"properties": {"a": {"allOf": [{"$ref": "#"}, {"$ref": "#"}]}}}
    with pytest.raises(JobError, match="multiply"):
        answer_checker(twice)


@PROPERTY
@given(JSON_OBJECTS, TEXT)
def test_whatever_the_format_and_the_answer_only_job_errors_are_raised(wanted: dict[str, Any], text: str) -> None:
    code = None
    try:
        answer_checker(wanted)(text)
    except JobError as refused:
        code = refused.code
    assert code in {None, ErrorCode.INVALID_JOB, ErrorCode.FORMAT_NOT_MET}
