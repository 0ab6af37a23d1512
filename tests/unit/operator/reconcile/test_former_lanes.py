"""A lane that is taken out of its pool: it works off what it holds, and goes then."""

from __future__ import annotations

import json
from typing import Any

import pytest

from laneway.schema.shared.names import ABANDONED_LANES
from laneway_operator.errors import NotYet
from laneway_operator.reasons import Reason
from laneway_operator.reconcile.former import EMPTY_FOR
from support.inputs.pools import pool_with
from support.operator.in_memory import HANDLER, OperatedPool

FAST, SLOW, QUICK = {"name": "fast"}, {"name": "slow"}, {"name": "quick"}
KINDS = ("Deployment", "ScaledObject", "ConfigMap")
EMPTY_SECONDS = EMPTY_FOR.total_seconds()


def taken_out(*left: dict[str, Any], messages: int = 0, dead: int = 0) -> OperatedPool:
    """A pool of fast and slow whose lanes are these now; slow holds so many messages."""
    pool = OperatedPool(pool_with(lanes=[FAST, SLOW]))
    pool.reconcile()
    pool.come_up()
    pool.reconcile()
    slow = next(each for each in pool.status["lanes"] if each["name"] == "slow")
    pool.queues.messages = {slow["queueURL"]: messages, slow["deadLetterQueueURL"]: dead}
    pool.change(pool_with(lanes=list(left)))
    assert pool.reconcile() is True
    return pool


def of_lane(pool: OperatedPool, lane: str) -> dict[tuple[str, str], Any]:
    """Kind and name → what there is of a lane."""
    found = {(kind, name): body for (kind, _, name), body in pool.cluster.objects.items()}
    return {key: body for key, body in found.items() if body["metadata"]["labels"].get("laneway.dev/lane") == lane}


def former(pool: OperatedPool) -> Any:
    return pool.status.get("formerLanes")


def watched(pool: OperatedPool) -> tuple[list[str], list[str]]:
    """Lanes whose dead letters the handler serves, and those that wake it."""
    scaler = next(
        body for (kind, _, name), body in pool.cluster.objects.items() if kind == "ScaledObject" and HANDLER in name
    )
    deployment = next(
        body for (kind, _, name), body in pool.cluster.objects.items() if kind == "Deployment" and HANDLER in name
    )
    (name,) = (
        each["configMap"]["name"] for each in deployment["spec"]["template"]["spec"]["volumes"] if "configMap" in each
    )
    document = json.loads(pool.cluster.objects["ConfigMap", "nlp", name]["data"]["dead-letters.json"])
    return [each["config"]["lane"] for each in document["lanes"]], [each["name"] for each in scaler["spec"]["triggers"]]


def published(pool: OperatedPool) -> list[str]:
    """Lanes that senders find."""
    texts = (
        text
        for (kind, _, name), body in pool.cluster.objects.items()
        if kind == "ConfigMap" and "preflight" in name
        for text in body["data"].values()
    )
    return [each["name"] for text in texts for each in json.loads(text)["document"]["lanes"]]


def test_a_lane_that_holds_something_keeps_its_workers_and_says_how_much_is_left() -> None:
    pool = taken_out(FAST, messages=2, dead=1)
    assert {kind for kind, _ in of_lane(pool, "slow")} == set(KINDS)
    (left,) = former(pool)
    assert (left["name"], left["messages"]) == ("slow", 3)
    status, reason, message = pool.condition("Reconciling")
    assert (status, reason) == ("False", Reason.LANE_DRAINING)
    assert "kept until its queues are empty: slow (about 3 messages left). Wait; or give up what is left" in message
    assert [each["name"] for each in pool.status["lanes"]] == ["fast"]
    assert published(pool) == ["fast"], "no new job goes to it"
    assert [each for each in pool.again() if each.split()[0] != "status"] == []


def test_its_dead_letters_are_watched_until_it_goes() -> None:
    pool = taken_out(FAST, dead=1)
    assert watched(pool) == (["fast", "slow"], ["fast", "slow"])
    pool.queues.messages = {}
    pool.reconcile()
    pool.later(EMPTY_SECONDS)
    pool.reconcile()
    assert watched(pool) == (["fast"], ["fast"])


def test_it_goes_once_it_has_been_empty_for_five_minutes_and_not_at_the_first_zero() -> None:
    pool = taken_out(FAST)
    before = of_lane(pool, "slow")
    pool.later(EMPTY_SECONDS - 1)
    assert pool.reconcile() is True
    assert of_lane(pool, "slow").keys() == before.keys()
    pool.later(1)
    assert pool.reconcile() is False
    assert (of_lane(pool, "slow"), former(pool)) == ({}, None)
    assert pool.condition("Reconciling")[1] == Reason.SETTLED
    assert pool.again() == []


def test_what_comes_late_begins_the_five_minutes_anew() -> None:
    pool = taken_out(FAST)
    url = former(pool)[0]["queueURL"]
    pool.later(EMPTY_SECONDS - 1)
    pool.queues.messages[url] = 1
    pool.reconcile()
    assert "emptySince" not in former(pool)[0]
    pool.queues.messages[url] = 0
    pool.later(EMPTY_SECONDS)
    pool.reconcile()
    assert of_lane(pool, "slow")


def test_a_renamed_lane_drains_beside_the_one_that_takes_its_place() -> None:
    pool = taken_out(FAST, QUICK, messages=1)
    assert of_lane(pool, "slow")
    assert of_lane(pool, "quick")
    assert watched(pool)[0] == ["fast", "quick", "slow"]


def test_a_lane_that_comes_back_is_a_lane_like_any_other() -> None:
    pool = taken_out(FAST, messages=1)
    pool.change(pool_with(lanes=[FAST, SLOW]))
    pool.reconcile()
    assert former(pool) is None
    assert of_lane(pool, "slow")


@pytest.mark.parametrize("said", ["slow", "other, slow"])
def test_a_person_may_give_up_what_it_holds(said: str) -> None:
    pool = taken_out(FAST, messages=1)
    pool.annotations[ABANDONED_LANES] = said
    assert pool.reconcile() is False
    assert (of_lane(pool, "slow"), former(pool)) == ({}, None)


def test_queues_that_can_not_be_looked_at_keep_their_lane() -> None:
    pool = taken_out(FAST)
    pool.queues.denied = {former(pool)[0]["queueURL"]}
    pool.later(2 * EMPTY_SECONDS)
    assert pool.reconcile() is True
    assert "messages" not in former(pool)[0]
    assert "slow (the operator can't look at its queues)" in pool.condition("Reconciling")[2]
    pool.queues.trouble = NotYet(Reason.AWS_UNREACHABLE, "no answer")
    pool.reconcile()
    assert of_lane(pool, "slow")


def test_a_spec_that_can_not_be_read_leaves_it_as_it_was() -> None:
    pool = taken_out(FAST, messages=1)
    before = former(pool)
    pool.change(pool_with(lanes=[FAST | {"parallel": 0}]))
    pool.reconcile()
    assert former(pool) == before
    assert of_lane(pool, "slow")


def test_a_lane_whose_documents_are_gone_holds_up_nothing() -> None:
    pool = taken_out(FAST, messages=1)
    for kind, name in of_lane(pool, "slow"):
        if kind == "ConfigMap":
            del pool.cluster.objects[kind, "nlp", name]
    pool.reconcile()
    assert watched(pool)[0] == ["fast"]
    assert former(pool)[0]["messages"] == 1
