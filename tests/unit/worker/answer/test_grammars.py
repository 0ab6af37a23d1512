from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laneway.schema.job.codes import ErrorCode
from laneway.schema.shared.strict_json import MAX_DEPTH, read_strictly
from laneway_worker.answer.complexity import TooComplex
from laneway_worker.answer.formats import answer_checker
from laneway_worker.answer.grammars import check_grammar, check_pattern
from laneway_worker.errors import JobError
from support.inputs.jobs import PROPERTY

if TYPE_CHECKING:
    from collections.abc import Callable

KILLS_THE_SERVER = ["^+a$", "^*a$", "^{2}a$", "^(?:a)+$", "^(?i)a$", "^(?i:a)$", "^(?=a)a$", "+", "a|*", "(+)", r"\b+"]
KILLS_THE_RUNNER = [
    "(a*)*",
    "(a*)+",
    "(a?)*",
    "(a*b*)*",
    "(a|b*)*",
    "(a*){2,}",
    "(a{0,2})*",
    "((a*))*",
    "(a*)*b",
    "a**",
]
KILLS_THE_RUNNER += ["()*", "(|a)*", "(a|)+", "(^)*", r"(\b$)+", "a+*", "a{2}{3}"]
FINE = [
    "^(a+)+$",
    "^(a|aa)+$",
    "^(.*a){20}$",
    "^(a*b)*$",
    "^a*?$",
    r"^\(?:\)$",
    "^[(?:*+]+$",
    r"^[^\]*]*$",
    "^[a-z]{2,8}$",
]
FINE += [r"^\d{4}-\d{2}-\d{2}$", "^(red|green)$", "^(a|)$", "^(a?b){3}$", "a?" * 64, "", ")(", "[", "\\"]


@pytest.mark.parametrize("pattern", KILLS_THE_SERVER + KILLS_THE_RUNNER)
def test_a_pattern_that_kills_ollama_is_refused(pattern: str) -> None:
    with pytest.raises(TooComplex, match="repeat"):
        check_pattern(pattern)


@pytest.mark.parametrize("pattern", FINE)
def test_other_patterns_are_not(pattern: str) -> None:
    check_pattern(pattern)


@PROPERTY
@given(st.text("ab()[]{}*+?|^$\\,01", max_size=30))
def test_whatever_the_pattern_it_is_refused_or_not(pattern: str) -> None:
    refused = ""
    try:
        check_pattern(pattern)
    except TooComplex as error:
        refused = str(error)
    assert not refused or "repeat" in refused


def optional_letters(number: int) -> dict[str, Any]:
    return {"pattern": "a?" * number}


def alternatives(number: int) -> dict[str, Any]:
    return {"anyOf": [{"const": n} for n in range(number - 2)], "items": {"enum": [1, 2]}}


@pytest.mark.parametrize(
    ("make", "most", "words"),
    [
        pytest.param(lambda n: {"enum": list(range(n))}, 2_500, "choices", id="enum"),
        pytest.param(alternatives, 2_500, "choices", id="choices in several places"),
        pytest.param(lambda n: {"maxLength": n}, 1_000_000, "repeats", id="maxLength"),
        pytest.param(lambda n: {"items": {"minItems": n - 9.0}, "minLength": 9}, 1_000_000, "repeats", id="minItems"),
        pytest.param(lambda n: {"pattern": "a" * n}, 2_048, "characters", id="pattern"),
        pytest.param(lambda n: {"patternProperties": {"a" * n: {}}}, 2_048, "characters", id="patternProperties"),
        pytest.param(optional_letters, 64, "optional", id="optional parts"),
        pytest.param(lambda n: {"properties": {str(i): {} for i in range(n - 1)}}, 20_000, "objects", id="objects"),
    ],
)
def test_what_is_counted_has_a_bound(make: Callable[[int], dict[str, Any]], most: int, words: str) -> None:
    check_grammar(make(most))
    with pytest.raises(TooComplex, match=rf"{words}.*at most {most:,} can be used"):
        check_grammar(make(most + 1))


@pytest.mark.parametrize("place", ["properties", "$defs", "definitions", "dependentSchemas"])
def test_a_property_may_have_any_name(place: str) -> None:
    names = ("pattern", "enum", "maxLength", "minItems", "patternProperties", "anyOf", "const", "(?:a)", "+")
    check_grammar({place: {name: {"(?:b)": {"type": "string"}} for name in names}})


@pytest.mark.parametrize("around", ['{"not": %s}', '{"properties": {"a": %s}}', '{"allOf": [%s]}'])
def test_a_schema_as_deep_as_a_body_can_hold_is_looked_through(around: str) -> None:
    text = '{"pattern": "(?:a)"}'
    for _ in range((MAX_DEPTH - 1) // sum(map(around.count, "{["))):
        text = around % text
    with pytest.raises(TooComplex):
        check_grammar(read_strictly(text.encode()))


def test_values_are_no_schemas() -> None:
    check_grammar({"const": [{"pattern": "(?:a)"}], "enum": [{"pattern": "(?:a)"}], "default": [{"pattern": "+"}]})


@pytest.mark.parametrize(
    "wanted", [{"pattern": "^(?:a)$"}, {"maxLength": 1_000_000_000}, {"enum": list(range(10_000))}]
)
def test_such_a_schema_makes_the_job_invalid_and_tells_what_to_change(wanted: dict[str, Any]) -> None:
    with pytest.raises(JobError, match=r"use|can be used") as caught:
        answer_checker(wanted)
    assert caught.value.code is ErrorCode.INVALID_JOB
    assert str(caught.value).startswith("format is not usable")


def test_the_largest_schema_of_small_patterns_is_looked_through() -> None:
    wanted = {"properties": {f"p{number}": {"pattern": r"\p{L}{30}"} for number in range(200)}}
    assert answer_checker(wanted)(json.dumps({"p0": "a" * 30})) == {"p0": "a" * 30}


def test_a_pattern_that_no_engine_without_backtracking_runs_is_told_so() -> None:
    with pytest.raises(JobError, match="without look-around and back-references"):
        answer_checker({"properties": {"a": {"pattern": r"(a)\1"}}})
