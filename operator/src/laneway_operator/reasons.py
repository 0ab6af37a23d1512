"""The closed list of reasons that conditions have, and what a person does about each. Pure."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why a condition is as it is."""

    ACCEPTED = "Accepted"
    NOT_UNDERSTOOD = "NotUnderstood"
    INVALID_SPEC = "InvalidSpec"
    UNKNOWN_PROFILE = "UnknownProfile"
    UNKNOWN_ENGINE = "UnknownEngine"
    INVALID_PROFILE = "InvalidProfile"
    PROFILES_DIFFER = "ProfilesDiffer"
    NOT_LOOKED_AT = "NotLookedAt"
    NAME_TAKEN = "NameTaken"
    OTHER_OPERATOR = "OtherOperator"
    RESULTS_SHARED = "ResultsShared"
    QUEUES_READY = "QueuesReady"
    QUEUE_ACCESS_DENIED = "QueueAccessDenied"
    QUEUE_NOT_OURS = "QueueNotOurs"
    QUEUE_MISSING = "QueueMissing"
    REDRIVE_TOO_LOW = "RedriveTooLow"
    RETENTION_TOO_SHORT = "RetentionTooShort"
    AWS_REFUSED = "AWSRefused"
    AWS_UNREACHABLE = "AWSUnreachable"
    SECRET_MISSING = "SecretMissing"  # noqa: S105 - a word, not a password
    CA_BUNDLE_MISSING = "CABundleMissing"
    PUBLISHED = "Published"
    CHECKING = "Checking"
    PREFLIGHT_FAILED = "PreflightFailed"
    PREFLIGHT_REFUSED = "PreflightRefused"
    ACCESS_DENIED = "AccessDenied"
    BUCKET_MISSING = "BucketMissing"
    TOPIC_MISSING = "TopicMissing"
    NO_CONDITIONAL_WRITES = "NoConditionalWrites"
    POOL_DOCUMENT_OF_ANOTHER = "PoolDocumentOfAnother"
    SCALING = "Scaling"
    WAITING_FOR_KEDA = "WaitingForKeda"
    KEDA_MISSING = "KedaMissing"
    KEDA_ERROR = "KedaError"
    PAUSED_BY_HAND = "PausedByHand"
    NOT_WOKEN = "NotWoken"
    AT_MAX_REPLICAS = "AtMaxReplicas"
    SUSPENDED = "Suspended"
    PAUSED = "Paused"
    ASLEEP = "Asleep"
    SCALED_TO_ZERO = "ScaledToZero"
    SERVING = "Serving"
    STARTING = "Starting"
    NO_GPU_CAPACITY = "NoGPUCapacity"
    UNSCHEDULABLE = "Unschedulable"
    AUXILIARY_UNSCHEDULABLE = "AuxiliaryUnschedulable"
    VOLUME_CLAIM_MISSING = "VolumeClaimMissing"
    VOLUME_CLAIM_UNBOUND = "VolumeClaimUnbound"
    IMAGE_PULL_FAILED = "ImagePullFailed"
    OUT_OF_MEMORY = "OutOfMemory"
    CRASHING = "Crashing"
    MODEL_PULL_FAILED = "ModelPullFailed"
    MODEL_MISSING = "ModelMissing"
    MODEL_UNUSABLE = "ModelUnusable"
    ENGINE_DOWN = "EngineDown"
    ENGINE_BROKEN = "EngineBroken"
    FEWER_SLOTS = "FewerSlots"
    QUOTA_EXCEEDED = "QuotaExceeded"
    PODS_REFUSED = "PodsRefused"
    REFUSED = "Refused"
    IMAGE_VOLUMES_MISSING = "ImageVolumesMissing"
    DELETING = "Deleting"
    ROLLING_OUT = "RollingOut"
    ROLLOUT_WAITING = "RolloutWaiting"
    ROLLOUT_STUCK = "RolloutStuck"
    LANE_DRAINING = "LaneDraining"
    SETTLED = "Settled"
    AS_EXPECTED = "AsExpected"
    MODEL_FITS = "ModelFits"
    MODEL_TOO_LARGE = "ModelTooLarge"
    NOT_ESTIMATED = "NotEstimated"
    GATEWAY_SERVING = "GatewayServing"
    GATEWAY_STARTING = "GatewayStarting"
    GATEWAY_DEGRADED = "GatewayDegraded"
    GATEWAY_UNAVAILABLE = "GatewayUnavailable"
    GATEWAY_KEYS_MISSING = "GatewayKeysMissing"
    GATEWAY_REFUSED = "GatewayRefused"
    GATEWAYS_OFF = "GatewaysOff"
    TABLE_IDLE = "TableIdle"
    TABLE_WRITING = "TableWriting"
    TABLE_STARTING = "TableStarting"
    TABLE_UNAVAILABLE = "TableUnavailable"
    TABLE_REFUSED = "TableRefused"
    TABLES_OFF = "TablesOff"


CONDITIONS: dict[str, str] = {
    "Ready": "The summary: the pool as it is written now serves or has served, or rests; a job that is sent will be "
    "taken, or waits as the pool says: `Suspended`, `Paused`, `Asleep`. The first of the others that is wrong says why "
    "not.",
    "SpecAccepted": "The pool can be served as it is written, and its objects are applied.",
    "QueuesReady": "Every lane has its queue and its dead-letter queue. Your own ones give every job a result, "
    "as far as the operator may look.",
    "AccessVerified": "The preflight has published `pool.json` beside the results, and its identity has every right "
    "that the pool's pods need and that can be tried without harm.",
    "ScalingReady": "KEDA watches every lane, nobody has paused it by hand, and no jobs wait at a lane that nothing "
    "wakes.",
    "ModelFits": "By an estimate, every lane's model fits its accelerator. It warns, and keeps nothing from trying.",
    "ScalingLimited": "A lane has jobs for more workers than it may have by its `maxReplicas`, or can have from the "
    "cluster. It informs, and `Ready` doesn't heed it: jobs are answered in turn.",
    "Reconciling": "Workers of before are being replaced by those that the pool wants, or are to be as soon as it is "
    "their lane's turn; or the pool is being deleted. "
    "It informs; kstatus (Flux, Helm) and Argo CD wait while it is True.",
    "Stalled": "Nothing moves until a person edits the pool, or what its message names: the spec is not accepted, or a "
    "rollout is stuck. kstatus and Argo CD call the pool failed while it is True.",
    "GatewayReady": "Of a pool with a `gateway` alone: one at least answers. It informs, and `Ready` doesn't heed it: "
    "jobs are taken and answered without.",
    "TableReady": "Of a pool with a `table` alone: no event waits, or its table takes rows. It informs, and `Ready` "
    "doesn't heed it: jobs are taken and answered without, and events wait in their queue.",
    "WorkersAvailable": "No lane, or one at zero, or one whose workers serve; Unknown while they start.",
}
"""What each condition says when it is True. A model is tried by the first worker, not before."""

FIXES: dict[Reason, str] = {
    Reason.NOT_UNDERSTOOD: "Upgrade the operator to a version that knows it, or leave it out; all else is carried out.",
    Reason.INVALID_SPEC: "Correct the field; `laneway validate` shows it with its line.",
    Reason.UNKNOWN_PROFILE: "Use one that `kubectl get placementprofiles` lists, or make it, by `kubectl apply` or "
    "`placementProfiles` in the operator's Helm values. What runs goes on meanwhile.",
    Reason.INVALID_PROFILE: "Correct the profile; `laneway validate` shows the field with its line. What runs goes on "
    "meanwhile.",
    Reason.UNKNOWN_ENGINE: "Use one of the engines, or add it to `engines` in the operator's Helm values.",
    Reason.PROFILES_DIFFER: "Name profiles with the same accelerator, or make a lane for each kind.",
    Reason.RESULTS_SHARED: "Give each pool a bucket or a prefix of its own: equal job ids would share one result.",
    Reason.OTHER_OPERATOR: "Look at that operator; or run the command, and this one serves the pool.",
    Reason.NAME_TAKEN: "Rename the lane or the pool, or remove the other object.",
    Reason.QUEUE_ACCESS_DENIED: "Give the identity named here access to the queue.",
    Reason.QUEUE_NOT_OURS: "Remove the queue, or rename the pool or the lane.",
    Reason.QUEUE_MISSING: "Make the queue, or correct its URL or `aws.region` in the pool; Laneway goes on looking.",
    Reason.REDRIVE_TOO_LOW: "Laneway looks again by itself; meanwhile the lane serves as it can.",
    Reason.RETENTION_TOO_SHORT: "Laneway looks again by itself; meanwhile the lane serves as it can.",
    Reason.AWS_REFUSED: "Mend what the message names; Laneway goes on trying.",
    Reason.AWS_UNREACHABLE: "Check region, endpoint and network; Laneway goes on trying.",
    Reason.SECRET_MISSING: "Create the Secret in the pool's namespace.",
    Reason.CA_BUNDLE_MISSING: "Copy it there, as trust-manager does for every namespace, or correct `caBundle` in the "
    "operator's Helm values. What runs goes on meanwhile.",
    Reason.ACCESS_DENIED: "Allow it in the IAM policies of the preflight's and the workers' identities; Laneway goes "
    "on trying.",
    Reason.BUCKET_MISSING: "Make the bucket, or correct its name in the pool; Laneway goes on trying.",
    Reason.TOPIC_MISSING: "Make the topic, or correct its ARN in the pool; Laneway goes on trying.",
    Reason.NO_CONDITIONAL_WRITES: "Use S3, or an emulator that knows If-None-Match: else a job has two results.",
    Reason.POOL_DOCUMENT_OF_ANOTHER: "Give this pool a prefix of its own in `results`; or, where that pool is gone, "
    "remove the object: Laneway goes on trying.",
    Reason.PREFLIGHT_FAILED: "Mend what the message names; Laneway goes on trying.",
    Reason.PREFLIGHT_REFUSED: "Let it in: `kubectl describe job` tells what refuses it; Kubernetes tries again within "
    "a minute.",
    Reason.KEDA_MISSING: "Install KEDA 2.18 or newer; until then the lanes stay at zero.",
    Reason.KEDA_ERROR: "Look at `kubectl describe scaledobject`; the number of workers is held meanwhile.",
    Reason.PAUSED_BY_HAND: "Remove it with a dash at its end: `kubectl annotate scaledobject NAME ANNOTATION-`. To "
    "stop a lane, use its `suspend` or the pool's annotation laneway.dev/paused-lanes.",
    Reason.NOT_WOKEN: "Look whether KEDA runs: `kubectl get pods --all-namespaces --selector "
    "app.kubernetes.io/part-of=keda-operator`, and `kubectl describe scaledobject`; the lane wakes by itself then.",
    Reason.AT_MAX_REPLICAS: "Raise maxReplicas where jobs should wait for less time; else leave it so, as they are "
    "answered in turn.",
    Reason.SUSPENDED: "Set `suspend` of the pool, or of its lanes, to false to go on.",
    Reason.PAUSED: "Remove the annotation to go on: `kubectl annotate lwp NAME ANNOTATION-`, with a dash at its end.",
    Reason.ASLEEP: "Wait for the end of the quiet schedules, or change them.",
    Reason.NO_GPU_CAPACITY: "Wait for the node autoscaler, or add a node pool that fits the placement profile.",
    Reason.UNSCHEDULABLE: "Add a node that fits the placement profile, or change the profile.",
    Reason.AUXILIARY_UNSCHEDULABLE: "Say in `auxiliary` of the operator's Helm values on which nodes pods without an "
    "engine may run, or add such a node.",
    Reason.VOLUME_CLAIM_MISSING: "Make the PersistentVolumeClaim in the pool's namespace, or correct its name in "
    "`modelStore.volumeClaim`; the pod goes on by itself.",
    Reason.VOLUME_CLAIM_UNBOUND: "Look at `kubectl describe persistentvolumeclaim`: its storage class and its volume.",
    Reason.IMAGE_PULL_FAILED: "Check the image's name and the pull secret, in the operator's Helm values or the pool.",
    Reason.OUT_OF_MEMORY: "Use a smaller model or context, a node with more memory, or a higher limit in `resources`.",
    Reason.CRASHING: "Look at `kubectl logs --previous`.",
    Reason.MODEL_PULL_FAILED: "Check the model's name, and that its registry can be reached from the node.",
    Reason.MODEL_MISSING: "Put the model into the image as it is built, or into the claim's folder; or correct the "
    "model's name or `modelStore`.",
    Reason.MODEL_UNUSABLE: "Check the model's digest and its context; `ollama list` and `ollama show` tell them.",
    Reason.ENGINE_DOWN: "Look at the logs of the pod's ollama container.",
    Reason.ENGINE_BROKEN: "Look at the node's accelerator and at the log of the pod's ollama container; drain the node "
    "where it stays so. No job is charged for it.",
    Reason.FEWER_SLOTS: "Jobs wait in the queue meanwhile; scaling counts with the lane's parallel.",
    Reason.QUOTA_EXCEEDED: "Raise the namespace's ResourceQuota, or lower the lane's maxReplicas.",
    Reason.PODS_REFUSED: "Look at admission policies of the namespace.",
    Reason.ROLLOUT_WAITING: "Wait: it begins by itself; or raise `rollouts.maxLanes` in the operator's Helm values, "
    "where 0 lets none begin.",
    Reason.ROLLOUT_STUCK: "Look at WorkersAvailable and at the lane's newest pod; workers of before go on meanwhile.",
    Reason.LANE_DRAINING: "Wait; or give up what is left, which then has no result: `kubectl annotate lwp NAME "
    "laneway.dev/abandon-lanes=LANE`.",
    Reason.MODEL_TOO_LARGE: "Use a smaller model, lower contextLength or parallel, or a profile with more memory.",
    Reason.IMAGE_VOLUMES_MISSING: "Use Kubernetes 1.35 or newer with containerd 2.1 or newer, or leave modelStore out.",
    Reason.GATEWAY_DEGRADED: "Look at the gateway's newest pod; those of before go on meanwhile.",
    Reason.GATEWAY_UNAVAILABLE: "Look at `kubectl describe pod` and `kubectl logs --previous` of its pods. Jobs that "
    "others send are answered meanwhile.",
    Reason.GATEWAY_KEYS_MISSING: "Make the Secret that `gateway.keys` names in the pool's namespace, or mend its file: "
    "`laneway keys new NAME` prints an entry. The gateway tries again by itself.",
    Reason.GATEWAY_REFUSED: "Rename or remove the other object, or let the operator make this one; it goes on trying.",
    Reason.GATEWAYS_OFF: "Set `gateways.enabled` in the operator's Helm values, or take `gateway` out of the pool.",
    Reason.TABLE_STARTING: "Where that lasts, `kubectl logs` of its pod says why: a password, a certificate, no way "
    "to the database. Events wait in their queue meanwhile, for up to 14 days.",
    Reason.TABLE_UNAVAILABLE: "Look at `kubectl logs --previous` of the projector's pod: a role without rights, a URL, "
    "a schema of a newer version. Events wait in their queue meanwhile, for up to 14 days.",
    Reason.TABLE_REFUSED: "Rename or remove the other object, or let the operator make this one; it goes on trying.",
    Reason.TABLES_OFF: "Set `tables.enabled` in the operator's Helm values, or take `table` out of the pool.",
    Reason.REFUSED: "Look at the message; the API server refused what the pool asks for.",
}


def with_fix(reason: Reason, message: str) -> str:
    """A condition's message: what is, and what to do."""
    fix = FIXES.get(reason)
    return f"{message.rstrip('.')}. {fix}" if fix else message
