"""Arrays of a schema, as Ollama's grammars can have them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from laneway_worker.answer.merging import CantBeMet, Schema, is_number

if TYPE_CHECKING:
    from laneway_worker.answer.objects import Writer

MOST_ITEMS = 1_000  # that a grammar counts; a larger limit is left to the check
MOST_IN_TUPLE = 200  # items of a tuple


def array(writer: Writer, flat: Schema, place: str) -> Schema:
    """An array with its items and its bounds."""
    least, most = bounds(flat, "Items", place)
    first, others = _items(flat)
    if first and (most is None or most > 0):
        return _tuple(writer, first[:most], others, least, place)
    if others is False or most == 0:
        if least:
            raise CantBeMet(place, f"minItems is {least}, and no items are allowed")
        return {"enum": [[]]}  # of an array without items newer converters make no grammar
    return _list(writer, others, (least, most), place)


def bounds(flat: Schema, what: str, place: str) -> tuple[int, int | None]:
    """The least and the most of `Items` or `Length`; raises `CantBeMet`."""
    least, most = flat.get(f"min{what}"), flat.get(f"max{what}")
    low = int(least or 0) if is_number(least) else 0
    high = int(most or 0) if is_number(most) else None
    if high is not None and low > high:
        raise CantBeMet(place, f"min{what} ({low}) is more than max{what} ({high})")
    return max(0, low), high


def _items(flat: Schema) -> tuple[list[Any], Any]:
    """The schemas of the first items, and that of all others."""
    items, prefix = flat.get("items", True), flat.get("prefixItems")
    if isinstance(items, list):  # of an older draft: behind a reference into `examples`, which stay as they are
        return items, True
    return (prefix if isinstance(prefix, list) else []), items


def _tuple(writer: Writer, first: list[Any], others: Any, least: int, place: str) -> Schema:
    """Exactly so many items: to the converter a tuple has no more and no fewer."""
    if max(len(first), least) > MOST_IN_TUPLE:
        return {"type": "array"}
    wanted = [*first, *([others] * (least - len(first)))]
    return {
        "type": "array",
        "prefixItems": [writer.node(each, f"{place}/prefixItems/{number}") for number, each in enumerate(wanted)],
    }


def _list(writer: Writer, items: Any, limits: tuple[int, int | None], place: str) -> Schema:
    least, most = limits
    if items is True and not least and most is None:
        return {"type": "array"}
    found: Schema = {"type": "array", "items": writer.node(items, f"{place}/items")}
    if 0 < least <= MOST_ITEMS:
        found["minItems"] = least
    if most is not None and most <= MOST_ITEMS:
        found["maxItems"] = most
    return found
