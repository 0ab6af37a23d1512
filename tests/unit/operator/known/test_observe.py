from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from laneway.schema.shared.names import REPORT
from laneway_operator.known import observe
from laneway_operator.known.observe import DeploymentFacts, JobFacts, PodFacts, ScalerFacts, Trouble
from laneway_operator.reasons import Reason
from laneway_operator.stages import Stage

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
        (body({"observedGeneration": 1}, {"replicas": 1}, generation=2), DeploymentFacts(1, 0, stale=True)),
        (body({"observedGeneration": 2}, {"replicas": 1}, generation=2), DeploymentFacts(1, 0)),
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
    assert observe.pod_facts(body()) == PodFacts("fast", leaving=False, config=None, stage=Stage.NODE_STARTING)


def test_a_pod_of_the_dead_letter_handler_tells_so() -> None:
    labels = {"laneway.dev/pool": "documents", "app.kubernetes.io/component": "dead-letters"}
    found = observe.pod_facts(body(labels=labels))
    assert (found.lane, found.component) == (None, "dead-letters")


def test_a_pod_tells_its_trouble() -> None:
    waiting = {"name": "worker", "image": "w:1", "state": {"waiting": {"reason": "ErrImagePull"}}}
    found = observe.pod_facts(body({"containerStatuses": [waiting]})).trouble
    assert found == Trouble(Reason.IMAGE_PULL_FAILED, "container worker: image w:1 can't be pulled")


DIGEST = "sha256:" + "a" * 64
IMAGE_DIGEST = "sha256:" + "b" * 64


def reporting(report: str | None = None, image: str = "ollama:1", image_id: str = "", ready: str = "True") -> PodFacts:
    annotations = {} if report is None else {REPORT: report}
    body = {
        "metadata": {"name": "p", "labels": {}, "annotations": annotations},
        "spec": {"initContainers": [{"name": "ollama", "image": image}]},
        "status": {
            "conditions": [{"type": "Ready", "status": ready}],
            "initContainerStatuses": [{"name": "ollama", "ready": True, "imageID": image_id}],
        },
    }
    return observe.pod_facts(body)


def test_a_pod_tells_whether_it_is_ready_what_it_serves_and_by_which_engine() -> None:
    found = reporting(json.dumps({"digest": DIGEST}))
    assert (found.ready, found.digest, found.engine, found.trouble) == (True, DIGEST, "ollama:1", None)
    both = reporting(json.dumps({"digest": DIGEST, "code": "fewer_slots", "message": "one of two"}), ready="False")
    assert (both.ready, both.digest) == (False, DIGEST)
    assert both.trouble == Trouble(Reason.FEWER_SLOTS, "one of two")


@pytest.mark.parametrize(
    "report",
    [
        None,
        "",
        "{",
        "[]",
        "7",
        '{"digest": 7}',
        '{"digest": "latest"}',
        json.dumps({"digest": DIGEST.upper()}),
        json.dumps({"digest": f"{DIGEST}\n"}),
        json.dumps({"digest": [DIGEST]}),
        json.dumps({"digest": DIGEST, "message": "a" * 5000}),
    ],
)
def test_a_report_that_is_none_tells_no_digest(report: str | None) -> None:
    assert reporting(report).digest is None


@pytest.mark.parametrize(
    ("image", "image_id", "told"),
    [
        ("ollama:1", f"docker.io/ollama/ollama@{IMAGE_DIGEST}", f"ollama:1@{IMAGE_DIGEST}"),
        ("ollama:1", f"docker-pullable://ollama@{IMAGE_DIGEST}", f"ollama:1@{IMAGE_DIGEST}"),
        (f"ollama@{DIGEST}", f"docker.io/ollama/ollama@{IMAGE_DIGEST}", f"ollama@{DIGEST}"),
        ("ollama:1", IMAGE_DIGEST, "ollama:1"),  # of the image's configuration: by it nothing can be pulled
        ("ollama:1", "", "ollama:1"),
        ("ollama:1", "a@b", "ollama:1"),
    ],
)
def test_an_engine_is_named_as_it_could_be_pinned(image: str, image_id: str, told: str) -> None:
    assert reporting(image=image, image_id=image_id).engine == told


def test_of_a_pools_annotations_ours_are_kept_and_who_wrote_them() -> None:
    """Argo CD writes many, and kubectl the whole pool into one."""
    ours = {"laneway.dev/paused": "true", "laneway.dev/paused-lanes": "fast"}
    written: dict[str, Any] = {"f:metadata": {"f:annotations": {"f:laneway.dev/paused": {}}}}
    metadata = {
        "annotations": ours | {"kubectl.kubernetes.io/last-applied-configuration": "{}"},
        "managedFields": [
            {"manager": "argocd-controller", "fieldsV1": {"f:spec": {}}},
            {"manager": "kubectl-annotate", "fieldsV1": written},
        ],
    }
    assert observe.own({"metadata": metadata}, "annotations") == ours
    assert observe.annotators_of({"metadata": metadata}) == {"laneway.dev/paused": "kubectl-annotate"}


@pytest.mark.parametrize("metadata", [{}, {"annotations": None}, {"annotations": {}, "managedFields": None}])
def test_a_pool_without_annotations_has_none(metadata: dict[str, Any]) -> None:
    assert observe.own({"metadata": metadata}, "annotations") == observe.annotators_of({"metadata": metadata}) == {}
