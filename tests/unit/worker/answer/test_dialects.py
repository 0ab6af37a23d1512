from __future__ import annotations

from typing import Any

import pytest

from laneway_worker.answer.checking import compiled
from laneway_worker.answer.dialects import modern
from laneway_worker.answer.grammars import for_ollama
from support.inputs.schemas import made_by_tools

DRAFT_7 = "http://json-schema.org/draft-07/schema#"
DRAFT_4 = "http://json-schema.org/draft-04/schema#"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ({"minimum": 0, "exclusiveMinimum": True}, {"exclusiveMinimum": 0}),
        ({"maximum": 9, "exclusiveMaximum": False}, {"maximum": 9}),
        ({"type": "string", "nullable": True}, {"type": ["string", "null"], "nullable": True}),
        ({"type": "string", "nullable": False}, {"type": "string", "nullable": False}),
        ({"$id": "https://acme.example/a", "type": "null"}, {"type": "null"}),
        ({"$schema": "https://acme.example/draft", "items": [{"id": "a"}]}, {"prefixItems": [{}]}),
        ({"$schema": DRAFT_4, "items": [{}], "additionalItems": False}, {"prefixItems": [{}], "items": False}),
        ({"items": {}, "additionalItems": False}, {"items": {}}),
        ({"$schema": DRAFT_7, "prefixItems": [{}], "items": {}}, {"items": {}}),
        (
            {"$schema": DRAFT_7, "properties": {"a": {"$ref": "#/definitions/b", "type": "null"}}},
            {"properties": {"a": {"$ref": "#/definitions/b"}}},
        ),
        ({"properties": {"a": {"$ref": "#", "type": "null"}}}, {"properties": {"a": {"$ref": "#", "type": "null"}}}),
        (
            {"dependencies": {"a": ["b"], "c": {"type": "null"}}},
            {"dependentRequired": {"a": ["b"]}, "dependentSchemas": {"c": {"type": "null"}}},
        ),
        (
            {"dependencies": {"a": ["b"]}, "dependentRequired": {"c": ["d"]}},
            {"dependentRequired": {"a": ["b"], "c": ["d"]}, "dependentSchemas": {}},
        ),
        ({"dependencies": {}, "dependentSchemas": []}, {"dependentRequired": {}, "dependentSchemas": []}),
        ({"$schema": DRAFT_7, "const": {"id": "a"}}, {"const": {"id": "a"}}),
        (
            {"properties": {"default": {"type": "string", "nullable": True}}},
            {"properties": {"default": {"type": ["string", "null"], "nullable": True}}},
        ),
        (
            {"properties": {"minimum": {}, "exclusiveMinimum": True}},
            {"properties": {"minimum": {}, "exclusiveMinimum": True}},
        ),
        ({"properties": {"id": {"type": "null"}}}, {"properties": {"id": {"type": "null"}}}),
    ],
    ids=str,
)
def test_what_people_write_is_put_into_the_words_of_today(written: dict[str, Any], meant: dict[str, Any]) -> None:
    assert modern(written) == meant


MADE = made_by_tools()


@pytest.mark.parametrize("name", MADE)
def test_what_tools_make_is_taken(name: str) -> None:
    schema = modern(MADE[name])
    compiled(schema)
    assert for_ollama(schema)


def test_there_are_many_of_them() -> None:
    assert len(MADE) > 230
