"""What Ollama can bear of a JSON Schema. Pure.

Ollama makes a grammar of a schema, on the CPU that all jobs share. Measured with 0.11.4 on two cores: 1,000 choices
take two seconds for the first token, 200 optional letters 14; `maxLength: 1000000000` takes 14 GB; its server dies of
`(?:a)` and of `^+`, its runner of `(a*)*`. A schema that could do such a thing is refused before it gets there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from laneway_worker.answer.complexity import TooComplex

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_OBJECTS = 20_000  # of a schema; more take seconds to look through
MAX_CHOICES = 2_500  # values of all `enum` and branches of all `anyOf` and `oneOf` together
MAX_REPEATS = 1_000_000  # all lengths and numbers of items together
MAX_PATTERNS = 2_048  # characters of all patterns together
MAX_OPTIONAL = 64  # parts of one pattern that may be left out
CHOICES = ("enum", "anyOf", "oneOf")
REPEATS = ("minLength", "maxLength", "minItems", "maxItems", "minContains", "maxContains")
VALUES = ("const", "enum", "default", "examples")  # what they hold is no schema
NAMED = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")  # their keys are no keywords

TOKEN = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|\{[0-9,]*\}|.", re.DOTALL)
ASSERTIONS = {"^", "$", r"\b", r"\B", r"\A", r"\z"}


def check_grammar(schema: dict[str, Any]) -> None:
    """Refuse a schema that would hold up or kill Ollama; raises `TooComplex`."""
    objects = list(_objects(schema))
    patterns = [pattern for each in objects for pattern in _patterns(each)]
    _refuse_more(len(objects), MAX_OBJECTS, "objects")
    _refuse_more(sum(_choices(each) for each in objects), MAX_CHOICES, "choices (enum, anyOf, oneOf)")
    _refuse_more(int(sum(_repeats(each) for each in objects)), MAX_REPEATS, "repeats (maxLength, maxItems …)")
    _refuse_more(sum(map(len, patterns)), MAX_PATTERNS, "characters of patterns")
    for pattern in patterns:
        check_pattern(pattern)


def _refuse_more(number: int, most: int, what: str) -> None:
    if number > most:
        raise TooComplex(f"it has {number:,} {what}; at most {most:,} can be used")


def _objects(node: Any) -> Iterator[dict[str, Any]]:
    """All schemas in a schema."""
    if isinstance(node, list):
        for each in node:
            yield from _objects(each)
    elif isinstance(node, dict):
        yield node
        for name, each in node.items():
            inside = list(each.values()) if name in NAMED and isinstance(each, dict) else each
            if name not in VALUES:
                yield from _objects(inside)


def _choices(each: dict[str, Any]) -> int:
    return sum(len(each[name]) for name in CHOICES if isinstance(each.get(name), list))


def _repeats(each: dict[str, Any]) -> float:
    numbers = (each.get(name) for name in REPEATS)
    return sum(abs(number) for number in numbers if isinstance(number, int | float))


def _patterns(each: dict[str, Any]) -> Iterator[str]:
    if isinstance(each.get("pattern"), str):
        yield each["pattern"]
    if isinstance(each.get("patternProperties"), dict):
        yield from each["patternProperties"]


@dataclass
class _Group:
    """What is known of one group, up to the current character."""

    may_be_empty: bool = False
    """An alternative that has ended may match nothing."""
    rest_may_be_empty: bool = True
    """All of this alternative before the last item may match nothing."""
    last: bool | None = None
    """Whether the last item may match nothing; None: there is no item to repeat."""
    repeated: bool = False
    """The last item carries a quantifier."""

    def add(self, *, may_be_empty: bool | None) -> None:
        """One more item; None: an assertion."""
        self.rest_may_be_empty = self.rest_may_be_empty and self.last is not False
        self.last, self.repeated = may_be_empty, False

    def end_alternative(self) -> None:
        self.may_be_empty = self.may_be_empty or (self.rest_may_be_empty and self.last is not False)
        self.rest_may_be_empty, self.last, self.repeated = True, None, False

    def repeat(self, quantifier: str) -> None:
        if self.last is None:
            raise TooComplex("a pattern has nothing before a repeat (use (…) instead of (?:…) and of look-around)")
        if quantifier != "?" and (self.last or self.repeated):
            raise TooComplex("a pattern repeats what may be empty, as (a*)* does; repeat what is not")
        self.last = self.last or _leaves_out(quantifier)
        self.repeated = True


def check_pattern(pattern: str) -> None:
    """Refuse a regular expression that Ollama's grammars die of; raises `TooComplex`. Whether it is one at all is told
    elsewhere.
    """
    found = [match[0] for match in TOKEN.finditer(pattern)]
    _refuse_more(sum(map(_leaves_out, found)), MAX_OPTIONAL, "optional parts in a pattern (? and *)")
    groups = [_Group()]
    for part in found:
        _read_part(part, groups)


def _leaves_out(part: str) -> bool:
    """Whether a quantifier lets its item be left out."""
    return part in ("?", "*") or part.startswith(("{0", "{,"))


def _read_part(part: str, groups: list[_Group]) -> None:
    match part[0]:
        case "(":
            groups.append(_Group())
        case ")":
            _close(groups)
        case "|":
            groups[-1].end_alternative()
        case "*" | "+" | "?" | "{":
            groups[-1].repeat(part)
        case _:
            groups[-1].add(may_be_empty=None if part in ASSERTIONS else False)


def _close(groups: list[_Group]) -> None:
    if len(groups) > 1:
        ended = groups.pop()
        ended.end_alternative()
        groups[-1].add(may_be_empty=ended.may_be_empty)
