"""Whether a grammar's rules come to an end. Pure.

A rule that begins with itself has Ollama's parser recurse for ever; one that can't be left is never met.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway_worker.answer.merging import CantBeMet, Schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

WITHOUT_END = "it contains itself without end; let the inner one be left out, or be null"
BACK = "a reference leads back to itself without reading anything"


def check_ends(first: Schema, definitions: Mapping[str, Schema]) -> None:
    """Raises `CantBeMet`."""
    _refuse_circles(definitions)
    ending: set[str] = set()
    while new := {name for name, each in definitions.items() if name not in ending and _ends(each, ending)}:
        ending |= new
    if not _ends(first, ending):
        raise CantBeMet("format", WITHOUT_END)


def _refuse_circles(definitions: Mapping[str, Schema]) -> None:
    """Definitions that lead to each other in one place; those that lead to none are taken away until none is left."""
    leads = {name: set(_same_place(each)) for name, each in definitions.items()}
    while free := [name for name, others in leads.items() if not others & leads.keys()]:
        for name in free:
            del leads[name]
    if leads:
        raise CantBeMet("format", BACK)


def _same_place(schema: Schema) -> Iterator[str]:
    if "$ref" in schema:
        yield schema["$ref"].rpartition("/")[2]
    for each in schema.get("anyOf", ()):
        yield from _same_place(each)


def _ends(schema: Schema, ending: set[str]) -> bool:
    if "$ref" in schema:
        return schema["$ref"].rpartition("/")[2] in ending
    if "anyOf" in schema:
        return any(_ends(each, ending) for each in schema["anyOf"])
    if "properties" in schema:
        return all(_ends(schema["properties"][name], ending) for name in schema["required"])
    if "prefixItems" in schema:
        return all(_ends(each, ending) for each in schema["prefixItems"])
    return not schema.get("minItems") or _ends(schema["items"], ending)
