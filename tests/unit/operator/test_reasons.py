"""From what Kubernetes, KEDA and pods say to the reason in a pool's status, through a whole pass of the operator."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from laneway.schema.pool.documents.preflight import PreflightCode
from laneway.schema.shared.names import COMPONENT_LABEL, LANE_LABEL, POOL_LABEL, REPORT
from laneway_operator.errors import NotYet
from laneway_operator.reasons import FIXES, Reason
from support.inputs.pools import NAMESPACE, pool_with
from support.operator.in_memory import GATED, HANDLER, SETTINGS, TABLED, OperatedPool, running_pool

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway_operator.settings import Settings

    Scene = Callable[[OperatedPool], None]

ACCESS, QUEUES, SCALING, WORKERS = "AccessVerified", "QueuesReady", "ScalingReady", "WorkersAvailable"
LIMITED = "ScalingLimited"
GATEWAY = "GatewayReady"
TABLE = "TableReady"
NO_KEYS = "laneway-gateway: LANEWAY_GATEWAY_KEYS: /etc/laneway-keys/keys.json is not there"
NO_GPU = "0/2 nodes are available: 2 Insufficient nvidia.com/gpu."


def pod(
    status: dict[str, Any], labels: dict[str, str] | None = None, annotations: dict[str, str] | None = None
) -> dict[str, Any]:
    metadata = {"name": "p", "namespace": NAMESPACE, "annotations": annotations or {}}
    labelled = metadata | {"labels": {POOL_LABEL: "documents"} | (labels or {})}
    return {"metadata": labelled, "spec": {}, "status": {"phase": "Pending"} | status}


def worker(status: dict[str, Any], told: dict[str, str] | None = None) -> Scene:
    """One worker is wanted, and its pod is so."""

    def scene(pool: OperatedPool) -> None:
        pool.report("Deployment", {"replicas": 1, "updatedReplicas": 1, "unavailableReplicas": 1}, replicas=1)
        annotations = {REPORT: json.dumps(told)} if told else {}
        pool.pods.append(pod(status, {LANE_LABEL: "default"}, annotations))

    return scene


def image_volume_refused(pool: OperatedPool) -> None:
    """An API server whose feature gate is off."""
    pool.cluster.image_volumes = False
    pool.change(pool_with(modelStore={"image": {"reference": "models:1"}}))


def telling(code: str) -> Scene:
    return worker({}, {"code": code, "message": "its words"})


def serving_and_telling(code: str) -> Scene:
    """The worker is ready, and tells something all the same."""

    def scene(pool: OperatedPool) -> None:
        telling(code)(pool)
        pool.report("Deployment", {"replicas": 1, "updatedReplicas": 1, "readyReplicas": 1}, replicas=1)

    return scene


def preflight(words: str) -> Scene:
    """The preflight's pod ended with these words."""

    def scene(pool: OperatedPool) -> None:
        pool.report("Job", {"active": 1})
        pool.pods.append(pod(ended("preflight", "Error", words), {COMPONENT_LABEL: "preflight"}))

    return scene


def finding(code: PreflightCode) -> Scene:
    return preflight(json.dumps({"code": code, "message": "its words"}))


def ended(name: str, reason: str, words: str = "") -> dict[str, Any]:
    terminated = {"exitCode": 1, "reason": reason, "message": words}
    state = {"waiting": {"reason": "CrashLoopBackOff"}}
    return {"containerStatuses": [{"name": name, "state": state, "lastState": {"terminated": terminated}}]}


def waiting(reason: str, message: str = "") -> dict[str, Any]:
    state = {"waiting": {"reason": reason, "message": message}}
    return {"containerStatuses": [{"name": "worker", "image": "w:1", "state": state}]}


def unscheduled(message: str) -> dict[str, Any]:
    return {"conditions": [{"type": "PodScheduled", "reason": "Unschedulable", "message": message}]}


def claimed(words: str) -> Scene:
    """A pod that is to read a claim, in the scheduler's words."""

    def scene(pool: OperatedPool) -> None:
        worker(unscheduled(f"0/2 nodes are available: {words}."))(pool)
        pool.pods[-1]["spec"] = {"volumes": [{"name": "models", "persistentVolumeClaim": {"claimName": "models"}}]}

    return scene


def deployment(**status: Any) -> Scene:
    return lambda pool: pool.report("Deployment", status, replicas=status.get("replicas", 1))


def refusing(words: str) -> Scene:
    return deployment(conditions=[{"type": "ReplicaFailure", "status": "True", "message": words}])


def preflight_without_a_node(pool: OperatedPool) -> None:
    words = "0/2 nodes are available: 2 node(s) had untolerated taint {dedicated: gpu}."
    pool.report("Job", {"active": 1})
    pool.pods.append(pod(unscheduled(words), {COMPONENT_LABEL: "preflight"}))


def scaler(**ready: str) -> Scene:
    return lambda pool: pool.report("ScaledObject", {"conditions": [{"type": "Ready", **ready}]})


def handler_crashes(pool: OperatedPool) -> None:
    objects = pool.cluster.objects
    handler = next(place for place in objects if place[0] == "Deployment" and HANDLER in place[2])
    objects[handler]["status"] = {"unavailableReplicas": 1}
    pool.pods.append(pod(ended("worker", "Error", "bang"), {COMPONENT_LABEL: "dead-letters"}))


def gateway(told: dict[str, Any] | None = None, settings: Settings = GATED, ready: int = 0) -> Scene:
    """The pool asks for two gateways; so many are ready, and one pod is so."""

    def scene(pool: OperatedPool) -> None:
        pool.restart(settings)
        pool.change(pool_with(gateway={"keys": {"secretName": "keys"}}))
        pool.reconcile()
        pool.report("Job", {"succeeded": 1})
        found = pool.children("Deployment").get("documents-gateway-for-all-lanes", {"spec": {}})
        found["status"], found["spec"]["replicas"] = {"readyReplicas": ready}, 2
        if told is not None:
            pool.pods.append(pod(told, {COMPONENT_LABEL: "gateway"}))

    return scene


def table(
    told: dict[str, Any] | None = None, settings: Settings = TABLED, *, replicas: int = 1, ready: int = 0
) -> Scene:
    """The pool asks for a table; its projector runs or not, and its pod is so."""

    def scene(pool: OperatedPool) -> None:
        pool.restart(settings)
        pool.change(pool_with(table={"postgres": {"secretName": "db"}}))
        pool.reconcile()
        pool.report("Job", {"succeeded": 1})
        found = pool.children("Deployment").get("documents-projector-of-all-lanes", {"spec": {}})
        found["status"], found["spec"]["replicas"] = {"readyReplicas": ready}, replicas
        if told is not None:
            pool.pods.append(pod(told, {COMPONENT_LABEL: "projector"}))

    return scene


def config_taken(pool: OperatedPool) -> None:
    somebodys = {"metadata": {"namespace": NAMESPACE, "name": "laneway-projector-documents", "uid": "a"}}
    pool.cluster.objects["ServiceAccount", NAMESPACE, "laneway-projector-documents"] = somebodys
    table()(pool)


def service_taken(pool: OperatedPool) -> None:
    somebodys = {"metadata": {"namespace": NAMESPACE, "name": "documents-gateway", "uid": "a"}}
    pool.cluster.objects["Service", NAMESPACE, "documents-gateway"] = somebodys
    gateway()(pool)


def nothing(_: OperatedPool) -> None:
    """All is as it was."""


def paused_by_hand(pool: OperatedPool) -> None:
    pool.child("ScaledObject")["metadata"]["annotations"] = {"autoscaling.keda.sh/paused-replicas": "0"}


def not_woken(pool: OperatedPool) -> None:
    pool.queues.messages = dict.fromkeys(pool.queues.made, 1)
    pool.later(600)
    pool.reconcile()
    pool.later(121)


def at_max_replicas(pool: OperatedPool) -> None:
    pool.report("Deployment", {"readyReplicas": 1, "updatedReplicas": 1, "replicas": 1}, replicas=1)
    pool.queues.messages = dict.fromkeys(pool.queues.made, 5)
    pool.later(600)
    pool.reconcile()
    pool.later(121)


def deleted(pool: OperatedPool) -> None:
    pool.change(pool_with(lane={"queue": {"managed": {"deletionPolicy": "Delete"}}}))
    pool.reconcile()
    pool.deleting = True
    pool.queues.trouble = NotYet(Reason.AWS_UNREACHABLE, "no answer")


SCENES: list[tuple[Reason, str, str, Scene]] = [
    (Reason.PUBLISHED, ACCESS, "True", nothing),
    (Reason.SCALING, SCALING, "True", nothing),
    (Reason.SETTLED, "Reconciling", "False", nothing),
    (Reason.AS_EXPECTED, "Stalled", "False", nothing),
    (Reason.NOT_ESTIMATED, "ModelFits", "Unknown", nothing),
    (Reason.NOT_LOOKED_AT, QUEUES, "Unknown", lambda pool: pool.change(pool_with(model={}))),
    (Reason.UNKNOWN_ENGINE, "SpecAccepted", "False", lambda pool: pool.change(pool_with(engine="next"))),
    (Reason.CHECKING, ACCESS, "Unknown", lambda pool: pool.report("Job", {"active": 1})),
    (Reason.PREFLIGHT_REFUSED, ACCESS, "False", lambda pool: pool.report("Job", {"startTime": "…", "ready": 0})),
    (Reason.PREFLIGHT_FAILED, ACCESS, "False", preflight("Traceback: bang")),
    (Reason.ACCESS_DENIED, ACCESS, "False", finding(PreflightCode.ACCESS_DENIED)),
    (Reason.BUCKET_MISSING, ACCESS, "False", finding(PreflightCode.BUCKET_MISSING)),
    (Reason.QUEUE_MISSING, ACCESS, "False", finding(PreflightCode.QUEUE_MISSING)),
    (Reason.TOPIC_MISSING, ACCESS, "False", finding(PreflightCode.TOPIC_MISSING)),
    (Reason.NO_CONDITIONAL_WRITES, ACCESS, "False", finding(PreflightCode.NO_CONDITIONAL_WRITES)),
    (Reason.REDRIVE_TOO_LOW, ACCESS, "False", finding(PreflightCode.REDRIVE_TOO_LOW)),
    (Reason.RETENTION_TOO_SHORT, ACCESS, "False", finding(PreflightCode.RETENTION_TOO_SHORT)),
    (Reason.AWS_REFUSED, ACCESS, "False", finding(PreflightCode.AWS_REFUSED)),
    (Reason.AWS_UNREACHABLE, ACCESS, "False", finding(PreflightCode.AWS_UNAVAILABLE)),
    (Reason.KEDA_ERROR, SCALING, "False", scaler(status="False", message="AccessDenied")),
    (Reason.PAUSED_BY_HAND, SCALING, "False", paused_by_hand),
    (Reason.NOT_WOKEN, SCALING, "False", not_woken),
    (Reason.AS_EXPECTED, LIMITED, "False", nothing),
    (Reason.AT_MAX_REPLICAS, LIMITED, "True", at_max_replicas),
    (Reason.NO_GPU_CAPACITY, LIMITED, "True", worker(unscheduled(NO_GPU))),
    (Reason.QUOTA_EXCEEDED, LIMITED, "True", refusing('pods "a" is forbidden: exceeded quota: gpus')),
    (Reason.AS_EXPECTED, LIMITED, "False", worker(waiting("ErrImagePull"))),
    (Reason.WAITING_FOR_KEDA, SCALING, "Unknown", scaler(status="Unknown")),
    (Reason.STARTING, WORKERS, "Unknown", worker({})),
    (Reason.SERVING, WORKERS, "True", deployment(readyReplicas=1, replicas=1, updatedReplicas=1)),
    (Reason.NO_GPU_CAPACITY, WORKERS, "False", worker(unscheduled(NO_GPU))),
    (Reason.VOLUME_CLAIM_MISSING, WORKERS, "False", claimed('persistentvolumeclaim "models" not found')),
    (Reason.VOLUME_CLAIM_UNBOUND, WORKERS, "False", claimed("pod has unbound immediate PersistentVolumeClaims")),
    (Reason.UNSCHEDULABLE, WORKERS, "False", worker(unscheduled("0/2 nodes are available: 2 Insufficient memory."))),
    (Reason.AUXILIARY_UNSCHEDULABLE, ACCESS, "False", preflight_without_a_node),
    (Reason.IMAGE_PULL_FAILED, WORKERS, "False", worker(waiting("ErrImagePull"))),
    (Reason.SECRET_MISSING, WORKERS, "False", worker(waiting("CreateContainerConfigError", 'secret "a" not found'))),
    (Reason.OUT_OF_MEMORY, WORKERS, "False", worker(ended("ollama", "OOMKilled"))),
    (Reason.CRASHING, WORKERS, "False", worker(ended("worker", "Error", "bang"))),
    (Reason.CRASHING, WORKERS, "False", handler_crashes),
    (Reason.MODEL_PULL_FAILED, WORKERS, "False", telling("model_pull_failed")),
    (Reason.MODEL_MISSING, WORKERS, "False", telling("model_missing")),
    (Reason.IMAGE_VOLUMES_MISSING, "SpecAccepted", "False", image_volume_refused),
    (Reason.MODEL_UNUSABLE, WORKERS, "False", telling("model_unusable")),
    (Reason.ENGINE_DOWN, WORKERS, "False", telling("engine_down")),
    (Reason.ENGINE_BROKEN, WORKERS, "False", telling("engine_broken")),
    (Reason.FEWER_SLOTS, WORKERS, "True", serving_and_telling("fewer_slots")),
    (Reason.STARTING, WORKERS, "Unknown", telling("fewer_slots")),
    (Reason.AWS_REFUSED, WORKERS, "False", telling("aws_refused")),
    (Reason.QUOTA_EXCEEDED, WORKERS, "False", refusing('pods "a" is forbidden: exceeded quota: gpus')),
    (Reason.PODS_REFUSED, WORKERS, "False", refusing("denied by policy no-gpu")),
    (Reason.ROLLING_OUT, "Reconciling", "True", deployment(replicas=2, updatedReplicas=1, readyReplicas=2)),
    (
        Reason.ROLLOUT_STUCK,
        "Reconciling",
        "False",
        deployment(conditions=[{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]),
    ),
    (Reason.GATEWAY_STARTING, GATEWAY, "Unknown", gateway()),
    (Reason.GATEWAY_SERVING, GATEWAY, "True", gateway(ready=2)),
    (Reason.GATEWAY_DEGRADED, GATEWAY, "True", gateway(ended("gateway", "Error"), ready=2)),
    (Reason.GATEWAY_UNAVAILABLE, GATEWAY, "False", gateway(ended("gateway", "Error"))),
    (Reason.GATEWAY_KEYS_MISSING, GATEWAY, "False", gateway(ended("gateway", "Error", NO_KEYS))),
    (Reason.GATEWAY_REFUSED, GATEWAY, "False", service_taken),
    (Reason.GATEWAYS_OFF, GATEWAY, "False", gateway(settings=SETTINGS)),
    (Reason.TABLE_IDLE, TABLE, "True", table(replicas=0)),
    (Reason.TABLE_WRITING, TABLE, "True", table(ready=1)),
    (Reason.TABLE_STARTING, TABLE, "Unknown", table()),
    (Reason.TABLE_UNAVAILABLE, TABLE, "False", table(ended("projector", "Error", "laneway-table: no such password"))),
    (Reason.TABLE_REFUSED, TABLE, "False", config_taken),
    (Reason.TABLES_OFF, TABLE, "False", table(settings=SETTINGS)),
    (Reason.DELETING, "Reconciling", "True", deleted),
]


@pytest.mark.parametrize(("reason", "kind", "status", "scene"), SCENES, ids=[each[0] for each in SCENES])
def test_what_is_seen_in_the_cluster_is_named_with_what_to_do(
    reason: Reason, kind: str, status: str, scene: Scene
) -> None:
    pool = running_pool()
    scene(pool)
    pool.reconcile()
    assert pool.condition(kind)[:2] == (status, reason)
    assert pool.condition(kind)[2].endswith(FIXES.get(reason, ""))
