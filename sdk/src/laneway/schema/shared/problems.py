"""Validation problems in words: of a job without its text, of documents that people write with what to change."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from laneway.schema.shared.base import duration_text
from laneway.schema.shared.hints import hint, location, plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic import BaseModel, ValidationError

MAX_PROBLEMS_SHOWN = 25  # places; what is wrong is mended in one round
NONE: Mapping[str, str] = {}

_PYTHONS = re.compile(
    r"^(Value error, |Input |(String|Tuple|List|Dictionary) (?=should ))| after validation|, not more$"
)
"""What pydantic says of its own or of Python's types, which nobody who writes YAML or JSON has heard of."""
NO_TIME = "should be a time with its zone, such as 2026-11-22T18:00:00Z"
_KINDS = {
    **dict.fromkeys(
        ("datetime_type", "datetime_parsing", "datetime_from_date_parsing", "datetime_object_invalid"), NO_TIME
    ),
    "timezone_aware": NO_TIME,
    "float_type": "should be a number",
    "bool_type": "should be true or false",
    "dict_type": "should be an object with fields",
    "extra_forbidden": "unknown field",
    "int_type": "should be a whole number",
    "list_type": "should be a list",
    "missing": "is missing",
    "model_type": "should be an object with fields",
    "string_type": "should be a text",
    "tuple_type": "should be a list",
}
"""The type of a pydantic error → what it says in ours."""


def problem(error: Any, written: type[BaseModel] | None = None) -> str:
    """One pydantic error in words; never a job's input, which may be a prompt. `written` is the model of a document
    that people write: it knows what a field that it lacks was meant to be.
    """
    message = _KINDS.get(error["type"]) or _in_units(_PYTHONS.sub("", error["msg"]), error)
    message += _quotes(error) + (_remedy(error, written) if written else "")
    return _at([location(error["loc"])], message)


def _at(places: list[str], words: str) -> str:
    where = ", ".join(place for place in places if place)
    return f"{where}: {words}" if where else words


def _in_units(message: str, error: Any) -> str:
    """The bound of a duration as durations are written: pydantic compares seconds, the input was text."""
    before, _, bound = message.rpartition(" ")
    compared = error["type"] in {"less_than_equal", "greater_than_equal"} and isinstance(error["input"], str)
    return f"{before} {duration_text(int(bound))}" if compared and bound.isdecimal() else message


def _quotes(error: Any) -> str:
    """YAML and JSON tell a text from a number by its quotes, and people forget which it is."""
    match error["type"], error["input"]:
        case "string_type", bool() | int() | float():
            return ": write it in quotes"
        case "int_type" | "float_type" | "bool_type", str():
            return ", without quotes"
        case _:
            return ""


def _remedy(error: Any, written: type[BaseModel]) -> str:
    match error["type"]:
        case "extra_forbidden":
            return f"; {hint(error['loc'], error['input'], written)}"
        case "missing":
            return "; add it"
        case _:
            return ""


def _said(path: Sequence[str | int], known: Mapping[str, str]) -> str | None:
    names = [plain(part) for part in path if isinstance(part, str)]
    return known.get(".".join(names[-2:])) or known.get(names[-1])


def causes(error: ValidationError) -> list[Any]:
    """The errors of a validation, without those about a list that only follow from errors inside it. In time linear in
    their number: a body of 1 MiB can have 100,000.
    """
    found = error.errors(include_url=False, include_context=False)
    above = {each["loc"][:length] for each in found for length in range(len(each["loc"]))}
    return [each for each in found if each["loc"] not in above]


def problems(error: ValidationError, written: type[BaseModel] | None = None, known: Mapping[str, str] = NONE) -> str:
    """The problems of a validation in one line; never a job's input. `known` has words for names that are no fields,
    each in its `plain` form, alone or as `field.name`, which are said once for all their places.
    """
    found = causes(error)
    told: dict[str, list[str]] = {}
    for each in found[:MAX_PROBLEMS_SHOWN]:
        words = _said(each["loc"], known) if each["type"] == "extra_forbidden" else None
        if words is None:
            told[problem(each, written)] = []
        else:
            told.setdefault(words, []).append(location(each["loc"]))
    more = [f"and {len(found) - MAX_PROBLEMS_SHOWN} more"] if len(found) > MAX_PROBLEMS_SHOWN else []
    return "; ".join([*(_at(places, words) for words, places in told.items()), *more])
