"""Two JSON Schemas that hold at once, as one. Pure.

Of keywords that can't be put together the first stands: the grammar then allows more than the check does.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Schema = dict[str, Any]

UNIONS = ("anyOf", "oneOf")
TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")


class CantBeMet(ValueError):
    """No answer can meet it: `words` say why, `place` where."""

    def __init__(self, place: str, words: str) -> None:
        """`place` is a path from `format` on."""
        super().__init__(f"{place}: {words}")


def both(first: Schema, second: Schema, place: str) -> Schema:
    """The conjunction of two schemas' keywords; raises `CantBeMet`."""
    found = _bound_by(first, second)
    for name, value in _bound_by(second, first).items():
        if name in UNIONS and any(each in found for each in UNIONS):
            found["allOf"] = [*found.get("allOf", ()), {name: value}]
        elif name not in found or (found[name] == value and name not in ("const", "enum")):
            found.setdefault(name, value)
        elif name in TOGETHER:
            found[name] = TOGETHER[name](found[name], value, place)
    return found


def _bound_by(these: Schema, those: Schema) -> Schema:
    """The properties of the one that the other does not name are bound by what it says of all others."""
    mine, named, rest = these.get("properties"), those.get("properties"), those.get("additionalProperties", True)
    if not isinstance(mine, dict) or rest is True or "patternProperties" in those:
        return dict(these)
    known = named if isinstance(named, dict) else {}
    return these | {
        "properties": {name: each if name in known else _schemas(each, rest, "") for name, each in mine.items()}
    }


def types_of(schema: Schema) -> tuple[str, ...]:
    """The types that a schema names; none where it names none."""
    named = schema.get("type")
    found = named if isinstance(named, list) else [named]
    return tuple(dict.fromkeys(each for each in found if each in TYPES))


def _types(first: Any, second: Any, place: str) -> list[str]:
    these, those = types_of({"type": first}), types_of({"type": second})
    found = [each for each in these if each in those or (each == "integer" and "number" in those)]
    found += [each for each in those if each == "integer" and "number" in these and each not in found]
    if not found:
        raise CantBeMet(place, "its parts ask for different types")
    return found


def _properties(first: Any, second: Any, _: str) -> Any:
    if not isinstance(first, dict) or not isinstance(second, dict):
        return first
    differing = [name for name in first if name in second and first[name] != second[name]]
    return first | second | {name: _schemas(first[name], second[name], "") for name in differing}


def _joined(first: Any, second: Any, _: str) -> Any:
    if not isinstance(first, list) or not isinstance(second, list):
        return first
    known = {json.dumps(each, sort_keys=True) for each in first}
    return [*first, *(each for each in second if json.dumps(each, sort_keys=True) not in known)]


def _shared(first: Any, second: Any, place: str) -> Any:
    if not isinstance(first, list) or not isinstance(second, list):
        return first
    those = {_key(each) for each in second}
    found = [each for each in first if _key(each) in those]
    if not found:
        raise CantBeMet(place, "its parts have no value in common")
    return found


def _equal(first: Any, second: Any, place: str) -> Any:
    if not same(first, second):
        raise CantBeMet(place, "its parts have no value in common")
    return first


def _schemas(first: Any, second: Any, _: str) -> Any:
    if first is False or second is False:
        return False
    return second if first is True else first if second is True else {"allOf": [first, second]}


def _bound(pick: Callable[[Any, Any], Any]) -> Callable[[Any, Any, str], Any]:
    return lambda first, second, _: pick(first, second) if is_number(first) and is_number(second) else first


def _key(value: Any) -> str:
    """Equal for what is equal as JSON: 1 is 1.0."""
    whole = isinstance(value, float) and value.is_integer()
    return json.dumps(int(value) if whole else value, sort_keys=True)


def same(first: Any, second: Any) -> bool:
    """Equal as JSON: `true` is no 1."""
    return isinstance(first, bool) == isinstance(second, bool) and bool(first == second)


def is_number(value: Any) -> bool:
    """A number of JSON."""
    return isinstance(value, int | float) and not isinstance(value, bool)


TOGETHER: dict[str, Callable[[Any, Any, str], Any]] = (
    {
        "type": _types,
        "properties": _properties,
        "required": _joined,
        "const": _equal,
        "enum": _shared,
        "allOf": _joined,
        "items": _schemas,
        "additionalProperties": _schemas,
    }
    | {
        f"{prefix}{name}": _bound(pick)
        for prefix, pick in (("min", max), ("max", min))
        for name in ("imum", "Length", "Items")
    }
    | {"exclusiveMinimum": _bound(max), "exclusiveMaximum": _bound(min)}
)
