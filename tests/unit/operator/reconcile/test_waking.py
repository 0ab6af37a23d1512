"""A lane at zero is well only where the next job would start a worker: its queue is compared with its workers."""

from __future__ import annotations

from typing import Any

import pytest

from laneway_operator.errors import NotYet
from laneway_operator.reasons import Reason
from support.inputs.pools import pool_with
from support.operator.in_memory import OperatedPool, running_pool

SCALING = "ScalingReady"
PAUSES = ("autoscaling.keda.sh/paused-replicas", "autoscaling.keda.sh/paused")


def send(pool: OperatedPool, count: int = 1) -> None:
    """Jobs come, some minutes after the queue was last looked at."""
    pool.later(600)
    pool.queues.messages = dict.fromkeys(pool.queues.made, count)


def test_jobs_that_nothing_wakes_a_worker_for_are_told_of_after_two_minutes() -> None:
    pool = running_pool()
    send(pool)
    assert pool.reconcile() is True
    assert pool.condition("Ready")[:2] == ("True", Reason.SCALED_TO_ZERO)
    pool.later(119)
    assert pool.reconcile() is True
    assert pool.condition("Ready")[0] == "True"
    pool.later(1)
    assert pool.reconcile() is True
    assert pool.condition(SCALING)[:2] == pool.condition("Ready")[:2] == ("False", Reason.NOT_WOKEN)
    assert "lane default" in pool.condition("Ready")[2]
    pool.report("Deployment", {}, replicas=1)
    assert pool.reconcile() is False
    assert pool.condition(SCALING)[:2] == ("True", Reason.SCALING)


def test_a_lane_that_wakes_in_time_and_rests_again_begins_anew() -> None:
    pool = running_pool()
    send(pool)
    pool.reconcile()
    pool.report("Deployment", {}, replicas=1)
    pool.later(119)
    pool.reconcile()
    pool.report("Deployment", {}, replicas=0)
    pool.later(60)
    pool.reconcile()
    assert pool.condition("Ready")[0] == "True"


def test_jobs_that_are_gone_are_no_trouble() -> None:
    pool = running_pool()
    send(pool)
    pool.reconcile()
    pool.queues.messages = {}
    pool.later(200)
    assert pool.reconcile() is False
    assert pool.condition("Ready")[0] == "True"


def test_a_queue_that_was_empty_is_not_asked_again_for_some_minutes() -> None:
    pool = running_pool()
    pool.queues.messages = dict.fromkeys(pool.queues.made, 1)
    asked = pool.queues.counts
    pool.later(60)
    assert pool.reconcile() is False
    assert pool.queues.counts == asked > 0


@pytest.mark.parametrize("spec", [{"suspend": True}, {"lane": {"suspend": True}}], ids=["pool", "lane"])
def test_a_lane_that_is_held_at_zero_has_jobs_that_wait(spec: dict[str, Any]) -> None:
    pool = running_pool()
    pool.change(pool_with(**spec))
    for _ in range(2):
        send(pool)
        assert pool.reconcile() is False
    assert pool.condition("Ready")[1] == Reason.SUSPENDED


def test_a_queue_that_gives_no_answer_says_nothing() -> None:
    pool = running_pool()
    send(pool)
    pool.queues.denied = set(pool.queues.made)
    pool.reconcile()
    pool.later(200)
    assert pool.reconcile() is False
    pool.queues.trouble = NotYet(Reason.AWS_UNREACHABLE, "no answer")
    pool.reconcile()
    assert pool.condition(SCALING)[1] != Reason.NOT_WOKEN


@pytest.mark.parametrize("annotation", PAUSES)
def test_a_lane_that_was_paused_by_hand_is_not_ready(annotation: str) -> None:
    pool = running_pool()
    pool.child("ScaledObject")["metadata"]["annotations"] = {annotation: "true"}
    pool.reconcile()
    assert pool.condition(SCALING)[:2] == pool.condition("Ready")[:2] == ("False", Reason.PAUSED_BY_HAND)
    assert annotation in pool.condition("Ready")[2]
    pool.child("ScaledObject")["metadata"]["annotations"] = {annotation: "false"}
    pool.reconcile()
    assert pool.condition(SCALING)[0] == "True"


def test_a_pause_of_the_pools_own_is_nobodys_hand_also_while_it_ends() -> None:
    pool = running_pool()
    pool.change(pool_with(suspend=True))
    pool.reconcile()
    assert pool.child("ScaledObject")["metadata"]["annotations"]
    before = pool.seen()
    pool.come_up()
    pool.reconcile()
    assert pool.condition("Ready")[:2] == ("True", Reason.SUSPENDED)
    assert before.scalers["default"].paused_by is None
