from __future__ import annotations

from typing import Any

import pytest

from laneway.schema.job.keys import Place
from laneway_operator.known.observe import Child, DeploymentFacts
from laneway_operator.known.places import Claim
from laneway_operator.known.snapshot import PoolBody
from laneway_operator.known.world import UNGATED, WATCHED, World
from laneway_operator.watch.handlers import tell_child, tell_pool

KEY = ("nlp", "documents")
OTHER = ("law", "documents")


def pool(uid: str, namespace: str = "nlp", name: str = "documents") -> PoolBody:
    ready = {"conditions": [{"type": "Ready", "status": "True", "reason": "Serving"}]}
    return PoolBody(namespace, name, uid, 1, {"results": {"s3": {"bucket": "acme"}}}, ready)


def child(kind: str, uid: str) -> tuple[Child, Any]:
    return Child(kind, f"{kind}-{uid}", uid, "digest"), None


def seen(**indexes: dict[Any, list[Any]]) -> World:
    world = World(lambda _: True)
    for index, known in indexes.items():
        for key, values in known.items():
            for value in values:
                world.tell(index, uid_of(index, value), key, value)
    return world


def uid_of(index: str, value: Any) -> str:
    if index == "places":
        return str(value[3])
    return str(value.uid if index == "pools" else value[0].uid)


def test_what_a_new_list_does_not_hold_is_gone() -> None:
    world = seen(pools={KEY: [pool("p")]}, ConfigMap={KEY: [child("ConfigMap", "a"), child("ConfigMap", "b")]})
    assert world.listed("ConfigMap", None, {"b"}) == {KEY}
    found = world.snapshot(KEY)
    assert found is not None
    assert [each.uid for each in found.children] == ["b"]


def test_what_makes_pods_is_known_by_its_component() -> None:
    facts = {
        name: DeploymentFacts(number, 0)
        for number, name in enumerate(("worker", "dead-letters", "gateway", "projector"))
    }
    made = [(Child("Deployment", name, name, "digest", component=name), each) for name, each in facts.items()]
    found = seen(pools={KEY: [pool("p")]}, Deployment={KEY: made}).snapshot(KEY)
    assert found is not None
    assert (found.handler, found.gateway) == (facts["dead-letters"], facts["gateway"])
    assert found.projector == facts["projector"]


def test_without_gateways_nothing_is_watched_that_is_made_for_them_alone() -> None:
    assert set(WATCHED) - set(UNGATED) == {"Service", "PodDisruptionBudget"}


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
    place = Place(bucket="acme", prefix="documents/")
    claims = [Claim("2026-01-01", "law", "documents", "q", place), Claim("2026-02-01", "nlp", "documents", "p", place)]
    places: dict[Any, list[Any]] = {"acme": claims}
    world = seen(pools={KEY: [pool("p")], OTHER: [pool("q", "law")]}, places=places)
    before = world.snapshot(KEY)
    assert before is not None
    assert before.results_shared_with == "law/documents"
    world.listed("pools", None, {"p"})
    after = world.snapshot(KEY)
    assert after is not None
    assert after.results_shared_with is None


def test_conditions_of_all_pools_are_known_and_go_with_their_pool() -> None:
    world = seen(pools={KEY: [pool("p")], OTHER: [pool("q", "law")]})
    assert world.conditions() == [(each, "Ready", "True", "Serving") for each in (KEY, OTHER)]
    world.listed("pools", None, {"p"})
    assert world.conditions() == [(KEY, "Ready", "True", "Serving")]


def test_an_object_is_known_by_what_was_told_last() -> None:
    world = seen(pools={KEY: [pool("p")]}, Job={KEY: [child("Job", "a")]})
    world.tell("Job", "a", OTHER, child("Job", "a"))
    found = world.snapshot(KEY)
    assert found is not None
    assert found.children == ()
    world.tell("pools", "p", None, None)
    assert (world.snapshot(KEY), world.pools()) == (None, [])


def test_it_is_whole_when_all_of_the_first_lists_is_told_and_stays_so() -> None:
    ended = False
    world = World(lambda _: ended)
    world.page(None, {"a", "b"})
    world.tell("Job", "a", None, None)
    assert not world.is_whole("nlp")
    ended = True
    assert not world.is_whole("nlp")
    world.tell("Job", "b", KEY, child("Job", "b"))
    assert world.is_whole("nlp")
    world.listed("Job", None, {"a", "b", "c"})
    assert world.is_whole("nlp")


def test_what_one_namespace_still_waits_for_holds_up_no_other_but_the_whole() -> None:
    world = World(lambda namespace: namespace != "law")
    assert (world.is_whole("nlp"), world.is_whole("law")) == (True, False)
    world.page("nlp", {"a"})
    world.page("nlp", {"a"})  # the list broke off, and began anew
    assert [world.is_whole(each) for each in ("nlp", "tax", "")] == [False, True, False]
    world.hear("a")
    assert [world.is_whole(each) for each in ("nlp", "tax", "")] == [True, True, True]


def test_what_is_not_understood_stays_as_it_was_and_holds_up_nothing() -> None:
    world = seen(pools={KEY: [pool("p")]}, Deployment={KEY: [child("Deployment", "d")]})
    world.page(None, {"p", "q"})
    world.page(None, {"d", "e"})
    world.hear("p")
    world.hear("d")
    assert not world.is_whole("nlp")
    metadata = {"namespace": "nlp", "name": "other", "labels": {"laneway.dev/pool": "documents"}}
    with pytest.raises(KeyError):
        tell_child(world, "Deployment", {"metadata": metadata | {"uid": "e"}}, gone=False)
    with pytest.raises(KeyError):
        tell_pool(world, {"metadata": metadata | {"uid": "q"}}, gone=False)
    assert world.is_whole("nlp")
    with pytest.raises(KeyError):
        tell_child(world, "Deployment", {"metadata": metadata | {"uid": "d"}}, gone=False)
    found = world.snapshot(KEY)
    assert found is not None
    assert [each.uid for each in found.children] == ["d"]
