"""Messages that were written to harm a lane, of every kind that is known. Each with a name of its kind."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

PNG_64000 = "iVBORw0KGgoAAAANSUhEUgAA+gAAAPoAAQAAAADdm5kfAAAAAElFTkSuQmCC"
"""The beginning of an image of 64,000 by 64,000 pixels."""


def chain(levels: int, keyword: str) -> dict[str, Any]:
    """Definitions each of which leads to the next twice."""

    def both(number: int) -> list[dict[str, str]]:
        return [{"$ref": f"#/$defs/d{number}"}] * 2

    step = {"propertyNames": lambda n: {"propertyNames": {"allOf": both(n)}}}.get(keyword, lambda n: {keyword: both(n)})
    return {"$defs": {f"d{n}": step(n + 1) for n in range(levels)} | {f"d{levels}": {}}, "$ref": "#/$defs/d0"}


FORMATS: dict[str, dict[str, Any]] = {
    "schema without end (propertyNames)": chain(40, "propertyNames"),
    "schema without end (allOf)": chain(60, "allOf"),
    "schema without end (percents)": {
        "$defs": {"b": {"allOf": [{"$ref": "#/$defs/%62"}] * 2}, "%62": {}}, "$ref": "#/$defs/b",
    },
    "pattern that turns round (])": {"type": "string", "pattern": "^a]$"},
    "pattern that turns round (class)": {"type": "string", "pattern": "^[[:alpha:]]+$"},
    "pattern that kills the runner": {"type": "string", "pattern": "^(a*)*$"},
    "bounds that contradict": {"type": "integer", "minimum": 5, "maximum": 3},
    "800 optional properties": {"properties": {f"p{number}": {} for number in range(800)}},
    "a schema that no answer meets": {"type": "object", "not": {}},
    "a grammar that can't be parsed": {"enum": ['a"\\'], "description": "b"},
}  # fmt: skip
BODIES: dict[str, str] = {
    "no JSON": "{" * 1_000,
    "an envelope": json.dumps({"Type": "Notification", "Message": "{}"}),
    "an unknown field": json.dumps({"prompt": "a", "keep_alive": 0}),
    "2,048 texts to embed": json.dumps({"input": ["a"] * 2_048}),
    "a picture of 64,000 pixels": json.dumps({"prompt": "a", "images": [PNG_64000]}),
    "tokens without end": json.dumps({"prompt": "Count for ever: 1, 2, 3,", "options": {"num_predict": 100_000}}),
}


def hostile(number: int) -> Iterator[tuple[str, str]]:
    """So many of them: kind and body, the kinds in turn."""
    kinds = [
        *((kind, json.dumps({"prompt": "Say a word.", "format": each})) for kind, each in FORMATS.items()),
        *BODIES.items(),
    ]
    for index in range(number):
        yield kinds[index % len(kinds)]
