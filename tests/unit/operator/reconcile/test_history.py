"""What is told of a pool's past: Events on it, and lines in the operator's log."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from laneway_operator.errors import NotYet
from laneway_operator.reasons import Reason
from support.inputs.pools import NAMESPACE, pool_with
from support.operator.in_memory import OperatedPool, running_pool

if TYPE_CHECKING:
    import pytest

SERVES = {"replicas": 1, "updatedReplicas": 1, "readyReplicas": 1}


def told(pool: OperatedPool) -> list[tuple[str, str]]:
    return [(each["type"], each["reason"]) for each in pool.cluster.events.values()]


def forget(pool: OperatedPool) -> None:
    """The operator starts anew, and what was told is gone."""
    pool.cluster.events.clear()
    pool.restart()


def serving_pool() -> OperatedPool:
    pool = running_pool()
    pool.report("Deployment", SERVES, replicas=1)
    pool.reconcile()
    forget(pool)
    return pool


def denied(pool: OperatedPool) -> None:
    pool.later(60)
    pool.queues.trouble = NotYet(Reason.QUEUE_ACCESS_DENIED, "CreateQueue was refused")
    pool.reconcile()


def mended(pool: OperatedPool) -> None:
    pool.later(60)
    pool.queues.trouble = None
    pool.reconcile()


def test_a_pools_way_from_new_to_serving_is_told_in_order() -> None:
    pool = running_pool()
    pool.report("Deployment", {}, replicas=1)
    pool.reconcile()
    pool.report("Deployment", SERVES)
    pool.reconcile()
    reasons = [Reason.CHECKING, Reason.SCALED_TO_ZERO, Reason.STARTING, Reason.SERVING]
    assert told(pool) == [("Normal", each) for each in reasons]


def test_an_event_says_of_what_by_whom_and_what_to_do() -> None:
    pool = serving_pool()
    denied(pool)
    (event,) = pool.cluster.events.values()
    assert (event["apiVersion"], event["metadata"]["namespace"]) == ("events.k8s.io/v1", NAMESPACE)
    assert event["metadata"]["name"].startswith("documents.")
    assert event["eventTime"] == "2026-11-22T18:01:00.000000Z"
    assert event["regarding"]["uid"] == pool.uid
    assert (event["type"], event["reason"]) == ("Warning", Reason.QUEUE_ACCESS_DENIED)
    assert event["note"].startswith("Ready True Serving → False QueueAccessDenied: lane default: CreateQueue was")
    assert event["note"].endswith("Give the identity named here access to the queue.")


def test_a_pool_that_is_quiet_tells_nothing() -> None:
    pool = serving_pool()
    pool.later(600)
    pool.reconcile()
    pool.restart()
    pool.reconcile()
    assert told(pool) == []


def test_what_repeats_is_counted_and_what_comes_after_a_while_is_told_anew() -> None:
    pool = serving_pool()
    for _ in range(3):
        denied(pool)
        mended(pool)
    assert told(pool) == [("Warning", Reason.QUEUE_ACCESS_DENIED), ("Normal", Reason.SERVING)]
    series = [each["series"] for each in pool.cluster.events.values()]
    assert series == [
        {"count": 3, "lastObservedTime": "2026-11-22T18:05:00.000000Z"},
        {"count": 3, "lastObservedTime": "2026-11-22T18:06:00.000000Z"},
    ]
    pool.later(3600)
    denied(pool)
    assert len(pool.cluster.events) == 3


def test_a_rollout_is_told_when_it_begins_and_when_it_is_over() -> None:
    pool = serving_pool()
    pool.change(pool_with(model={"name": "smollm2:360m"}))
    pool.reconcile()
    pool.child("Deployment")["metadata"]["generation"] = 2
    pool.come_up()
    pool.reconcile()
    seen = SERVES | {"observedGeneration": 2}
    pool.report("Deployment", seen | {"replicas": 2, "readyReplicas": 2})
    pool.reconcile()
    pool.report("Deployment", seen)
    pool.reconcile()
    reasons = [reason for _, reason in told(pool)]
    assert reasons == [
        Reason.CHECKING,
        Reason.ROLLING_OUT,  # of Reconciling
        Reason.ROLLING_OUT,  # of Ready
        Reason.SERVING,
        Reason.SETTLED,
    ]


def test_of_several_lanes_each_that_gets_into_trouble_is_named() -> None:
    pool = OperatedPool(pool_with(lanes=[{"name": "fast"}, {"name": "slow"}]))
    pool.reconcile()
    pool.come_up()
    pool.reconcile()
    denied(pool)
    forget(pool)
    failed = {"conditions": [{"type": "ReplicaFailure", "status": "True", "message": "denied by policy no-gpu"}]}
    pool.children("Deployment")["documents-slow"]["status"] = failed
    pool.children("Deployment")["documents-slow"]["spec"]["replicas"] = 1
    mended(pool)
    slow = next(each for each in pool.cluster.events.values() if each["reason"] == Reason.PODS_REFUSED)
    assert slow["type"] == "Warning"
    assert slow["note"].startswith("Ready ")
    notes = [each["note"] for each in pool.cluster.events.values()]
    begins = ["Ready False QueueAccessDenied → False PodsRefused", "lane fast"]
    assert [each.partition(": ")[0] for each in notes] == begins


def test_an_event_that_is_refused_holds_up_nothing_and_the_log_has_it(caplog: pytest.LogCaptureFixture) -> None:
    pool = serving_pool()
    pool.cluster.refusals["Event", Reason.QUEUE_ACCESS_DENIED] = "events is forbidden"
    with caplog.at_level(logging.INFO, "laneway_operator.reconcile.history"):
        denied(pool)
    assert pool.condition("Ready")[1] == Reason.QUEUE_ACCESS_DENIED
    line, warning = caplog.records
    place: Any = line
    assert (place.pool, place.condition) == (f"{NAMESPACE}/documents", "Ready")
    assert (getattr(line, "from"), place.to) == ("True Serving", "False QueueAccessDenied")
    assert (line.levelname, warning.levelname) == ("INFO", "WARNING")
    assert "events is forbidden" in warning.getMessage()


def test_a_note_has_room_for_no_more_than_the_api_server_takes() -> None:
    pool = serving_pool()
    pool.queues.trouble = NotYet(Reason.QUEUE_ACCESS_DENIED, "ü" * 5000)
    pool.reconcile()
    (event,) = pool.cluster.events.values()
    assert 1000 < len(event["note"].encode()) <= 1024
