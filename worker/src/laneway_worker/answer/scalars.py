"""Strings, numbers and given values of a schema, as Ollama's grammars can have them. Pure."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from laneway_worker.answer.arrays import bounds
from laneway_worker.answer.merging import TYPES, CantBeMet, Schema, is_number, same
from laneway_worker.answer.patterns.characters import one, written
from laneway_worker.answer.patterns.nodes import Unreadable
from laneway_worker.answer.patterns.reader import MOST_REPEATS
from laneway_worker.answer.patterns.writer import for_ollama

if TYPE_CHECKING:
    from collections.abc import Iterable

FORMATS = ("date", "time", "date-time", "uuid")
"""The formats that the converter has rules for."""
MOST_INTEGER = 2**31 - 2  # the converter reckons in an int, and its ends stand for no bound
PRIMITIVES: dict[str, Schema] = {each: {"type": each} for each in TYPES}
PYTHON_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "number": (int, float),
    "integer": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def scalar(kind: str, flat: Schema, place: str) -> Schema:
    """A value of a plain type; raises `CantBeMet`."""
    if kind == "string":
        return _string(flat, place)
    if kind in ("integer", "number"):
        low, high = _limits(flat, place)
        return _integer(flat, low, high, place) if kind == "integer" else PRIMITIVES["number"]
    return PRIMITIVES[kind]


def _string(flat: Schema, place: str) -> Schema:
    least, most = bounds(flat, "Length", place)
    if isinstance(flat.get("pattern"), str):
        try:
            return {"type": "string", "pattern": for_ollama(flat["pattern"])}
        except Unreadable:
            pass
    if flat.get("format") in FORMATS:
        return {"type": "string", "format": flat["format"]}
    found: Schema = {"type": "string"}
    if 0 < least <= MOST_REPEATS:
        found["minLength"] = least
    if most is not None and most <= MOST_REPEATS:
        found["maxLength"] = most
    return found


def _limits(flat: Schema, place: str) -> tuple[float | None, float | None]:
    """The least and the greatest number, each exclusive where that is the narrower limit; raises `CantBeMet`."""
    lows = [flat[each] for each in ("minimum", "exclusiveMinimum") if is_number(flat.get(each))]
    highs = [flat[each] for each in ("maximum", "exclusiveMaximum") if is_number(flat.get(each))]
    low, high = max(lows, default=None), min(highs, default=None)
    apart = same(low, flat.get("exclusiveMinimum")) or same(high, flat.get("exclusiveMaximum"))
    if low is not None and high is not None and (low > high or (low == high and apart)):
        raise CantBeMet(place, f"no number is at least {low} and at most {high}")
    return low, high


def _integer(flat: Schema, low: float | None, high: float | None, place: str) -> Schema:
    """Of whole numbers an exclusive limit is its neighbour."""
    if low is not None:
        low = math.floor(low) + 1 if same(low, flat.get("exclusiveMinimum")) else math.ceil(low)
    if high is not None:
        high = math.ceil(high) - 1 if same(high, flat.get("exclusiveMaximum")) else math.floor(high)
    if low is not None and high is not None and low > high:
        raise CantBeMet(place, f"no whole number is at least {low} and at most {high}")
    found: Schema = {"type": "integer"}
    if low is not None and abs(low) <= MOST_INTEGER:
        found["minimum"] = low
    if high is not None and abs(high) <= MOST_INTEGER:
        found["maximum"] = high
    return found


def literals(values: Iterable[Any], types: tuple[str, ...], place: str) -> list[Schema]:
    """Schemas for given values; none where the converter can write none of them. Raises `CantBeMet`."""
    fitting = [each for each in values if not types or any(_is(each, kind) for kind in types)]
    if not fitting:
        raise CantBeMet(place, "none of its values is of its type")
    plain = [each for each in fitting if "\\" not in json.dumps(each, ensure_ascii=False) and not _huge(each)]
    escaped = [each for each in fitting if isinstance(each, str) and each not in plain]
    found: list[Schema] = [{"enum": plain}] if plain else []
    return found + [{"type": "string", "pattern": f"^{_text(each)}$"} for each in escaped]


def _text(value: str) -> str:
    """A text, character by character: the converter escapes no backslash."""
    return "".join(written(one(each)) for each in value)


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, PYTHON_TYPES[kind])


def _huge(value: Any) -> bool:
    """Whether the converter would write it otherwise."""
    return isinstance(value, int) and abs(value) >= 2**63
