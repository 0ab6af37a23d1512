from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from laneway_operator.errors import NotYet
from laneway_operator.reasons import FIXES, Reason
from laneway_operator.reconcile.former import EMPTY_FOR
from support.inputs.pools import NAMESPACE, pool_with
from support.operator.in_memory import ENGINES, OTHER_DEFAULT, SETTINGS, OperatedPool, running_pool

ALL = [
    "apply ServiceAccount laneway-worker-documents",
    "apply ServiceAccount laneway-preflight-documents",
    "apply TriggerAuthentication laneway-documents",
    "apply ConfigMap documents-preflight-",
    "apply Job documents-preflight-",
    "apply ConfigMap documents-default-",
    "apply ConfigMap documents-default-live",
    "apply Deployment documents-default",
    "apply ScaledObject documents-default",
    "apply ConfigMap documents-dead-letters-of-all-lanes-",
    "apply Deployment documents-dead-letters-of-all-lanes",
    "apply ScaledObject documents-dead-letters-of-all-lanes",
]


def without_hash(calls: list[str]) -> list[str]:
    return [re.sub(r"^(\w+ (ConfigMap|Job) .*-)[0-9a-f]{8}$", r"\1", call) for call in calls]


def test_a_new_pool_gets_its_queues_then_its_children_then_its_status() -> None:
    pool = OperatedPool()
    assert pool.reconcile() is False
    assert [each.partition(" ")[0] for each in pool.queues.changes] == ["create", "create"]
    assert without_hash(pool.cluster.writes[:-1]) == ALL
    assert pool.cluster.writes[-1] == "status documents"
    assert pool.condition("Ready")[:2] == ("Unknown", Reason.CHECKING)


def test_what_a_new_pools_children_tell_of_themselves_is_no_news() -> None:
    pool = OperatedPool()
    pool.reconcile()
    assert pool.again() == []


def test_a_pool_that_sleeps_is_ready() -> None:
    pool = running_pool()
    assert pool.condition("Ready")[:2] == ("True", Reason.SCALED_TO_ZERO)
    urls = pool.queues.made
    assert {pool.status["lanes"][0]["queueURL"], pool.status["lanes"][0]["deadLetterQueueURL"]} == set(urls)


def test_an_unchanged_pool_costs_no_write_however_often_it_is_looked_at() -> None:
    pool = running_pool()
    for _ in range(3):
        pool.later(600)
        assert pool.again() == []
    assert len(pool.queues.changes) == 2


def test_an_operator_that_starts_anew_writes_nothing() -> None:
    pool = running_pool()
    pool.restart()
    assert pool.again() == []


@pytest.mark.parametrize("kind", ["TriggerAuthentication", "Job", "Deployment", "ScaledObject"])
def test_a_child_that_was_deleted_comes_back_alone(kind: str) -> None:
    pool = running_pool()
    (name,) = pool.children(kind)
    del pool.cluster.objects[kind, NAMESPACE, name]
    assert pool.again()[0] == f"apply {kind} {name}"
    pool.come_up()
    assert not [each for each in pool.again() if each.startswith("apply")]


@pytest.mark.parametrize("name", ["laneway-worker-documents", "laneway-preflight-documents"])
def test_an_account_that_was_deleted_comes_back_alone(name: str) -> None:
    pool = running_pool()
    del pool.cluster.objects["ServiceAccount", NAMESPACE, name]
    assert pool.again()[0] == f"apply ServiceAccount {name}"


def test_what_was_changed_by_hand_is_mended_and_nothing_else() -> None:
    pool = running_pool()
    pool.child("ScaledObject")["spec"]["maxReplicaCount"] = 99
    assert pool.again() == ["apply ScaledObject documents-default"]
    assert pool.child("ScaledObject")["spec"]["maxReplicaCount"] == 1


def test_what_others_wrote_survives() -> None:
    pool = running_pool()
    deployment = pool.child("Deployment")
    deployment["spec"]["replicas"] = 5
    deployment["metadata"]["annotations"]["other.example/note"] = "kept"
    pool.change(pool_with(lane={"parallel": 2}))
    pool.reconcile()
    assert pool.child("Deployment")["spec"]["replicas"] == 5
    assert pool.child("Deployment")["metadata"]["annotations"]["other.example/note"] == "kept"


def test_a_lane_that_is_taken_out_takes_its_children_along_but_not_its_queue() -> None:
    pool = OperatedPool(pool_with(lanes=[{"name": "fast"}, {"name": "slow"}]))
    pool.reconcile()
    pool.change(pool_with(lanes=[{"name": "fast"}]))
    pool.reconcile()
    pool.later(EMPTY_FOR.total_seconds())
    pool.reconcile()
    assert set(pool.children("Deployment")) == set(pool.children("ScaledObject")) == {"documents-fast"}
    assert len(pool.children("ConfigMap")) == 3
    assert "documents-fast-live" in pool.children("ConfigMap")
    assert len(pool.queues.made) == 4
    assert [each["name"] for each in pool.status["lanes"]] == ["fast"]


def test_a_draining_pod_keeps_its_config_until_it_is_gone() -> None:
    pool = running_pool()
    old = _config(pool)
    pool.pods = [_pod(old, leaving=True)]
    pool.change(pool_with(lane={"parallel": 2}))
    pool.reconcile()
    assert old in pool.children("ConfigMap")
    pool.pods = []
    assert f"delete ConfigMap {old}" in pool.again()
    assert old not in pool.children("ConfigMap")


def test_workers_of_a_lane_that_was_taken_out_keep_what_they_read_again_until_they_are_gone() -> None:
    pool = OperatedPool(pool_with(lanes=[{"name": "fast"}, {"name": "slow"}]))
    pool.reconcile()
    live = "documents-slow-live"
    pool.pods = [_pod("documents-slow-01234567", leaving=True, live=live)]
    pool.change(pool_with(lanes=[{"name": "fast"}]))
    pool.reconcile()
    pool.later(EMPTY_FOR.total_seconds())
    pool.reconcile()
    assert live in pool.children("ConfigMap")
    pool.pods = []
    pool.reconcile()
    assert live not in pool.children("ConfigMap")


def test_a_config_stays_while_its_deployment_cannot_be_changed() -> None:
    pool = running_pool()
    old = _config(pool)
    pool.cluster.refusals["Deployment", "documents-default"] = "denied by a policy"
    pool.change(pool_with(lane={"parallel": 2}))
    pool.reconcile()
    assert _config(pool) == old
    assert old in pool.children("ConfigMap")
    pool.cluster.refusals.clear()
    pool.reconcile()
    pool.reconcile()
    assert old not in pool.children("ConfigMap")


def test_a_finished_preflight_runs_again_only_when_what_it_publishes_changes() -> None:
    pool = running_pool()
    (before,) = pool.children("Job")
    pool.change(pool_with(lane={"scaling": {"maxReplicas": 9}}))
    pool.reconcile()
    assert list(pool.children("Job")) == [before]
    pool.change(pool_with(lane={"limits": {"maxTokens": 9}}))
    pool.reconcile()
    assert list(pool.children("Job")) != [before]
    assert pool.condition("AccessVerified")[:2] == ("Unknown", Reason.CHECKING)


def test_an_older_preflight_ends_before_a_newer_one_is_made() -> None:
    pool = running_pool()
    (before,) = pool.children("Job")
    pool.change(pool_with(lane={"limits": {"maxTokens": 9}}))
    written = pool.again()
    (after,) = pool.children("Job")
    assert written.index(f"delete Job {before}") < written.index(f"apply Job {after}")


def test_another_role_on_aws_is_tried_by_a_preflight_of_its_own() -> None:
    role, other = ({"annotations": {"eks.amazonaws.com/role-arn": f"arn:aws:iam::1:role/{name}"}} for name in "ab")
    pool = running_pool()
    jobs = [*pool.children("Job")]
    for account in (role, other):
        pool.change(pool_with(serviceAccount=account))
        pool.reconcile()
        jobs += pool.children("Job")
        assert pool.condition("AccessVerified")[:2] == ("Unknown", Reason.CHECKING)
        pool.come_up()
    assert len(set(jobs)) == 3


def test_a_status_is_written_only_when_something_changed() -> None:
    pool = running_pool()
    pool.later(60)
    assert pool.again() == []
    pool.report("Deployment", {"readyReplicas": 1}, replicas=1)
    assert pool.again() == ["status documents"]
    assert (pool.status["workers"], pool.condition("Ready")[1]) == ("1/1", Reason.SERVING)


def test_the_first_status_after_an_edit_is_not_ready_while_a_worker_of_before_serves() -> None:
    """What `kubectl wait --for=condition=Ready` sees right after a patch to a model that doesn't exist."""
    pool = running_pool()
    pool.report("Deployment", {"replicas": 1, "updatedReplicas": 1, "readyReplicas": 1}, replicas=1)
    pool.reconcile()
    pool.change(pool_with(model={"name": "nobody/none:1b"}))
    pool.reconcile()
    assert pool.status["observedGeneration"] == 2
    pool.come_up()
    pool.child("Deployment")["metadata"]["generation"] = 2
    pool.reconcile()
    assert pool.condition("Ready")[:2] == ("Unknown", Reason.ROLLING_OUT)
    assert pool.condition("Reconciling")[:2] == ("True", Reason.ROLLING_OUT)
    status = {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 1, "readyReplicas": 1}
    pool.report("Deployment", status)
    pool.reconcile()
    assert pool.condition("Ready")[:2] == ("Unknown", Reason.ROLLING_OUT)
    pool.report("Deployment", status | {"readyReplicas": 2})
    pool.reconcile()
    assert pool.condition("Ready")[:2] == ("True", Reason.SERVING)
    assert pool.condition("Reconciling")[0] == "True"


def test_an_edit_that_no_worker_needs_leaves_a_pool_ready() -> None:
    pool = running_pool()
    pool.report("Deployment", {"replicas": 1, "updatedReplicas": 1, "readyReplicas": 1}, replicas=1)
    pool.reconcile()
    pool.change(pool_with(lane={"scaling": {"maxReplicas": 3}}))
    pool.reconcile()
    pool.come_up()
    pool.reconcile()
    assert (pool.status["observedGeneration"], pool.condition("Ready")[:2]) == (2, ("True", Reason.SERVING))


def test_a_condition_knows_since_when_it_holds() -> None:
    pool = running_pool()
    pool.later(3600)
    pool.queues.trouble = NotYet(Reason.AWS_UNREACHABLE, "no answer")
    pool.reconcile()
    times = {each["type"]: each["lastTransitionTime"] for each in pool.status["conditions"]}
    assert times["QueuesReady"] == "2026-11-22T19:00:00Z"
    assert times["SpecAccepted"] == "2026-11-22T18:00:00Z"


def test_another_default_engine_reaches_a_pool_that_did_not_change_and_names_none() -> None:
    pool = running_pool()
    pool.restart(replace(SETTINGS, engines=OTHER_DEFAULT))
    assert pool.again() == ["apply Deployment documents-default"]
    pool.change(pool_with(engine="ollama-0-32"))
    assert pool.again() == ["status documents"]


def test_an_engine_that_is_gone_is_told_and_the_workers_that_have_it_are_left_alone() -> None:
    pool = running_pool()
    pool.change(pool_with(engine="ollama-0-32"))
    pool.reconcile()
    before = pool.child("Deployment")
    kept = {name: each for name, each in ENGINES.engines.items() if name != "ollama-0-32"}
    pool.restart(replace(SETTINGS, engines=ENGINES.model_copy(update={"engines": kept})))
    assert pool.again() == ["status documents"]
    status, reason, message = pool.condition("Ready")
    assert (status, reason) == ("False", Reason.UNKNOWN_ENGINE)
    assert message == "no engine ollama-0-32; there are: ollama-0-12. " + FIXES[Reason.UNKNOWN_ENGINE]
    assert pool.child("Deployment") == before


def _config(pool: OperatedPool) -> str:
    """The ConfigMap that new workers are started with."""
    (name,) = [each["configMap"]["name"] for each in _volumes(pool.child("Deployment")) if each["name"] == "config"]
    return str(name)


def _volumes(deployment: dict[str, Any]) -> Any:
    return deployment["spec"]["template"]["spec"]["volumes"]


def _pod(config: str, *, leaving: bool, live: str = "documents-default-live") -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": "p", "namespace": NAMESPACE, "labels": {"laneway.dev/lane": "default"}}
    if leaving:
        metadata["deletionTimestamp"] = "2026-11-22T18:00:00Z"
    volumes = [{"name": name, "configMap": {"name": each}} for name, each in (("config", config), ("live", live))]
    return {"metadata": metadata, "spec": {"volumes": volumes}}
