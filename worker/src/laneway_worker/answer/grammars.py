"""A job's JSON Schema as Ollama's grammars can have it. Pure.

Ollama makes a grammar of a schema, on the CPU that all jobs share, by a converter that trusts schemas: with some it
crashes, turns round for ever, takes time by the cube of the optional properties, or prints the schema into its log. So
nothing of a sender's schema reaches it as it was written. The schema is read by its meaning and
written anew in the few forms below; what they can't say is left out, and the check of the answer has it. Refused, by
place, is only what can't be met, or what is too large.
https://github.com/ggml-org/llama.cpp/blob/master/common/json-schema-to-grammar.cpp
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from laneway_worker.answer.arrays import array
from laneway_worker.answer.finite import check_ends
from laneway_worker.answer.merging import TYPES, UNIONS, CantBeMet, Schema, both, types_of
from laneway_worker.answer.objects import OPENING, object_
from laneway_worker.answer.patterns.writer import NUMBER
from laneway_worker.answer.references import LeadsNowhere, target
from laneway_worker.answer.scalars import PRIMITIVES, literals, scalar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MOST_NODES = 5_000  # schemas that are looked at: some 0.05 s, and a megabyte at most that Ollama gets
MOST_CHOICES = 2_500  # values and alternatives together: 1,000 take two seconds for the first token
MOST_DEFINITIONS = 200  # of references: 1,000 that lead to each other take 4.5 s; what is beyond is left open
MOST_DEEP = 48  # schemas in each other: no answer is read that is nested more than 32 levels
MOST_IN_A_ROW = 100  # schemas that hold for one place
MOST_TEXT = 256 * 1024  # characters of names, values and patterns: Ollama gets them as often as they are written
MOST_REPEATS = 20_000  # all lengths and repeats together: each is written out
OPTIONAL_COST = 40_000  # squares of the numbers of optional properties together: 0.2 s
PROBLEMS_TOLD = 5

KINDS = {
    "object": ("properties", "required", "additionalProperties", "patternProperties"),
    "array": ("items", "prefixItems", "minItems", "maxItems"),
    "string": ("pattern", "format", "minLength", "maxLength"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
}
"""Type → the keywords that are of it, where no type is named."""
READ = {
    *OPENING,
    "$ref",
    "type",
    "enum",
    "const",
    *UNIONS,
    "allOf",
    *(each for kind in KINDS.values() for each in kind),
}
"""All keywords that a grammar is made of."""


class TooLarge(ValueError):
    """What to change about the schema."""


def for_ollama(schema: Schema) -> Schema:
    """The schema that Ollama gets; raises `TooLarge` or `CantBeMet`."""
    return _Writer(schema).write()


class _Writer:
    """Writes one schema anew."""

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._prefix = _unlike(root)
        self._nodes = self._choices = self._optional = self._deep = 0
        self._alternatives = self._text = self._repeats = 0
        self._names: dict[int, str] = {}
        self._todo: list[tuple[str, Any, str]] = []
        self._problems: list[CantBeMet] = []

    def write(self) -> Schema:
        written = {"": self.node(self._root, "format")}
        while self._todo:
            name, schema, place = self._todo.pop()
            written[name] = self.node(schema, place)
        first = written.pop("")
        check_ends(first, written)
        while "$ref" in first:  # the converter passes over all others beside one at the top
            first = written[first["$ref"].rpartition("/")[2]]
        if self._problems:
            raise CantBeMet("", _told(self._problems))
        return first | ({"$defs": written} if written else {})

    def node(self, schema: Any, place: str) -> Schema:
        """A schema, written anew; raises `CantBeMet`."""
        self._spend()
        if self._deep == MOST_DEEP:
            return self.anything()
        self._deep += 1
        try:
            return self._node(schema, place)
        finally:
            self._deep -= 1

    def _node(self, schema: Any, place: str) -> Schema:
        if schema is False:
            raise CantBeMet(place, "nothing is allowed here")
        own = _own(schema)
        if list(own) == ["$ref"]:
            return self._referred(own["$ref"], place)
        flat = self._flat(own, place, ())
        for name in UNIONS:
            if name in flat:
                self._alternatives += 1
                try:
                    return self._union(flat, name, place)
                finally:
                    self._alternatives -= 1
        if "const" in flat or "enum" in flat:
            return self._literals(flat, place)
        return self._typed(flat, place)

    def problem(self, found: CantBeMet) -> None:
        """Of a part that need not be there; told all the same, but for those of one alternative of several."""
        if not self._alternatives:
            self._problems.append(found)

    def optional(self, number: int) -> None:
        """So many properties of one object may be left out."""
        self._optional += number * number
        if self._optional > OPTIONAL_COST:
            words = "too many properties are optional; require them (a type of null beside their own leaves one empty)"
            raise TooLarge(words)

    def text(self, characters: int) -> None:
        """Count what of the schema itself is written: names, values, patterns."""
        self._text += characters
        if self._text > MOST_TEXT:
            raise TooLarge(f"its names, values and patterns have more than {MOST_TEXT:,} characters; shorten them")

    def _bounded(self, found: Schema) -> Schema:
        """Lengths beyond what all of them together may come to are left to the check."""
        self.text(len(found.get("pattern", "")))
        repeats = found.get("minLength", 0) + found.get("maxLength", 0)
        repeats += sum(map(int, NUMBER.findall(found.get("pattern", ""))))
        if self._repeats + repeats > MOST_REPEATS:
            return PRIMITIVES["string"]
        self._repeats += repeats
        return found

    def _spend(self) -> None:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise TooLarge(f"with its references written out it has more than {MOST_NODES:,} schemas; use fewer")

    def _chose(self, number: int) -> None:
        self._choices += number
        if self._choices > MOST_CHOICES:
            raise TooLarge(f"it has more than {MOST_CHOICES:,} choices (enum, anyOf, oneOf); use fewer")

    def _referred(self, reference: Any, place: str) -> Schema:
        """A reference to what is written apart, once."""
        found, seen = self._target(reference, place), 0
        while isinstance(found, dict) and list(_own(found)) == ["$ref"]:
            seen += 1
            if seen > MOST_IN_A_ROW:
                raise CantBeMet(place, _BACK)
            found = self._target(found["$ref"], place)
        if not isinstance(found, dict):
            return self.node(found, place)
        if id(found) not in self._names:
            if len(self._names) == MOST_DEFINITIONS:
                return self.anything()
            self._names[id(found)] = f"{self._prefix}{len(self._names)}"
            self._todo.append((self._names[id(found)], found, place))
        return {"$ref": f"#/$defs/{self._names[id(found)]}"}

    def _target(self, reference: Any, place: str) -> Any:
        try:
            return target(self._root, str(reference))
        except LeadsNowhere as error:
            raise CantBeMet(place, str(error)) from None

    def _flat(self, own: Schema, place: str, way: tuple[int, ...]) -> Schema:
        """With what `$ref`, `allOf` and a single alternative add; raises `CantBeMet`."""
        if len(way) > MOST_IN_A_ROW:
            raise CantBeMet(place, _BACK)
        parts = list(self._parts(own, place))
        found = {
            name: value for name, value in own.items() if name not in ("$ref", "allOf") and not _single(name, value)
        }
        for part in parts:
            self._spend()
            if part is False:
                raise CantBeMet(place, "nothing is allowed here")
            if isinstance(part, dict):
                found = both(found, self._flat(_own(part), place, (*way, id(part))), place)
        return found

    def _parts(self, own: Schema, place: str) -> Iterator[Any]:
        if "$ref" in own:
            yield self._target(own["$ref"], place)
        yield from own["allOf"] if isinstance(own.get("allOf"), list) else ()
        yield from (value[0] for name, value in own.items() if _single(name, value))

    def _union(self, flat: Schema, name: str, place: str) -> Schema:
        """What stands beside the alternatives holds for each."""
        options = flat[name] if isinstance(flat[name], list) else []
        beside = {each: value for each, value in flat.items() if each != name}
        found = []
        for number, option in enumerate(options):
            here = f"{place}/{name}/{number}"
            try:
                found.append(self.node({"allOf": [option, beside]} if beside else option, here))
            except CantBeMet as error:
                last = error
        if not found:
            raise last if options else CantBeMet(place, "it has no alternatives")
        return self._any_of(found)

    def _any_of(self, options: Iterable[Schema]) -> Schema:
        found = list({json.dumps(each, sort_keys=True): each for each in options}.values())
        if len(found) == 1:
            return found[0]
        self._chose(len(found))
        return {"anyOf": found}

    def _literals(self, flat: Schema, place: str) -> Schema:
        values = [flat["const"]] if "const" in flat else flat["enum"] if isinstance(flat["enum"], list) else []
        self._chose(len(values))
        self.text(sum(len(json.dumps(each)) for each in values))
        found = literals(values, types_of(flat), place)
        return self._any_of(found) if found else self.anything()

    def _typed(self, flat: Schema, place: str) -> Schema:
        types = types_of(flat) or tuple(kind for kind, names in KINDS.items() if any(name in flat for name in names))
        if not types:
            return self.anything()
        found, last = [], None
        for kind in types:
            try:
                found.append(self._of_type(kind, flat, place))
            except CantBeMet as error:
                last = error
        if last is not None and not found:
            raise last
        return self._any_of(found)

    def _of_type(self, kind: str, flat: Schema, place: str) -> Schema:
        match kind:
            case "object":
                return object_(self, flat, place)
            case "array":
                return array(self, flat, place)
            case _:
                return self._bounded(scalar(kind, flat, place))

    @staticmethod
    def anything() -> Schema:
        """Any value: to the converter an empty schema is an object."""
        return {"anyOf": [PRIMITIVES[each] for each in TYPES if each != "integer"]}


_BACK = f"its references lead back, or on and on; at most {MOST_IN_A_ROW} schemas in a row can be used"


def _own(schema: Any) -> Schema:
    """The keywords of a schema that a grammar is made of."""
    return {name: value for name, value in schema.items() if name in READ} if isinstance(schema, dict) else {}


def _single(name: str, value: Any) -> bool:
    return name in UNIONS and isinstance(value, list) and len(value) == 1


def _unlike(root: Schema) -> str:
    """A beginning of names that nothing in the schema has: to the converter a property and a definition may be one."""
    text = repr(root)
    return "part" if "part" not in text else f"part{hashlib.sha256(text.encode(errors='replace')).hexdigest()[:16]}x"


def _told(problems: list[CantBeMet]) -> str:
    words = [str(each) for each in problems[:PROBLEMS_TOLD]]
    more = len(problems) - len(words)
    return "; ".join(words) + (f"; and {more} more" if more > 0 else "")
