"""A table comes with a pool's field, goes with it, and keeps nothing else of the pool from being so."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from laneway_operator.errors import NotYet
from laneway_operator.reasons import Reason
from support.inputs.pools import NAMESPACE, pool_with
from support.operator.in_memory import SETTINGS, TABLED, OperatedPool

if TYPE_CHECKING:
    from laneway_operator.settings import Settings

WALLED = replace(TABLED, network_policies=True)
DEPLOYMENT = "documents-projector-of-all-lanes"
KINDS = ("ConfigMap", "Deployment", "NetworkPolicy", "ScaledObject", "ServiceAccount")


def tabled(**fields: Any) -> dict[str, Any]:
    return pool_with(table={"postgres": {"secretName": "db"}} | fields)


def pool_of(settings: Settings = WALLED, **fields: Any) -> OperatedPool:
    """A pool with a table that is applied and sleeps."""
    pool = OperatedPool(tabled(**fields), settings)
    pool.reconcile()
    pool.come_up()
    pool.reconcile()
    return pool


def of_table(pool: OperatedPool) -> list[str]:
    marks = ((kind, body["metadata"]["labels"]) for (kind, _, _), body in pool.cluster.objects.items())
    return sorted(kind for kind, labels in marks if labels.get("app.kubernetes.io/component") == "projector")


def events_queue_of(pool: OperatedPool) -> str | None:
    """What running workers read."""
    live = json.loads(pool.children("ConfigMap")["documents-default-live"]["data"]["live.json"])
    url: str | None = live["events_queue_url"]
    return url


def event_queues(pool: OperatedPool) -> list[str]:
    return [url for url in pool.queues.made if "-events" in url]


def test_a_table_comes_and_goes_with_the_field_and_its_queue_stays_until_the_pool_is_deleted() -> None:
    pool = pool_of()
    assert of_table(pool) == sorted(KINDS)
    url = events_queue_of(pool)
    assert url is not None
    assert url == pool.status["eventsQueueURL"]
    assert pool.condition("TableReady")[:2] == ("True", Reason.TABLE_IDLE)
    assert pool.again() == []
    pool.change(pool_with())
    pool.reconcile()
    assert of_table(pool) == []
    assert events_queue_of(pool) is None
    assert "TableReady" not in {each["type"] for each in pool.status["conditions"]}
    assert len(event_queues(pool)) == 2
    pool.deleting = True
    pool.reconcile()
    assert event_queues(pool) == []


def test_the_queues_of_events_go_with_the_pool() -> None:
    pool = pool_of()
    assert len(event_queues(pool)) == 2
    pool.deleting = True
    assert pool.reconcile() is False
    assert event_queues(pool) == []
    assert pool.queues.made  # the lanes' stay


def test_tables_that_are_turned_off_leave_the_pool_as_it_is_and_say_why() -> None:
    pool = pool_of(SETTINGS)
    assert of_table(pool) == []
    assert event_queues(pool) == []
    assert pool.reconcile() is False
    assert pool.condition("Ready")[:2] == ("True", Reason.SCALED_TO_ZERO)
    status, reason, message = pool.condition("TableReady")
    assert (status, reason) == ("False", Reason.TABLES_OFF)
    assert "Set `tables.enabled` in the operator's Helm values" in message


@pytest.mark.parametrize("why", ["turned off", "no queue"])
def test_trouble_that_is_not_of_a_projectors_objects_keeps_no_old_document(why: str) -> None:
    pool = OperatedPool(tabled(), SETTINGS if why == "turned off" else WALLED)
    if why == "no queue":
        pool.queues.troubles["-events"] = NotYet(Reason.QUEUE_ACCESS_DENIED, "sqs:CreateQueue")
    counts = []
    for number in range(1, 5):
        pool.change(pool_with(table={"postgres": {"secretName": "db"}}, model={"name": f"gemma3:{number}b"}))
        for _ in range(3):
            pool.reconcile()
            pool.come_up()
        counts.append(len(pool.children("ConfigMap")))
    assert counts[-1] == counts[0]


def test_an_events_queue_that_can_not_be_made_keeps_no_lane_from_serving() -> None:
    pool = OperatedPool(tabled(), WALLED)
    pool.queues.troubles["-events"] = NotYet(Reason.QUEUE_ACCESS_DENIED, "sqs:CreateQueue")
    assert pool.reconcile() is True
    pool.come_up()
    pool.reconcile()
    assert pool.condition("Ready")[:2] == ("True", Reason.SCALED_TO_ZERO)
    assert pool.condition("TableReady")[:2] == ("False", Reason.QUEUE_ACCESS_DENIED)
    assert events_queue_of(pool) is None


def test_trouble_with_a_queue_that_was_there_takes_it_from_no_worker() -> None:
    pool = pool_of()
    url = events_queue_of(pool)
    pool.queues.troubles["-events"] = NotYet(Reason.AWS_UNREACHABLE, "no answer")
    pool.reconcile()
    assert events_queue_of(pool) == url
    assert of_table(pool) == sorted(KINDS)
    assert pool.condition("TableReady")[:2] == ("False", Reason.AWS_UNREACHABLE)
    assert pool.condition("Ready")[0] == "True"


@pytest.mark.parametrize(("kind", "name"), [("Deployment", DEPLOYMENT), ("ScaledObject", DEPLOYMENT)])
def test_what_the_api_server_refuses_of_a_table_keeps_no_lane_from_being_made(kind: str, name: str) -> None:
    pool = OperatedPool(tabled(), WALLED)
    pool.cluster.refusals[kind, name] = "denied by policy no-secrets"
    pool.reconcile()
    pool.come_up()
    pool.reconcile()
    assert pool.condition("SpecAccepted")[:2] == ("True", Reason.ACCEPTED)
    assert pool.condition("TableReady")[:2] == ("False", Reason.TABLE_REFUSED)
    assert "denied by policy no-secrets" in pool.condition("TableReady")[2]


def test_what_can_not_be_read_any_more_leaves_the_projector_at_work_and_tells_of_it() -> None:
    pool = pool_of()
    found = pool.cluster.objects["Deployment", NAMESPACE, DEPLOYMENT]
    found["status"], found["spec"]["replicas"] = {"readyReplicas": 1}, 1
    pool.change(pool_with(model={}, table={"postgres": {"secretName": "db"}}))
    pool.reconcile()
    assert of_table(pool) == sorted(KINDS)
    assert pool.condition("Ready")[:2] == ("False", Reason.INVALID_SPEC)
    assert pool.condition("TableReady")[:2] == ("True", Reason.TABLE_WRITING)
