"""Objects of a schema, as Ollama's grammars can have them. Pure."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Protocol

from laneway_worker.answer.merging import CantBeMet, Schema

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_OPTIONAL = 100  # properties of one object that may be left out: the converter's work is their cube
NOTHING_IN_IT: Schema = {"enum": [{}]}
"""An object without properties; of others newer converters make no grammar (ggml-org/llama.cpp#25923)."""
OPENING = ("if", "dependentRequired", "dependentSchemas", "dependencies", "minProperties")
"""Keywords that may ask for properties which are not named beside them."""
MOST_PLAIN = 32  # names that an open object has
PLAIN = re.compile(r"[A-Za-z0-9_]{1,40}")


class Writer(Protocol):
    """Writes the schemas inside."""

    def node(self, schema: Any, place: str) -> Schema:
        """One of them; raises `CantBeMet`."""

    def problem(self, found: CantBeMet) -> None:
        """Tell of what can't be met and need not be."""

    def optional(self, number: int) -> None:
        """Count properties that may be left out; raises `ValueError`."""

    def text(self, characters: int) -> None:
        """Count characters that are written; raises `ValueError`."""

    def anything(self) -> Schema:
        """Any value."""


def object_(writer: Writer, flat: Schema, place: str) -> Schema:
    """An object with exactly the properties that its schema names; any others where it names none."""
    named = flat["properties"] if isinstance(flat.get("properties"), dict) else {}
    required = dict.fromkeys(each for each in flat.get("required") or () if isinstance(each, str))
    wanted = dict.fromkeys(required, True) | {name: name in required for name in named}
    if not wanted:
        return _map(writer, flat, place)
    found = dict(_properties(writer, flat, wanted, place))
    optional = [name for name in found if name not in required]
    if len(optional) > MOST_OPTIONAL:
        words = f"{len(optional)} of its properties are optional; at most {MOST_OPTIONAL} can be: require some"
        raise CantBeMet(place, words)
    writer.optional(len(optional))
    if not found:
        return NOTHING_IN_IT
    writer.text(sum(map(len, found)))
    return {
        "type": "object",
        "properties": found,
        "required": [name for name in found if name in required],
        "additionalProperties": _opened(flat, found),
    }


def _opened(flat: Schema, found: Schema) -> bool:
    """Whether properties of other names may come: only where what the grammar leaves out may ask for some. The
    converter writes the names that are taken as classes of characters, so they must be plain.
    """
    asked = any(each in flat for each in OPENING) and flat.get("additionalProperties", True) is not False
    return asked and len(found) <= MOST_PLAIN and all(map(PLAIN.fullmatch, found))


def _properties(writer: Writer, flat: Schema, wanted: dict[str, bool], place: str) -> Iterator[tuple[str, Schema]]:
    named = flat.get("properties") or {}
    order = [*named, *(name for name in wanted if name not in named)]
    for name in order:
        here = f"{place}/properties/{name}"
        if not _sayable(name):
            if wanted[name]:
                raise CantBeMet(here, "a name with a quote, a backslash or a control character can't be asked for")
            continue
        schema = named[name] if name in named else _other(flat)
        if schema is False and not wanted[name]:
            continue
        try:
            yield name, writer.node(schema, here)
        except CantBeMet as error:
            if wanted[name]:
                raise
            writer.problem(error)


def _map(writer: Writer, flat: Schema, place: str) -> Schema:
    """Names of one's own, values as the schema has them for all others."""
    inner = _other(flat)
    if inner is False:
        return NOTHING_IN_IT
    if not isinstance(inner, dict) or not inner:
        return {"type": "object"}
    return {"type": "object", "additionalProperties": writer.node(inner, f"{place}/additionalProperties")}


def _other(flat: Schema) -> Any:
    """What a property must be that is not named."""
    patterns, rest = flat.get("patternProperties"), flat.get("additionalProperties", True)
    if not isinstance(patterns, dict) or not patterns:
        return rest
    only = len(patterns) == 1 and (rest is False or "additionalProperties" not in flat)
    return next(iter(patterns.values())) if only else True


def _sayable(name: str) -> bool:
    """Whether the converter can write it: it escapes no backslash, and an empty name is that of the whole."""
    return name != "" and "\\" not in json.dumps(name, ensure_ascii=False)
