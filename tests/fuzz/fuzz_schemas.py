"""`make fuzz`: schemas that libFuzzer bends towards what the checker has not yet done (coverage, by atheris).

Whatever comes: only `Unusable` is raised, what is written for Ollama stays small, and nothing takes long. Begins with
the schemas that tools make and bends their JSON trees. Arguments are libFuzzer's, such as `-max_total_time=120`.
"""

from __future__ import annotations

import json
import random
import sys
import time
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import atheris

with atheris.instrument_imports(include=["laneway_worker.answer"]):
    from laneway_worker.answer.checking import Broken, Unusable
    from laneway_worker.answer.prepared import prepared

from support.inputs.schemas import made_by_tools

SECONDS = 1.0  # of CPU; instrumented code is about three times as slow
MOST_BYTES = 2_000_000  # of what Ollama gets
MOST_SCHEMA_BYTES = 20_000
ANSWERS = ("null", "[]", "{}", '"a"', "1", '{"a": [1, {"b": null}]}', "[" * 32 + "]" * 32)
"""No deeper: what is, the worker does not read as JSON."""
TEXTS = ("a", "", "^a$", "^[a-z]{2,4}$", "^(a|b)+$", "#", "#/$defs/a")
ATOMS: list[Any] = [*TEXTS, 0, 1, -1, 5, 1e308, 0.1, True, False, None, [], {}]
KEYWORDS = """
type properties required additionalProperties patternProperties propertyNames minProperties maxProperties items
prefixItems additionalItems contains minItems maxItems uniqueItems enum const anyOf oneOf allOf not if then else
dependentRequired dependentSchemas dependencies unevaluatedProperties unevaluatedItems minimum maximum exclusiveMinimum
exclusiveMaximum multipleOf minLength maxLength pattern format title default $ref $defs definitions $id $schema $anchor
$dynamicRef $dynamicAnchor nullable discriminator
"""
WORDS = (*KEYWORDS.split(), "a")
PARTS: list[Any] = []
"""Every part of the schemas that tools make: what a tree is bent with."""


def parts(node: Any) -> list[Any]:
    """A node and all below it."""
    below = list(node.values()) if isinstance(node, dict) else node if isinstance(node, list) else []
    return [node, *(part for each in below for part in parts(each))]


def bent(tree: Any, chance: random.Random) -> Any:
    """The tree with one change somewhere."""
    places = [each for each in parts(tree) if isinstance(each, (dict, list))]
    if not places:
        return {chance.choice(WORDS): tree}
    place = chance.choice(places)
    new = chance.choice((ATOMS, PARTS, places))
    value = json.loads(json.dumps(chance.choice(new)))
    if isinstance(place, list):
        place.insert(chance.randint(0, len(place)), value)
        return tree
    key = chance.choice([*place, *WORDS])
    match chance.randrange(4):
        case 0:
            place.pop(key, None)
        case 1:
            place[key] = [value, place.get(key, {})]
        case 2:
            place[key] = {chance.choice(WORDS): place.get(key, value)}
        case _:
            place[key] = value
    return tree


def mutate(data: bytes, most: int, seed: int) -> bytes:
    """As libFuzzer asks for it: another JSON text."""
    chance = random.Random(seed)  # noqa: S311 - a fuzzer's
    tree: Any = {}
    with suppress(ValueError, RecursionError):
        tree = json.loads(data)
    for _ in range(chance.randint(1, 4)):
        tree = bent(tree, chance)
    with suppress(RecursionError):
        made = json.dumps(tree).encode()
        if len(made) <= most:
            return made
    return data


def one(data: bytes) -> None:
    """One schema, and some answers to it."""
    try:
        schema = json.loads(data)
    except (ValueError, RecursionError):
        return
    if not isinstance(schema, dict):
        return
    began = time.process_time()
    with suppress(Unusable):
        found = prepared(schema)
        written = len(json.dumps(found.asked))
        assert written <= MOST_BYTES, f"{written} bytes for Ollama"
        for text in ANSWERS:
            with suppress(Broken):
                found.check(text)
    took = time.process_time() - began
    assert took <= SECONDS, f"{took:.1f} s of CPU"


def main() -> None:
    """Until libFuzzer's limits, or the first failure, which it leaves as a file."""
    made = made_by_tools().values()
    PARTS.extend(part for schema in made for part in parts(schema))
    with TemporaryDirectory() as folder:
        for number, schema in enumerate(made):
            Path(folder, str(number)).write_text(json.dumps(schema))
        atheris.Setup([*sys.argv, f"-max_len={MOST_SCHEMA_BYTES}", folder], one, custom_mutator=mutate)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
