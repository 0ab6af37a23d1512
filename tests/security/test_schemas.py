"""Schemas that were written to harm: nobody else is held up, and nothing of them reaches Ollama as it was."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from laneway_worker.answer.grammars import for_ollama
from laneway_worker.answer.merging import CantBeMet

SECONDS = 20  # for what takes hundredths; without the defence it takes minutes to years
OPEN = """
import resource
from laneway_worker.answer.grammars import TooLarge, for_ollama
from laneway_worker.answer.merging import CantBeMet
resource.setrlimit(resource.RLIMIT_CPU, (resource.getrusage(resource.RUSAGE_SELF).ru_utime.__ceil__() + 2,) * 2)
resource.setrlimit(resource.RLIMIT_AS, (512 * 1024 * 1024,) * 2)
try:
    for_ollama({schema!r})
except (CantBeMet, TooLarge):
    pass
"""


def chain(length: int, **step: Any) -> dict[str, Any]:
    """Each definition leads to the next as `step` says, in which NEXT is the reference."""

    def led(node: Any, to: str) -> Any:
        if isinstance(node, dict):
            return {name: led(each, to) for name, each in node.items()}
        if isinstance(node, list):
            return [led(each, to) for each in node]
        return to if node == "NEXT" else node

    defs = {f"d{number}": led(step, f"#/$defs/d{number + 1}") for number in range(length)}
    return {"$defs": defs | {f"d{length}": {}}, "$ref": "#/$defs/d0"}


NEXT = {"$ref": "NEXT"}
WITHOUT_END = {
    "names of properties": chain(40, propertyNames={"allOf": [NEXT, NEXT]}),
    "references in percents": {
        "$defs": {"b": {"allOf": [{"$ref": "#/$defs/%62"}, {"$ref": "#/$defs/%62"}]}, "%62": {}},
        "$ref": "#/$defs/b",
    },
    "what is not evaluated": chain(22, allOf=[NEXT], unevaluatedProperties={"unevaluatedProperties": False}),
    "allOf": chain(60, allOf=[NEXT, NEXT]),
    "anyOf": chain(60, anyOf=[NEXT, NEXT]),
    "conditions": chain(60, **{"if": NEXT, "then": NEXT, "else": NEXT}),
    "not": chain(60, **{"not": {"anyOf": [NEXT, NEXT]}}),
    "dependent schemas": chain(60, dependentSchemas={"a": NEXT, "b": NEXT}),
    "contains": chain(60, contains={"allOf": [NEXT, NEXT]}),
    "alternatives in properties": chain(60, properties={"a": {"anyOf": [NEXT, NEXT]}, "b": NEXT}),
    "alternatives beside properties": chain(
        20, properties={"a": NEXT}, anyOf=[{"properties": {"b": NEXT}}, {"properties": {"c": NEXT}}]
    ),
    "itself, twice at each level": {"properties": {x: {"allOf": [{"$ref": "#"}]} for x in "abcdefgh"}},
    "a reference to itself": {"$ref": "#"},
    "two that lead to each other": {
        "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"
    },
    "an alternative that is the whole": {"anyOf": [{"type": "null"}, {"$ref": "#"}]},
    "3,200 optional properties": {"properties": {f"p{number}": {} for number in range(3_200)}},
    "a thousand definitions in a row": chain(1_000, properties={"a": NEXT}),
}  # fmt: skip


@pytest.mark.parametrize("schema", WITHOUT_END.values(), ids=WITHOUT_END)
def test_no_schema_holds_the_worker_up(schema: dict[str, Any]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", OPEN.format(schema=schema)], capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, done.stderr[-500:]


SPINS = [r"^a]$", "^[[:alpha:]]+$", "^[a-z&&[^b]]+$", "^[^[a-z]]+$", "^[]a]+$", "^a}$"]
CRASHES = ["^+a$", "^(?:a)+$", "(a*)*", "(|a)*", "(^)*", "a**", r"\b+", "^(?i)a$", "(?=a)a"]
PRINTED = [r"^\bfoo\b$", r"^\d\w\s\/\-$", r"^\q$", "unanchored", '^"$']


@pytest.mark.parametrize("pattern", SPINS + CRASHES + PRINTED)
def test_no_pattern_reaches_ollama_as_it_was_written(pattern: str) -> None:
    written = for_ollama({"type": "string", "pattern": pattern})
    assert set(written) <= {"type", "pattern"}
    assert written.get("pattern") != pattern
    assert not set(written.get("pattern", "")) & set('"/ ')


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer", "minimum": 5, "maximum": 3},
        {"type": "integer", "exclusiveMinimum": 2**31 - 1, "maximum": 0},
        {"type": "array", "items": {}, "minItems": 2, "maxItems": 1},
        {"type": "string", "minLength": 2, "maxLength": 1},
    ],
    ids=str,
)
def test_what_can_t_be_met_never_reaches_the_engine(schema: dict[str, Any]) -> None:
    for wrapped in (schema, {"properties": {"a": schema}, "required": ["a"]}, {"anyOf": [schema]}):
        with pytest.raises(CantBeMet):
            for_ollama(wrapped)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
        {"type": "integer", "minimum": 1e300},
        {"type": "integer", "maximum": -(2**63)},
        {"type": "string", "maxLength": 10**9},
        {"type": "array", "items": {}, "maxItems": 10**9},
        {"type": "string", "minLength": 10**9},
    ],
    ids=str,
)
def test_numbers_that_the_converter_does_not_hold_are_left_out(schema: dict[str, Any]) -> None:
    written = for_ollama(schema)
    numbers = [each for each in written.values() if isinstance(each, int)]
    assert all(abs(each) < 2**31 - 1 for each in numbers)


PLANTED = "canary-jane-doe"


@pytest.mark.parametrize(
    "schema",
    [
        {"description": PLANTED, "title": PLANTED, "$comment": PLANTED, "examples": [PLANTED], "default": PLANTED},
        {PLANTED: PLANTED, "type": "string"},
        {"$defs": {PLANTED: {"type": "string"}}, "properties": {"a": {"$ref": f"#/$defs/{PLANTED}"}}},
        {"type": "object", "patternProperties": {f"^{PLANTED}": {}}},
        {"type": "string", "format": PLANTED},
        {"not": {"const": PLANTED}, "type": "string"},
    ],
    ids=lambda each: str(each)[:40],
)
def test_what_a_grammar_does_not_need_stays_with_the_worker(schema: dict[str, Any]) -> None:
    assert PLANTED not in str(for_ollama(schema))
