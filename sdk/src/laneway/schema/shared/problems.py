"""Validation problems in words: of a job without its text, of documents that people write with what to change."""

from __future__ import annotations

import difflib
import re
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel

from laneway.schema.shared.base import duration_text, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import ValidationError

MAX_PROBLEMS_SHOWN = 5
TOP = "the top level"
ALIKE = 0.7
"""Below it, two names are too different for one to be meant by the other."""

_UNION_TAG = re.compile(r"[\[(]|^(bool|str|constrained-str)$")  # pydantic's name for one branch of a union
_PYTHONS = re.compile(
    r"^(Value error, |Input |(String|Tuple|List|Dictionary) (?=should ))| after validation|, not more$"
)
"""What pydantic says of its own or of Python's types, which nobody who writes YAML or JSON has heard of."""
_KINDS = {
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


def location(path: Sequence[str | int]) -> str:
    """A pydantic error location as people write paths: `spec.lanes[0].parallel`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif not _UNION_TAG.search(part):
            text += ("." if text else "") + shown(part)
    return text


def problem(error: Any, written: type[BaseModel] | None = None) -> str:
    """One pydantic error in words; never a job's input, which may be a prompt. `written` is the model of a document
    that people write: it knows what a field that it lacks was meant to be.
    """
    where = location(error["loc"])
    message = _KINDS.get(error["type"]) or _in_units(_PYTHONS.sub("", error["msg"]), error)
    message += _quotes(error) + (_remedy(error, written) if written else "")
    return f"{where}: {message}" if where else message


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
        case "int_type" | "bool_type", str():
            return ", without quotes"
        case _:
            return ""


def _remedy(error: Any, written: type[BaseModel]) -> str:
    match error["type"]:
        case "extra_forbidden":
            return f"; {_meant(error['loc'], _homes(written))}"
        case "missing":
            return "; add it"
        case _:
            return ""


def _meant(path: Sequence[str | int], homes: dict[str, list[str]]) -> str:
    unknown, around = str(path[-1]), [part for part in path[:-1] if isinstance(part, str)]
    if unknown in homes:
        return f"it belongs in {' or '.join(homes[unknown])}"
    here = around[-1] if around and around[-1] in chain(*homes.values()) else TOP
    for names, where in (([name for name in homes if here in homes[name]], ""), (homes, " of {}")):
        for close in difflib.get_close_matches(unknown, sorted(names), n=1, cutoff=ALIKE):
            return f"did you mean {close}{where.format(' or '.join(homes[close]))}?"
    return "remove it"


@cache
def _homes(written: type[BaseModel]) -> dict[str, list[str]]:
    """Every field name of a document, as written → the fields that hold it."""
    homes: dict[str, set[str]] = {}
    todo: list[tuple[str, type[BaseModel]]] = [(TOP, written)]
    for home, model in todo:
        for name, field in model.model_fields.items():
            known = field.alias or name
            homes.setdefault(known, set()).add(home)
            todo += [(known, each) for each in _models(field.annotation)]
    return {name: sorted(found) for name, found in homes.items()}


def _models(annotation: Any) -> list[type[BaseModel]]:
    """The models in a field's type: its own, or those of an optional one or of a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [each for part in get_args(annotation) for each in _models(part)]


def causes(error: ValidationError) -> list[Any]:
    """The errors of a validation, without those about a list that only follow from errors inside it. In time linear in
    their number: a body of 1 MiB can have 100,000.
    """
    found = error.errors(include_url=False, include_context=False)
    above = {each["loc"][:length] for each in found for length in range(len(each["loc"]))}
    return [each for each in found if each["loc"] not in above]


def problems(error: ValidationError, written: type[BaseModel] | None = None) -> str:
    """The first few problems of a validation in one line; never a job's input."""
    found = causes(error)
    told = "; ".join(problem(each, written) for each in found[:MAX_PROBLEMS_SHOWN])
    more = len(found) - MAX_PROBLEMS_SHOWN
    return f"{told}; and {more} more" if more > 0 else told
