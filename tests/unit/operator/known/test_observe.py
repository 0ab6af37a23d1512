from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from laneway_operator.known import observe
from laneway_operator.known.observe import DeploymentFacts, JobFacts, PodFacts, ScalerFacts, Trouble
from laneway_operator.reasons import Reason

LABELS = {"app.kubernetes.io/managed-by": "laneway", "laneway.dev/pool": "documents", "laneway.dev/lane": "fast"}


def body(status: dict[str, Any] | None = None, spec: dict[str, Any] | None = None, **metadata: Any) -> dict[str, Any]:
    found = {"name": "documents-fast", "namespace": "nlp", "uid": "u", "labels": LABELS} | metadata
    return {"metadata": found, "spec": spec or {}, **({"status": status} if status is not None else {})}


def condition(kind: str, status: str, message: str = "") -> dict[str, Any]:
    return {"conditions": [{"type": "Other", "status": "True"}, {"type": kind, "status": status, "message": message}]}


def progress(reason: str, status: str) -> dict[str, Any]:
    return {"conditions": [{"type": "Progressing", "status": status, "reason": reason}]}


def test_an_object_belongs_to_the_pool_on_its_label() -> None:
    assert observe.key_of(body()) == ("nlp", "documents")
    assert observe.key_of(body(labels={})) is None
    assert observe.key_of({"metadata": {"name": "a", "namespace": "nlp"}}) is None


@pytest.mark.parametrize("label", [{}, {"laneway.dev/pool": "another"}], ids=["gone", "another"])
def test_a_child_whose_label_was_changed_by_hand_still_belongs_to_its_pool(label: dict[str, str]) -> None:
    owner = {"kind": "LLMWorkerPool", "name": "documents", "uid": "p", "controller": True}
    assert observe.key_of(body(labels=label, ownerReferences=[owner])) == ("nlp", "documents")
    replica_set = {"kind": "ReplicaSet", "name": "documents-fast-1", "uid": "r", "controller": True}
    assert observe.key_of(body(ownerReferences=[replica_set])) == ("nlp", "documents")


def test_what_is_kept_of_a_child_is_small() -> None:
    found = observe.child("Deployment", body(spec={"a": "a" * 100_000}))
    assert (found.kind, found.name, found.uid, found.lane, len(found.digest)) == (
        "Deployment",
        "documents-fast",
        "u",
        "fast",
        64,
    )


@pytest.mark.parametrize(
    ("seen", "facts"),
    [
        (body(), DeploymentFacts(0, 0)),
        (body({"readyReplicas": 1}, {"replicas": 3}), DeploymentFacts(3, 1)),
        (body({"readyReplicas": 1, "unavailableReplicas": 1}, {"replicas": 1}), DeploymentFacts(1, 1, unavailable=1)),
        (
            body(condition("ReplicaFailure", "True", "denied by policy"), {"replicas": 1}),
            DeploymentFacts(1, 0, Trouble(Reason.PODS_REFUSED, "denied by policy")),
        ),
        (
            body(condition("ReplicaFailure", "True", 'pods "a" is forbidden: exceeded quota: gpus'), {"replicas": 1}),
            DeploymentFacts(1, 0, Trouble(Reason.QUOTA_EXCEEDED, 'pods "a" is forbidden: exceeded quota: gpus')),
        ),
        (body({"replicas": 3, "updatedReplicas": 1}, {"replicas": 3}), DeploymentFacts(3, 0, outdated=2)),
        (body({"replicas": 2}, {"replicas": 2}), DeploymentFacts(2, 0, outdated=2)),
        (body({"replicas": 1, "updatedReplicas": 1}, {"replicas": 3}), DeploymentFacts(3, 0)),
        (body(progress("NewReplicaSetAvailable", "True"), {"replicas": 1}), DeploymentFacts(1, 0)),
        (body(progress("ProgressDeadlineExceeded", "False"), {"replicas": 1}), DeploymentFacts(1, 0, stuck=True)),
        (body(condition("ReplicaFailure", "False", "over"), {"replicas": 1}), DeploymentFacts(1, 0)),
    ],
)
def test_a_deployment_tells_its_workers(seen: dict[str, Any], facts: DeploymentFacts) -> None:
    volumes = [{"name": "config", "configMap": {"name": "documents-fast-1"}}, {"name": "tmp", "emptyDir": {}}]
    seen["spec"]["template"] = {"spec": {"volumes": volumes}}
    assert observe.deployment_facts(seen) == replace(facts, config="documents-fast-1")


@pytest.mark.parametrize(
    ("seen", "facts"),
    [
        (body(), ScalerFacts(None)),
        (body({}), ScalerFacts(None)),
        (body({"conditions": None}), ScalerFacts(None)),
        (body(condition("Ready", "Unknown")), ScalerFacts(None)),
        (body(condition("Ready", "True", "ready")), ScalerFacts(ready=True, message="ready")),
        (body(condition("Ready", "False", "no access")), ScalerFacts(ready=False, message="no access")),
    ],
)
def test_a_scaled_object_tells_what_keda_says(seen: dict[str, Any], facts: ScalerFacts) -> None:
    assert observe.scaler_facts(seen) == facts


BEGUN = {"startTime": "2026-11-22T18:00:00Z", "ready": 0, "terminating": 0, "uncountedTerminatedPods": {}}


@pytest.mark.parametrize(
    ("status", "is_so"),
    [
        pytest.param(None, "", id="new"),
        pytest.param({}, "", id="not looked at by its controller"),
        pytest.param({**BEGUN, "active": 1}, "", id="runs"),
        pytest.param({**BEGUN, "uncountedTerminatedPods": {"succeeded": ["u"]}}, "", id="ended a moment ago"),
        pytest.param({**BEGUN, "succeeded": 1}, "succeeded", id="done"),
        pytest.param({**BEGUN, "failed": 1}, "", id="waits until it is tried again"),
        pytest.param({**BEGUN, "terminating": 1}, "", id="its pod leaves"),
        pytest.param(BEGUN, "refused", id="no pod was let in"),
    ],
)
def test_a_job_is_done_or_refused_or_under_way(status: dict[str, Any] | None, is_so: str) -> None:
    wanted = JobFacts("documents-fast", succeeded=is_so == "succeeded", refused=is_so == "refused")
    assert observe.job_facts(body(status)) == wanted


def test_a_pod_tells_its_config_its_lane_and_whether_it_leaves() -> None:
    volumes = [{"name": "tmp", "emptyDir": {}}, {"name": "config", "configMap": {"name": "documents-fast-1"}}]
    seen = body(spec={"volumes": volumes}, deletionTimestamp="2026-11-22T18:00:00Z")
    assert observe.pod_facts(seen) == PodFacts("fast", leaving=True, config="documents-fast-1")
    assert observe.pod_facts(body()) == PodFacts("fast", leaving=False, config=None)


def test_a_pod_of_the_dead_letter_handler_tells_so() -> None:
    labels = {"laneway.dev/pool": "documents", "app.kubernetes.io/component": "dead-letters"}
    found = observe.pod_facts(body(labels=labels))
    assert (found.lane, found.component) == (None, "dead-letters")


def test_a_pod_tells_its_trouble() -> None:
    waiting = {"name": "worker", "image": "w:1", "state": {"waiting": {"reason": "ErrImagePull"}}}
    found = observe.pod_facts(body({"containerStatuses": [waiting]})).trouble
    assert found == Trouble(Reason.IMAGE_PULL_FAILED, "container worker: image w:1 can't be pulled")
