"""Names, labels and owner of children. Pure."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import TYPE_CHECKING

from laneway.schema.shared.names import (
    COMPONENT_LABEL,
    GROUP,
    KIND,
    LANE_LABEL,
    MANAGED_BY,
    MANAGED_BY_LABEL,
    POOL_LABEL,
    VERSION,
)

if TYPE_CHECKING:
    from laneway_operator.render.view import LaneView, Manifest, PoolView

MAX_OWNER_NAME = 46  # with a ReplicaSet's and a pod's suffix 63: a longer pod name is cut in its hostname
HASH_CHARACTERS = 8

WORKER = "worker"
OLLAMA = "ollama"
PREFLIGHT = "preflight"
GATEWAY = "gateway"
PROJECTOR = "projector"
CONFIG_FOLDER = "/etc/laneway"
LIVE_FOLDER = "/etc/laneway-live"
REPLICAS = f"{GROUP}/replicas"
"""The annotation of a Deployment that says how many pods it begins with, and has once it is changed: `spec.replicas` is
nobody's, or an autoscaler's. Without it a Deployment begins with none.
"""
TEMPLATE = f"{GROUP}/template"
"""The annotation of a lane's Deployment that holds a digest of its pod template as it was applied, whatever webhooks
have made of it since: only another one replaces workers.
"""


class Component(StrEnum):
    """What a pod of a pool is for: the label of each pod, and of what makes it."""

    WORKER = "worker"
    PREFLIGHT = "preflight"
    DEAD_LETTERS = "dead-letters"
    GATEWAY = "gateway"
    PROJECTOR = "projector"


def short_hash(text: str) -> str:
    """Enough of a content hash to tell two documents of one pool apart."""
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_CHARACTERS]


def lane_child_name(pool: str, lane: str) -> str:
    """The name of a lane's Deployment and ScaledObject."""
    return _cut(f"{pool}-{lane}")


def live_name(pool: str, lane: str) -> str:
    """The name of the ConfigMap that a lane's running workers read again."""
    return f"{lane_child_name(pool, lane)}-live"


def dead_letter_handler_name(pool: str) -> str:
    """The name of a dead-letter handler's Deployment and ScaledObject; longer than any lane's name, so never one's."""
    return _cut(f"{pool}-dead-letters-of-all-lanes")


def gateway_name(pool: str) -> str:
    """The name of the gateways' Deployment and budget; longer than any lane's name, so never one's."""
    return _cut(f"{pool}-gateway-for-all-lanes")


def gateway_service_name(pool: str) -> str:
    """By which clients find the gateways; lanes have no Service."""
    return f"{pool}-gateway"


def projector_name(pool: str) -> str:
    """The name of the projector's Deployment and ScaledObject; longer than any lane's name, so never one's."""
    return _cut(f"{pool}-projector-of-all-lanes")


def _cut(name: str) -> str:
    if len(name) <= MAX_OWNER_NAME:
        return name
    return f"{name[: MAX_OWNER_NAME - HASH_CHARACTERS - 1]}-{short_hash(name)}"


def trigger_authentication_name(pool: str) -> str:
    """How KEDA reads the pool's queues."""
    return f"{MANAGED_BY}-{pool}"


def network_policy_name(pool: str, component: Component | None) -> str:
    """What pods of a component may reach; of no component: all of the pool's."""
    return f"{MANAGED_BY}-{component or 'pool'}-{pool}"


def metadata(pool: PoolView, name: str, lane: LaneView | None = None, component: Component | None = None) -> Manifest:
    """Metadata of a child, owned by the pool: deleting the pool deletes it, with the operator down too."""
    owner = {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": KIND,
        "name": pool.name,
        "uid": pool.uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }
    marks = labels(pool, lane, component)
    return {"name": name, "namespace": pool.namespace, "labels": marks, "ownerReferences": [owner]}


def config_map(
    pool: PoolView,
    name: str,
    file: str,
    text: str,
    lane: LaneView | None = None,
    component: Component | None = None,
) -> Manifest:
    """A ConfigMap that holds one document."""
    found = metadata(pool, name, lane, component)
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": found, "data": {file: text}}


def labels(pool: PoolView, lane: LaneView | None = None, component: Component | None = None) -> dict[str, str]:
    """Labels of a child; of a pod and of what makes it, with the component."""
    found = {MANAGED_BY_LABEL: MANAGED_BY, POOL_LABEL: pool.name}
    if lane is not None:
        found[LANE_LABEL] = lane.lane.name
    if component is not None:
        found[COMPONENT_LABEL] = component.value
    return found
