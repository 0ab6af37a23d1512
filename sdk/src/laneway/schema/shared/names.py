"""Every name that more than one part uses is built here."""

from __future__ import annotations

import base64
import hashlib
import re

MESSAGE_ATTRIBUTE = "laneway"
"""The one SQS message attribute that is ours: a job's history."""

LANE_METADATA = "lane"
"""The metadata of a stored body that names the lane it was sent to: clients write it, workers read it."""

ESTIMATE_METADATA = "estimate"
"""The metadata of a stored body that says what wait was foretold as it was sent: clients write it, workers read it."""

NOT_SENT_METADATA = "not-sent"
"""The metadata of a stored body whose message SQS has refused: clients write and read it."""

POOL_DOCUMENT = "pool.json"
OWNER_METADATA = "owner"
"""The metadata of a `pool.json` that `laneway up` wrote, which says whose it is: `folder/namespace/pool`."""

GROUP = "laneway.dev"
VERSION = "v1alpha1"
KIND = "LLMWorkerPool"
PLURAL = "llmworkerpools"
PROFILE_KIND = "PlacementProfile"
PROFILE_PLURAL = "placementprofiles"

MANAGED_BY_LABEL = "app.kubernetes.io/managed-by"
MANAGED_BY = "laneway"
POOL_LABEL = f"{GROUP}/pool"
LANE_LABEL = f"{GROUP}/lane"
COMPONENT_LABEL = "app.kubernetes.io/component"
"""Labels of everything that the operator makes for a pool, and for a lane."""

PAUSED = f"{GROUP}/paused"
PAUSED_LANES = f"{GROUP}/paused-lanes"
"""Annotations by which a person stops a pool, or some of its lanes."""

ABANDONED_LANES = f"{GROUP}/abandon-lanes"
"""Annotation by which a person gives up what lanes that were taken out of a pool still hold, such as `slow,fast`."""

FINALIZER = f"{GROUP}/queues"
"""Holds a pool that is being deleted until its queues are, where one of them goes with it."""

OWNER_TAG = f"{GROUP}/lane"
"""A managed queue's tag that says whose it is: `cluster/namespace/pool/lane`, or `folder/namespace/pool/lane`."""

WORKER_ACCOUNT = f"{MANAGED_BY}-worker-"
"""How the ServiceAccounts begin that the chart's policy binds."""

DELETION_COST = "controller.kubernetes.io/pod-deletion-cost"
"""Kubernetes' own annotation: scale-in takes the cheapest pods first."""
STAYS = {"karpenter.sh/do-not-disrupt": "true", "cluster-autoscaler.kubernetes.io/safe-to-evict": "false"}
"""Annotations by which a pod asks Karpenter and Cluster Autoscaler to leave its node alone."""
REPORT = f"{GROUP}/report"
"""The annotation by which a worker tells the operator the digest that it serves, and what keeps it from serving."""

DEFAULT_STATE = ".laneway"
"""The folder that `laneway up` keeps a pool in, and where clients look for one."""
PROJECTOR_FILE = "projector.json"
"""`ProjectorConfig`, in the projector's folder and in the state folder of a `laneway up`."""


GATEWAY_SERVER = "laneway-gateway"
"""What a gateway calls itself in the header `Server`: who looks for an Ollama knows it by that."""

GATEWAY_READY = "gateway ready"
"""The message of a gateway's log line that `laneway up` reads."""
DASHBOARD_VARIABLES = "LANEWAY_DASHBOARD_"
"""How the variables of a dashboard begin."""
DASHBOARD_LINK = "dashboard link"
"""The same of a dashboard: its field `url` opens once."""

TABLE_REFUSES = "the table takes no rows"
"""How the message of a projector's log line begins that `laneway up` shows."""

JOB_COMMITTED = "job committed"
ENGINE_READY = "engine ready"
ENGINE_NOT_READY = "engine not ready"
ENGINE_SICK = "engine to be started anew"
ENGINE_BROKEN_EXIT = 4
"""A worker's exit code where its engine could not answer anything for too long."""
"""Messages of a worker's log lines that `laneway up` reads."""


_OLLAMAS_OWN = re.compile("(?i)^(registry[.]ollama[.]ai/)?library/(?=[^/]+$)|^registry[.]ollama[.]ai/(?=[^/]+/[^/]+$)")


def worker_account_name(pool: str) -> str:
    """The ServiceAccount of a pool's workers, unless the pool names another, and its Role and RoleBinding."""
    return f"{WORKER_ACCOUNT}{pool}"


def preflight_account_name(pool: str) -> str:
    """The ServiceAccount of a pool's preflight, which writes `pool.json`: no worker may."""
    return f"{MANAGED_BY}-preflight-{pool}"


def gateway_account_name(pool: str) -> str:
    """The ServiceAccount of a pool's gateways, which the chart's policy on workers does not bind."""
    return f"{MANAGED_BY}-gateway-{pool}"


def projector_account_name(pool: str) -> str:
    """The ServiceAccount of a pool's projector, which has no right to jobs."""
    return f"{MANAGED_BY}-projector-{pool}"


def lane_selector(pool: str, lane: str) -> dict[str, str]:
    """The labels by which a lane's pods are found; a Deployment's can never be changed."""
    return {POOL_LABEL: pool, LANE_LABEL: lane}


def tagged(model: str) -> str:
    """An Ollama model's name as `ollama list` has it: with its tag, `latest` where it names none, and without Ollama's
    own registry and library.
    """
    name = model if ":" in model.rpartition("/")[2] else f"{model}:latest"
    return _OLLAMAS_OWN.sub("", name)


def queue_name(pool: str, lane: str, suffix: str) -> str:
    """The managed queue of a lane. Pool and lane joined by a dash may be another pool's too: `suffix` keeps owners
    apart. Pool ≤ 40 and lane ≤ 20 leave it 5 of SQS's 80 characters.
    """
    return f"laneway-{pool}-{lane}-{suffix}"


def dead_letter_queue_name(pool: str, lane: str, suffix: str) -> str:
    """The managed dead-letter queue of a lane."""
    return f"{queue_name(pool, lane, suffix)}-dead"


def events_queue_name(pool: str, suffix: str) -> str:
    """The queue of a pool's events. No lane's is called so: those end with a suffix of five characters, or with one and
    `-dead`.
    """
    return f"laneway-{pool}-{suffix}-events"


def events_dead_letter_queue_name(pool: str, suffix: str) -> str:
    """Where SQS moves events that nobody could make a row of."""
    return f"{events_queue_name(pool, suffix)}-dead"


SUFFIX_CHARACTERS = 5  # with pool, lane and `-dead` at their longest 80: SQS's limit


def queue_suffix(cluster: str, namespace: str, pool: str) -> str:
    """What keeps a pool's queues apart from those of other clusters, namespaces and people in one account."""
    digest = hashlib.sha256(f"{cluster}/{namespace}/{pool}".encode()).digest()
    return base64.b32encode(digest).decode().lower()[:SUFFIX_CHARACTERS]


def topic_name(pool: str, suffix: str) -> str:
    """The SNS topic that local mode makes for a pool."""
    return f"laneway-{pool}-{suffix}"
