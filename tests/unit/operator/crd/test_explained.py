"""What `kubectl explain` says of every field of a pool and of a profile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from laneway_operator.crd.edits import EDITS, PROFILE_EDITS
from laneway_operator.crd.explained import BOUNDS, EFFECTS, READ_OR_ROLLED
from laneway_operator.crd.pools import POOLS
from laneway_operator.crd.profiles import PROFILES

if TYPE_CHECKING:
    from laneway_operator.crd.definition import Definition

FIELDS = [
    *((POOLS, place) for place in EDITS if place.startswith("spec.")),
    *((PROFILES, f"spec.{place}") for place in PROFILE_EDITS),
]


def found(definition: Definition, place: str) -> tuple[dict[str, Any], bool]:
    """A field's schema, and whether it may be left out."""
    version = definition.manifest()["spec"]["versions"][0]
    node: dict[str, Any] = version["schema"]["openAPIV3Schema"]
    above = node
    for step in place.split("."):
        above, node = node, node["properties"][step.removesuffix("[]")]
        node = node["items"] if step.endswith("[]") else node
    return node, place.rpartition(".")[2] not in above.get("required", ())


@pytest.mark.parametrize(("definition", "place"), FIELDS, ids=lambda each: each if isinstance(each, str) else each.kind)
def test_a_field_is_explained_with_its_default_its_bounds_and_what_an_edit_does(
    definition: Definition, place: str
) -> None:
    schema, optional = found(definition, place)
    words = schema["description"]
    assert any(effect in words for effect in (*EFFECTS.values(), READ_OR_ROLLED))
    assert sum(words.count(effect) for effect in (*EFFECTS.values(), READ_OR_ROLLED)) == 1
    assert not optional or "Default" in words or "properties" in schema
    assert "minimum" not in schema or f"{schema['minimum']:,} to {schema['maximum']:,}" in words
    assert words == words.strip()
    assert words.endswith(".")


def test_all_that_stands_above_fields_is_explained_too() -> None:
    def undescribed(node: dict[str, Any], place: str) -> list[str]:
        own = [] if node.get("description") else [place]
        inner = {**node.get("properties", {}), **node.get("items", {}).get("properties", {})}
        return [*own, *(each for name, inside in inner.items() for each in undescribed(inside, f"{place}.{name}"))]

    for definition in (POOLS, PROFILES):
        schema = definition.manifest()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
        assert undescribed(schema, "spec") == []


@pytest.mark.parametrize("definition", [POOLS, PROFILES], ids=lambda each: each.kind)
def test_nothing_with_a_default_is_said_to_have_none_and_no_bound_is_told_twice(definition: Definition) -> None:
    def wrong(node: dict[str, Any], place: str) -> list[str]:
        words = node.get("description", "").lower()
        twice = any(words.count(f"at most {node[name]:,}") > 1 for name in BOUNDS if name in node)
        own = [place] if twice or (node.get("default") and "default: none" in words) else []
        inner = {**node.get("properties", {}), **node.get("items", {}).get("properties", {})}
        return [*own, *(each for name, inside in inner.items() for each in wrong(inside, f"{place}.{name}"))]

    schema = definition.manifest()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    assert wrong(schema, "spec") == []
