from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from laneway.schema.pool.lane import Limits, Scaling
from laneway.schema.pool.pool import LLMWorkerPool
from laneway.schema.pool.profile import PlacementProfile
from laneway.schema.shared.base import DURATION_PATTERN
from laneway_operator.crd.pools import MAX_POOL_NAME, POOLS
from laneway_operator.crd.profiles import MAX_PROFILE_NAME, PROFILES
from laneway_operator.crd.structural import structural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel

    from laneway_operator.crd.definition import Definition

KINDS = (POOLS, PROFILES)


def root(definition: Definition) -> dict[str, Any]:
    found: dict[str, Any] = definition.manifest()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    return found


ROOT = root(POOLS)
UNKNOWN_TO_KUBERNETES = {"$ref", "$defs", "anyOf", "oneOf", "allOf", "const", "title", "discriminator", "ge", "le"}
INT_OR_STRING = "x-kubernetes-int-or-string"
KNOWN_TYPES = ("object", "array", "string", "integer", "number", "boolean", INT_OR_STRING)
KNOWN_FORMATS = {None, "date-time", "int32"}
UNBOUNDED = re.compile(r"(?<!\\)[*+]|\{\d+,\}")


def nodes(schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema inside a schema, with its path."""
    yield path, schema
    for name, each in schema.get("properties", {}).items():
        yield from nodes(each, f"{path}.{name}")
    if "items" in schema:
        yield from nodes(schema["items"], f"{path}[]")
    if "additionalProperties" in schema:
        yield from nodes(schema["additionalProperties"], f"{path}[]")


NODES = [
    (f"{each.kind}{path}", node)
    for each in KINDS
    for path, node in nodes(root(each))
    if path not in ("", ".apiVersion", ".kind", ".metadata")
]


def at(*path: str) -> dict[str, Any]:
    found = ROOT
    for name in path:
        found = found["items"] if name == "[]" else found["properties"][name]
    return found


@pytest.mark.parametrize(("path", "node"), NODES, ids=[path for path, _ in NODES])
def test_every_field_is_something_that_kubernetes_knows(path: str, node: dict[str, Any]) -> None:
    assert node.keys().isdisjoint(UNKNOWN_TO_KUBERNETES), path
    assert node.get("type", INT_OR_STRING) in KNOWN_TYPES
    assert ("type" in node) != (INT_OR_STRING in node), "one of the two"
    assert node.get("format") in KNOWN_FORMATS
    assert "null" not in json.dumps(node)
    assert not {"additionalProperties", "properties"} <= node.keys(), "Kubernetes knows a map or an object, not both"


@pytest.mark.parametrize(("path", "node"), NODES, ids=[path for path, _ in NODES])
def test_everything_is_bounded(path: str, node: dict[str, Any]) -> None:
    bounded = {
        "string": "maxLength" in node or "enum" in node or node.get("format") == "date-time" or _is_short(node),
        "array": "maxItems" in node,
        "object": "properties" in node or "maxProperties" in node,
        "boolean": True,
        INT_OR_STRING: "maxLength" in node,
        "integer": "minimum" in node and (".status." in path or "maximum" in node),
    }
    assert bounded[node.get("type", INT_OR_STRING)]


def _is_short(node: dict[str, Any]) -> bool:
    """Whether its pattern allows no text of any length."""
    pattern = node.get("pattern", "")
    return pattern.startswith("^") and pattern.endswith("$") and not UNBOUNDED.search(pattern)


@pytest.mark.parametrize("definition", KINDS, ids=lambda each: each.kind)
def test_every_rule_has_a_message_that_says_what_to_write(definition: Definition) -> None:
    rules = [rule for _, node in nodes(root(definition)) for rule in node.get("x-kubernetes-validations", [])]
    assert len(rules) >= 8
    for rule in rules:
        assert len(rule["message"].split()) > 3, rule
        assert "self" not in rule["message"]


@pytest.mark.parametrize(("path", "node"), NODES, ids=[path for path, _ in NODES])
def test_every_field_says_what_it_is(path: str, node: dict[str, Any]) -> None:
    assert path.endswith("[]") or node["description"].endswith((".", ")"))


@pytest.mark.parametrize(
    "model", [model for each in KINDS for model in (each.spec, each.status)], ids=lambda model: model.__name__
)
def test_the_fields_are_those_of_the_models(model: type[BaseModel]) -> None:
    raw = model.model_json_schema(by_alias=True)
    named = {name for each in [raw, *raw.get("$defs", {}).values()] for name in each.get("properties", {})}
    made = {path.rpartition(".")[2].removesuffix("[]") for path, _ in nodes(structural(model)) if path}
    assert made == named


@pytest.mark.parametrize(("definition", "model"), [(POOLS, LLMWorkerPool), (PROFILES, PlacementProfile)])
def test_the_crd_has_the_same_parts_as_the_model(definition: Definition, model: type[BaseModel]) -> None:
    assert set(root(definition)["properties"]) - {"status"} == {
        field.alias or name for name, field in model.model_fields.items()
    }


def test_the_crds_defaults_are_the_models() -> None:
    lane = ("spec", "lanes", "[]")
    assert at(*lane, "scaling")["default"] == Scaling().model_dump(mode="json", by_alias=True, exclude_none=True)
    assert at(*lane, "limits")["default"] == Limits().model_dump(mode="json", by_alias=True, exclude_none=True)
    assert at(*lane, "queue")["default"] == {"managed": {"deletionPolicy": "Retain"}}
    assert at(*lane, "parallel")["default"] == 1
    assert at("spec", "model", "contextLength")["default"] == 8192


@pytest.mark.parametrize(("path", "node"), NODES, ids=[path for path, _ in NODES])
def test_a_default_fits_its_own_field(path: str, node: dict[str, Any]) -> None:
    default = node.get("default")
    if isinstance(default, dict):
        assert default.keys() <= node.get("properties", {}).keys(), path
    if isinstance(default, str) and "pattern" in node:
        assert re.search(node["pattern"], default)
    if node.get("type") == "integer" and default is not None:
        assert node["minimum"] <= default <= node.get("maximum", default)


def test_lists_that_people_share_are_merged_by_name() -> None:
    for path, key in (
        (("spec", "lanes"), "name"),
        (("spec", "destinations"), "name"),
        (("spec", "lanes", "[]", "schedules"), "name"),
        (("status", "conditions"), "type"),
        (("status", "lanes"), "name"),
    ):
        found = at(*path)
        assert (found["x-kubernetes-list-type"], found["x-kubernetes-list-map-keys"]) == ("map", [key])
        assert key in found["items"]["required"]


def test_the_bounds_of_a_duration_are_said_in_words() -> None:
    (rule,) = at("spec", "lanes", "[]", "limits", "timeout")["x-kubernetes-validations"]
    assert rule == {
        "rule": (
            f"self.matches(r'{DURATION_PATTERN}')"
            " && duration(self) >= duration('1s') && duration(self) <= duration('11h30m')"
        ),
        "message": "should be a duration such as 90s, 5m or 1h30m, from 1s to 11h30m",
    }


def test_a_name_is_as_short_as_the_models_want_it() -> None:
    metadata = LLMWorkerPool.model_json_schema()["$defs"]["Metadata"]["properties"]["name"]
    assert metadata["maxLength"] == MAX_POOL_NAME
    profiles = PlacementProfile.model_json_schema()["$defs"]["ProfileMetadata"]["properties"]["name"]
    assert profiles["maxLength"] == MAX_PROFILE_NAME


@pytest.mark.parametrize("definition", KINDS, ids=lambda each: each.kind)
def test_the_status_is_written_apart_from_the_spec(definition: Definition) -> None:
    (version,) = definition.manifest()["spec"]["versions"]
    assert version["subresources"] == {"status": {}}
    assert root(definition)["required"] == ["spec"]


@pytest.mark.parametrize("definition", KINDS, ids=lambda each: each.kind)
def test_equal_models_give_equal_bytes(definition: Definition) -> None:
    assert json.dumps(definition.manifest()) == json.dumps(definition.manifest())


def test_what_has_no_namespace_is_not_listed_in_each_of_them() -> None:
    spec = PROFILES.manifest()["spec"]
    assert spec["scope"] == "Cluster"
    assert "all" not in spec["names"]["categories"]
