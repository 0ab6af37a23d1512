"""The dead-letter handler: a worker without an engine, there only while a dead-letter queue holds something. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway.schema.pool.documents.dead_letters import DeadLettersConfig
from laneway.schema.pool.documents.lane_documents import LaneDocuments
from laneway.schema.shared.names import COMPONENT_LABEL, POOL_LABEL
from laneway_operator.render import pods
from laneway_operator.render.meta import (
    CONFIG_FOLDER,
    WORKER,
    Component,
    config_map,
    dead_letter_handler_name,
    labels,
    metadata,
    short_hash,
)
from laneway_operator.render.scaling import one_while_queued, queue_trigger
from laneway_operator.render.view import HEALTH_ADDRESS

if TYPE_CHECKING:
    from laneway_operator.render.view import Manifest, PoolView

FILE = "dead-letters.json"
POLLING_SECONDS = 30  # nobody waits for a result that took 20 crashes
COOLDOWN_SECONDS = 60
GRACE_SECONDS = 60  # a dead letter takes a second; the rest is for AWS
DRAIN_SECONDS = GRACE_SECONDS - 15  # so that it gives back what it holds before it is killed
LIMITS, REQUESTS = {"memory": "256Mi"}, {"cpu": "20m", "memory": "96Mi"}
OWN = {"drain_seconds": DRAIN_SECONDS, "pod_reports": False, "hold_node": False, "model_volume": None}
OWN_LIVE = {"quiet": (), "suspended": False, "price_per_hour": None, "destinations": {}}
"""What the handler does not share with a lane's workers; so a change of it there leaves the handler alone."""


def _document(pool: PoolView) -> str:
    lanes = tuple(_of_handler(each) for each in _served(pool))
    return DeadLettersConfig(health_address=HEALTH_ADDRESS, lanes=lanes).model_dump_json()


def _served(pool: PoolView) -> list[LaneDocuments]:
    """Its lanes, and those that were taken out and drain."""
    return [*(lane.documents for lane in pool.lanes), *pool.former]


def _of_handler(lane: LaneDocuments) -> LaneDocuments:
    return LaneDocuments(config=lane.config.model_copy(update=OWN), live=lane.live.model_copy(update=OWN_LIVE))


def _config_name(pool: PoolView) -> str:
    return f"{dead_letter_handler_name(pool.name)}-{short_hash(_document(pool))}"


def dead_letter_config_map(pool: PoolView) -> Manifest:
    """The lanes' documents."""
    return config_map(pool, _config_name(pool), FILE, _document(pool))


def dead_letter_handler(pool: PoolView) -> Manifest:
    """The Deployment, without `replicas`: those are KEDA's. It needs no accelerator."""
    selector = {POOL_LABEL: pool.name, COMPONENT_LABEL: Component.DEAD_LETTERS.value}
    marks = labels(pool, component=Component.DEAD_LETTERS)
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(pool, dead_letter_handler_name(pool.name), component=Component.DEAD_LETTERS),
        "spec": {
            "revisionHistoryLimit": 2,
            "selector": {"matchLabels": selector},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
            "template": {"metadata": pods.pod_metadata(pool.pool.spec.pods, marks), "spec": _pod(pool)},
        },
    }


def _pod(pool: PoolView) -> Manifest:
    return {
        **pods.auxiliary_base(pool, pool.account),
        "containers": [_handler(pool)],
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        "volumes": [
            pods.config_volume(_config_name(pool)),
            pods.empty_volume(pods.WRITABLE_VOLUME),
            *pods.trust_volumes(pool),
        ],
    }


def _handler(pool: PoolView) -> Manifest:
    return pods.worker_container(
        pool,
        WORKER,
        ["--dead-letters", f"{CONFIG_FOLDER}/{FILE}"],
        probes=pods.PROBES,
        resources=pods.auxiliary_resources(pool, limits=LIMITS, requests=REQUESTS),
        mounts=[pods.CONFIG_MOUNT, pods.WRITABLE_MOUNT],
    )


def dead_letter_scaler(pool: PoolView) -> Manifest:
    """One handler while any dead-letter queue holds a message, in flight or not."""
    triggers = [
        queue_trigger(pool, each.config, each.config.lane, each.config.queue.dead_letter_url, count_running=True)
        for each in _served(pool)
    ]
    return one_while_queued(
        metadata(pool, dead_letter_handler_name(pool.name)),
        triggers,
        polling_seconds=POLLING_SECONDS,
        cooldown_seconds=COOLDOWN_SECONDS,
    )
