"""Two JSON Schemas that hold at once, as one. Pure.

Of keywords that can't be put together the first stands: the grammar then allows more than the check does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Schema = dict[str, Any]

TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")


class CantBeMet(ValueError):
    """No answer can meet it: `words` say why, `place` where."""

    def __init__(self, place: str, words: str) -> None:
        """`place` is a path from `format` on."""
        super().__init__(f"{place}: {words}")


def both(first: Schema, second: Schema, place: str) -> Schema:
    """The conjunction of two schemas' keywords; raises `CantBeMet`."""
    found = dict(first)
    for name, value in second.items():
        if name not in found or (found[name] == value and name not in ("const", "enum")):
            found.setdefault(name, value)
        elif name in TOGETHER:
            found[name] = TOGETHER[name](found[name], value, place)
    return found


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
    return first | second | {name: {"allOf": [first[name], second[name]]} for name in differing}


def _joined(first: Any, second: Any, _: str) -> Any:
    if not isinstance(first, list) or not isinstance(second, list):
        return first
    return [*first, *(each for each in second if each not in first)]


def _shared(first: Any, second: Any, place: str) -> Any:
    if not isinstance(first, list) or not isinstance(second, list):
        return first
    found = [each for each in first if any(same(each, other) for other in second)]
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
