"""The projector's Deployment, and how KEDA counts it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway.schema.shared.names import (
    COMPONENT_LABEL,
    MANAGED_BY,
    MANAGED_BY_LABEL,
    POOL_LABEL,
    PROJECTOR_FILE,
    projector_account_name,
)
from laneway_operator.render import pods
from laneway_operator.render.meta import CONFIG_FOLDER, PROJECTOR, Component, labels, metadata, projector_name
from laneway_operator.render.projector.document import BUNDLE_FILE, BUNDLE_FOLDER, URL_FILE, URL_FOLDER
from laneway_operator.render.scaling import one_while_queued, queue_trigger
from laneway_operator.render.view import HEALTH_PORT

if TYPE_CHECKING:
    from laneway.schema.pool.table import Table
    from laneway_operator.render.view import Manifest, PoolView
    from laneway_operator.settings import Tables

FILE = PROJECTOR_FILE
URL_VOLUME, BUNDLE_VOLUME = "url", "ca"
SECRET_MODE = 0o440
POLLING_SECONDS = 5  # a row is there a few seconds after its result, but for the projector's start
COOLDOWN_SECONDS = 300  # jobs come in bursts: a projector that stays costs less than one that starts again and again
GRACE_SECONDS = 60  # a long poll and a batch; what it holds then comes again
REQUESTS = {"cpu": "50m", "memory": "96Mi"}
LIMITS = {"memory": "256Mi"}


def deployment(pool: PoolView, said: Table, program: Tables, config: str) -> Manifest:
    """Without `replicas`: those are KEDA's. One of before has gone when the next one comes: two would bring the schema
    up to date in turn, and each event would be worked on twice.
    """
    selector = {MANAGED_BY_LABEL: MANAGED_BY, POOL_LABEL: pool.name, COMPONENT_LABEL: Component.PROJECTOR.value}
    marks = labels(pool, component=Component.PROJECTOR)
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(pool, projector_name(pool.name), component=Component.PROJECTOR),
        "spec": {
            "revisionHistoryLimit": 2,
            "selector": {"matchLabels": selector},
            "strategy": {"type": "Recreate"},
            "template": {
                "metadata": pods.pod_metadata(pool.pool.spec.pods, marks),
                "spec": _pod(pool, said, program, config),
            },
        },
    }


def _pod(pool: PoolView, said: Table, program: Tables, config: str) -> Manifest:
    files = _files(said)
    return {
        **pods.auxiliary_base(pool, projector_account_name(pool.name)),
        "containers": [_container(pool, program, files)],
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        "volumes": [
            pods.config_volume(config),
            *files.values(),
            pods.empty_volume(pods.WRITABLE_VOLUME),
            *pods.trust_volumes(pool),
        ],
    }


def _files(said: Table) -> dict[str, Manifest]:
    """Folder → the volume in it: the URL with its password, and the certificates. Optional, as the projector says in
    its log what is missing and takes it when it comes; of a volume that can't be mounted nobody is told.
    """
    postgres = said.postgres
    if postgres is None:
        return {}
    found: dict[str, Manifest] = {}
    if postgres.secret_name is not None:
        items = [{"key": postgres.key, "path": URL_FILE}]
        secret = {"defaultMode": SECRET_MODE, "items": items, "optional": True, "secretName": postgres.secret_name}
        found[URL_FOLDER] = {"name": URL_VOLUME, "secret": secret}
    if postgres.ca_bundle is not None:
        items = [{"key": postgres.ca_bundle.key, "path": BUNDLE_FILE}]
        bundle = {"name": postgres.ca_bundle.config_map_name, "items": items, "optional": True}
        found[BUNDLE_FOLDER] = {"name": BUNDLE_VOLUME, "configMap": bundle}
    return found


def _container(pool: PoolView, program: Tables, files: dict[str, Manifest]) -> Manifest:
    """A database that is down makes it not ready; it is started anew where it gives no sign of life."""
    mounts = [{"name": volume["name"], "mountPath": folder, "readOnly": True} for folder, volume in files.items()]
    return {
        "name": PROJECTOR,
        "image": program.image,
        "imagePullPolicy": program.pull_policy,
        "args": ["--config", f"{CONFIG_FOLDER}/{FILE}"],
        **pods.environment_field(pool),
        "livenessProbe": pods.probe("/healthz", period=10, failures=6),
        "ports": [{"containerPort": HEALTH_PORT, "name": "health", "protocol": "TCP"}],
        "readinessProbe": pods.probe("/readyz", period=2, failures=3),
        "resources": pods.auxiliary_resources(pool, limits=LIMITS, requests=REQUESTS),
        "securityContext": pods.CONTAINER_SECURITY,
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [pods.CONFIG_MOUNT, *mounts, pods.WRITABLE_MOUNT, *pods.trust_mounts(pool)],
    }


def scaler(pool: PoolView) -> Manifest:
    """One projector while the events queue holds a message, in flight or not."""
    return one_while_queued(
        metadata(pool, projector_name(pool.name), component=Component.PROJECTOR),
        [queue_trigger(pool, pool.lanes[0].config, "events", pool.events_queue_url or "", count_running=True)],
        polling_seconds=POLLING_SECONDS,
        cooldown_seconds=COOLDOWN_SECONDS,
    )
