from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from laneway_operator.known.digest import digest_of_manifest, digest_of_object, owned
from laneway_operator.render import render
from laneway_operator.testing.cluster import MemoryCluster
from support.golden import cases

OBJECTS = Path(__file__).parents[3] / "data" / "input" / "objects"
"""Read from an API server: what was applied, and the object with defaults, status and fields of others."""

DEPLOYMENT = "deployment"
CONTAINER = ("spec", "template", "spec", "containers", 0)
NOTHING = digest_of_object({})


def captured(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    found = json.loads((OBJECTS / f"{name}.json").read_text())
    return found["applied"], found["object"]


def at(value: Any, *path: str | int) -> Any:
    for part in path:
        value = value[part]
    return value


def our_fields(body: dict[str, Any]) -> Any:
    return next(each["fieldsV1"] for each in body["metadata"]["managedFields"] if each["manager"] == "laneway")


def is_unchanged(applied: dict[str, Any], body: dict[str, Any]) -> bool:
    return digest_of_manifest(applied) == digest_of_object(body)


@pytest.mark.parametrize("name", ["deployment", "scaledobject"])
def test_an_object_that_nobody_touched_has_the_digest_of_what_was_applied(name: str) -> None:
    applied, body = captured(name)
    assert is_unchanged(applied, body)


def test_an_object_is_the_same_whatever_the_order_of_its_keys() -> None:
    applied, body = captured(DEPLOYMENT)
    turned = json.loads(json.dumps(body, sort_keys=True))
    assert digest_of_object(turned) == digest_of_object(body) == digest_of_manifest(applied)


@pytest.mark.parametrize(
    ("path", "key", "value"),
    [
        (("spec",), "replicas", 7),
        (("metadata", "annotations"), "other.example/note", "changed"),
        (("metadata", "labels"), "team", "nlp"),
        (("spec", "template", "spec"), "schedulerName", "another"),
        (CONTAINER, "terminationMessagePath", "/dev/other"),
        (("metadata",), "finalizers", ["other.example/keep"]),
    ],
)
def test_what_others_own_does_not_matter(path: tuple[str | int, ...], key: str, value: object) -> None:
    applied, body = captured(DEPLOYMENT)
    at(body, *path)[key] = value
    assert is_unchanged(applied, body)


def test_a_container_of_somebody_elses_among_ours_does_not_matter() -> None:
    applied, body = captured(DEPLOYMENT)
    at(body, "spec", "template", "spec", "containers").insert(0, {"name": "mesh", "image": "mesh:1"})
    assert is_unchanged(applied, body)


def test_a_foreign_field_that_goes_again_does_not_matter() -> None:
    applied, body = captured(DEPLOYMENT)
    del body["metadata"]["annotations"]["other.example/note"]
    body["metadata"]["managedFields"] = [
        each for each in body["metadata"]["managedFields"] if each["manager"] != "kubectl-annotate"
    ]
    assert is_unchanged(applied, body)


@pytest.mark.parametrize(
    ("path", "key", "value"),
    [
        (CONTAINER, "image", "other:1"),
        (("spec",), "revisionHistoryLimit", 9),
        (("metadata", "labels"), "laneway.dev/lane", "another"),
        ((*CONTAINER, "env", 0), "name", "OTHER"),
        ((*CONTAINER, "args"), 0, "--other"),
        (("spec", "template", "spec", "volumes", 0, "configMap"), "name", "another"),
    ],
)
def test_a_changed_value_of_ours_is_seen(path: tuple[str | int, ...], key: str | int, value: object) -> None:
    applied, body = captured(DEPLOYMENT)
    at(body, *path)[key] = value
    assert not is_unchanged(applied, body)


def test_a_field_of_ours_that_another_manager_took_is_seen_even_with_an_equal_value() -> None:
    applied, body = captured(DEPLOYMENT)
    del at(our_fields(body), "f:spec", "f:template", "f:spec", "f:containers", 'k:{"name":"worker"}')["f:image"]
    assert not is_unchanged(applied, body)


def test_a_removed_item_of_ours_is_seen() -> None:
    applied, body = captured(DEPLOYMENT)
    del at(body, *CONTAINER, "env")[0]
    assert not is_unchanged(applied, body)


@pytest.mark.parametrize("manager", [{"manager": "another"}, {"operation": "Update"}], ids=str)
def test_nothing_is_owned_where_no_apply_of_ours_is_on_record(manager: dict[str, str]) -> None:
    _, body = captured(DEPLOYMENT)
    for each in body["metadata"]["managedFields"]:
        if each["manager"] == "laneway":
            each.update(manager)
    assert digest_of_object(body) == NOTHING


def test_an_object_without_managed_fields_is_owned_by_nobody() -> None:
    assert digest_of_object({"metadata": {"name": "a"}, "data": {"a": "1"}}) == NOTHING


def test_items_are_found_by_their_keys_and_by_their_values() -> None:
    fields: dict[str, Any] = {
        "f:metadata": {"f:finalizers": {".": {}, 'v:"ours"': {}}},
        "f:ports": {'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:containerPort": {}, "f:protocol": {}}},
    }
    body = {
        "metadata": {
            "finalizers": ["theirs", "ours"],
            "managedFields": [{"manager": "laneway", "operation": "Apply", "fieldsV1": fields}],
        },
        "ports": [
            {"containerPort": 80, "protocol": "UDP"},
            {"containerPort": 80, "protocol": "TCP", "hostPort": 80},
        ],
    }
    assert owned(body) == {"metadata": {"finalizers": ["ours"]}, "ports": [{"containerPort": 80, "protocol": "TCP"}]}


def test_an_empty_object_of_ours_is_not_the_same_as_none() -> None:
    body = {
        "metadata": {"managedFields": [{"manager": "laneway", "operation": "Apply", "fieldsV1": {"f:emptyDir": {}}}]}
    }
    assert (owned(body | {"emptyDir": {}}), owned(body)) == ({"emptyDir": {}}, {})


def test_the_address_of_an_object_is_no_part_of_its_digest() -> None:
    applied, _ = captured(DEPLOYMENT)
    moved = copy.deepcopy(applied)
    moved["metadata"] |= {"name": "another", "namespace": "another"}
    assert digest_of_manifest(moved) == digest_of_manifest(applied)


@pytest.mark.parametrize("name", cases())
def test_the_cluster_in_memory_keeps_digests_as_an_api_server_does(name: str) -> None:
    cluster = MemoryCluster()
    for manifest in render(cases()[name]):
        cluster.apply(manifest)
        body = cluster.objects[manifest["kind"], manifest["metadata"]["namespace"], manifest["metadata"]["name"]]
        assert is_unchanged(manifest, body)
