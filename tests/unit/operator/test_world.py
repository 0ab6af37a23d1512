from __future__ import annotations

from typing import Any

from laneway_operator.observe import Child
from laneway_operator.snapshot import PoolBody
from laneway_operator.world import INDEXES, World

KEY = ("nlp", "documents")
OTHER = ("law", "documents")


def pool(uid: str, namespace: str = "nlp", name: str = "documents") -> PoolBody:
    ready = {"conditions": [{"type": "Ready", "status": "True"}]}
    return PoolBody(namespace, name, uid, 1, {"results": {"bucket": "acme"}}, ready)


def child(kind: str, uid: str) -> tuple[Child, Any]:
    return Child(kind, f"{kind}-{uid}", uid, "digest"), None


def seen(**indexes: dict[Any, list[Any]]) -> World:
    return World({name: indexes.get(name, {}) for name in INDEXES})


def test_what_a_new_list_does_not_hold_is_gone() -> None:
    world = seen(pools={KEY: [pool("p")]}, ConfigMap={KEY: [child("ConfigMap", "a"), child("ConfigMap", "b")]})
    assert world.listed("ConfigMap", None, {"b"}) == {KEY}
    found = world.snapshot(KEY)
    assert found is not None
    assert [each.uid for each in found.children] == ["b"]


def test_a_loss_is_told_once() -> None:
    world = seen(pools={KEY: [pool("p")]}, Job={KEY: [child("Job", "a")]})
    assert world.listed("Job", None, set()) == {KEY}
    assert world.listed("Job", None, set()) == set()


def test_a_list_of_a_namespace_says_nothing_of_others() -> None:
    world = seen(pools={KEY: [pool("p")], OTHER: [pool("q", "law")]})
    assert world.listed("pools", "nlp", set()) == {KEY}
    assert world.pools() == [OTHER]
    assert world.snapshot(KEY) is None


def test_a_pool_that_is_gone_holds_its_place_no_more() -> None:
    place = ("acme", "documents/")
    places = {place: [("2026-01-01", "law", "documents", "q"), ("2026-02-01", "nlp", "documents", "p")]}
    world = seen(pools={KEY: [pool("p")], OTHER: [pool("q", "law")]}, places=places)
    before = world.snapshot(KEY)
    assert before is not None
    assert before.results_shared_with == "law/documents"
    world.listed("pools", None, {"p"})
    after = world.snapshot(KEY)
    assert after is not None
    assert after.results_shared_with is None


def test_pools_are_counted_by_condition() -> None:
    world = seen(pools={KEY: [pool("p")], OTHER: [pool("q", "law")]})
    assert world.conditions() == {("Ready", "True"): 2}
    world.listed("pools", None, {"p"})
    assert world.conditions() == {("Ready", "True"): 1}
