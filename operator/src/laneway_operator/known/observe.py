"""What is kept of the objects in the cluster: digests and the few facts that decide. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from sys import intern
from typing import Any, Literal

from laneway.schema.job.keys import Place
from laneway.schema.pool.pool import default_prefix
from laneway.schema.shared.names import COMPONENT_LABEL, GROUP, KIND, LANE_LABEL, POOL_LABEL
from laneway_operator.known.digest import digest_of_object, owned
from laneway_operator.known.report import digest_in, engine_of_pod, report_of
from laneway_operator.known.trouble import trouble_of_pod
from laneway_operator.reasons import Reason
from laneway_operator.render.meta import OLLAMA, TEMPLATE
from laneway_operator.render.pods import CONFIG_VOLUME, LIVE_VOLUME
from laneway_operator.stages import Stage, stage_of_pod

EXCEEDED = "exceeded quota"  # the words of Kubernetes' admission of ResourceQuota
POD_COUNTS = ("active", "terminating", "succeeded", "failed")  # of a Job's status
KEDA_PAUSES = ("autoscaling.keda.sh/paused-replicas", "autoscaling.keda.sh/paused")
"""Annotations by which KEDA looks at a ScaledObject's triggers no more."""
Object = dict[str, Any]
Key = tuple[str, str]
"""Namespace and pool; of a placement profile, which has no namespace, an empty one and the name."""
LaneKey = tuple[Key, str]
"""A pool and its lane."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A named cause, with the words of whoever found it."""

    reason: Reason
    message: str
    lane: str | None = None
    """Whose it is; nothing where it is the whole pool's."""


@dataclass(frozen=True, slots=True)
class Child:
    """An object of a pool."""

    kind: str
    name: str
    uid: str
    digest: str
    lane: str | None = None
    owner: str | None = None
    """The UID of its controller."""
    component: str | None = None
    """Of what makes pods."""


@dataclass(frozen=True, slots=True)
class DeploymentFacts:
    """A lane's Deployment."""

    replicas: int
    ready: int
    trouble: Trouble | None = None
    unavailable: int = 0
    """Workers that don't serve; in a change also those that can't take an older one's place."""
    outdated: int = 0
    """Workers of before, that are to be replaced."""
    stuck: bool = False
    """No replacement has come up within the time that the Deployment allows."""
    config: str | None = None
    """The ConfigMap that its new pods read."""
    stale: bool = False
    """It was changed, and Kubernetes has not looked at it since: the rest tells of before."""
    paused: bool = False
    """Somebody has paused its rollouts."""
    template: str | None = None
    """The digest of the pod template that it was given last, of a lane's."""


@dataclass(frozen=True, slots=True)
class ScalerFacts:
    """A lane's ScaledObject: whether KEDA says that it works, and its words."""

    ready: bool | None
    message: str = ""
    paused_by: str | None = None
    """KEDA's annotation by which somebody else than the operator has paused it."""


@dataclass(frozen=True, slots=True)
class JobFacts:
    """The preflight."""

    name: str
    succeeded: bool
    refused: bool = False
    """Kubernetes has tried to make its pod, and may not."""


@dataclass(frozen=True, slots=True)
class PodFacts:
    """A pod of a pool."""

    lane: str | None
    leaving: bool
    config: str | None
    """The ConfigMap that it was started with."""
    live: str | None = None
    """The one that it reads again."""
    trouble: Trouble | None = None
    component: str | None = None
    ready: bool = False
    digest: str | None = None
    """Of the model that its worker says it serves."""
    engine: str | None = None
    """The image of its Ollama."""
    stage: Stage | None = None
    """How far it is."""


def called(key: Key) -> str:
    """A key as people say it."""
    namespace, name = key
    return f"pool {namespace}/{name}" if namespace else f"placement profile {name}"


def results_place(body: Object) -> Place | None:
    """Where a pool's results go."""
    s3 = body.get("spec", {}).get("results", {}).get("s3", {})
    bucket = s3.get("bucket")
    prefix = s3.get("prefix") or default_prefix(body["metadata"]["name"])
    return Place(bucket=bucket, prefix=prefix) if bucket else None


def own(body: Object, kind: Literal["annotations", "labels"]) -> dict[str, str]:
    """Those of our group that a pool has."""
    found = body["metadata"].get(kind) or {}
    return {name: value for name, value in found.items() if name.startswith(f"{GROUP}/")}


def annotators_of(body: Object) -> dict[str, str]:
    """Annotation of our group → the field manager that wrote it, as the API server keeps it."""
    entries = body["metadata"].get("managedFields") or []
    return {
        name: str(each.get("manager"))
        for each in entries
        for name in own(body, "annotations")
        if f"f:{name}" in each.get("fieldsV1", {}).get("f:metadata", {}).get("f:annotations", {})
    }


def key_of(body: Object) -> Key | None:
    """The pool that an object belongs to: by its owner, as anybody may change a label; a pod has the label only."""
    metadata = body["metadata"]
    owners = (each["name"] for each in metadata.get("ownerReferences", []) if each["kind"] == KIND)
    pool = next(owners, None) or metadata.get("labels", {}).get(POOL_LABEL)
    return (intern(metadata["namespace"]), intern(pool)) if pool else None


def child(kind: str, body: Object) -> Child:
    """What is kept of any child: there are thousands, so that what many have in common is kept once."""
    metadata = body["metadata"]
    labels = metadata.get("labels", {})
    owners = [each["uid"] for each in metadata.get("ownerReferences", []) if each.get("controller")]
    return Child(
        kind,
        metadata["name"],
        metadata["uid"],
        digest_of_object(body),
        _shared(labels.get(LANE_LABEL)),
        _shared(owners[0]) if owners else None,
        _shared(labels.get(COMPONENT_LABEL)),
    )


def _shared(text: str | None) -> str | None:
    return None if text is None else intern(text)


def deployment_facts(body: Object) -> DeploymentFacts:
    """Replicas wanted and ready, and what keeps the Deployment from making pods."""
    status = body.get("status", {})
    failure = _condition(status, "ReplicaFailure")
    trouble = None
    if failure is not None and failure.get("status") == "True":
        words = str(failure.get("message", ""))
        trouble = Trouble(Reason.QUOTA_EXCEEDED if EXCEEDED in words else Reason.PODS_REFUSED, words)
    progress = _condition(status, "Progressing") or {}
    return DeploymentFacts(
        replicas=body["spec"].get("replicas", 0),
        ready=status.get("readyReplicas", 0),
        trouble=trouble,
        unavailable=status.get("unavailableReplicas", 0),
        outdated=max(0, status.get("replicas", 0) - status.get("updatedReplicas", 0)),
        stuck=progress.get("reason") == "ProgressDeadlineExceeded",
        config=_config(body["spec"]["template"]["spec"]),
        stale=status.get("observedGeneration", 0) < body["metadata"].get("generation", 0),
        paused=bool(body["spec"].get("paused")),
        template=(body["metadata"].get("annotations") or {}).get(TEMPLATE),
    )


def scaler_facts(body: Object) -> ScalerFacts:
    """KEDA's own judgement, and a pause that is not ours: it is told where KEDA is down, too."""
    ready, paused_by = _condition(body.get("status", {}), "Ready"), _paused_by(body)
    if ready is None or ready.get("status") == "Unknown":
        return ScalerFacts(None, paused_by=paused_by)
    return ScalerFacts(ready.get("status") == "True", str(ready.get("message", "")), paused_by)


def _paused_by(body: Object) -> str | None:
    there: dict[str, str] = body["metadata"].get("annotations") or {}
    ours = owned(body).get("metadata", {}).get("annotations", {})
    found = (each for each in KEDA_PAUSES if there.get(each, "false") != "false" and each not in ours)
    return next(found, None)


def job_facts(body: Object) -> JobFacts:
    """Whether the preflight is done, or has no pod.

    The Job controller writes when it began together with how many pods it made then: none means that it was refused.
    The words are in an event only, which the operator has no right to read. Once a pod has failed, none may be a pause.
    """
    status = body.get("status", {})
    counted = [*(status.get(each) for each in POD_COUNTS), *status.get("uncountedTerminatedPods", {}).values()]
    return JobFacts(
        body["metadata"]["name"],
        succeeded=bool(status.get("succeeded")),
        refused="startTime" in status and not any(counted),
    )


def pod_facts(body: Object) -> PodFacts:
    """A pod and what is wrong with it."""
    metadata, spec = body["metadata"], body["spec"]
    found = trouble_of_pod(body)
    return PodFacts(
        lane=metadata.get("labels", {}).get(LANE_LABEL),
        leaving="deletionTimestamp" in metadata,
        config=_config(spec),
        live=_config(spec, LIVE_VOLUME),
        trouble=Trouble(*found) if found else None,
        component=metadata.get("labels", {}).get(COMPONENT_LABEL),
        ready=(_condition(body.get("status", {}), "Ready") or {}).get("status") == "True",
        digest=digest_in(report_of(body)),
        engine=engine_of_pod(body, OLLAMA),
        stage=stage_of_pod(body, OLLAMA),
    )


def _config(spec: Object, volume: str = CONFIG_VOLUME) -> str | None:
    """The ConfigMap that a pod of this spec reads."""
    return next((each["configMap"]["name"] for each in spec.get("volumes", []) if each["name"] == volume), None)


def _condition(status: Object, kind: str) -> Object | None:
    return next((each for each in status.get("conditions") or [] if each.get("type") == kind), None)
