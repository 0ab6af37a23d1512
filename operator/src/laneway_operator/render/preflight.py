"""The preflight: a Job that tries the rights of the pool's own identity, and publishes `pool.json`. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from laneway_operator.render import pods
from laneway_operator.render.meta import CONFIG_FOLDER, PREFLIGHT, config_map, labels, metadata, short_hash

if TYPE_CHECKING:
    from laneway_operator.render.view import Manifest, PoolView

PREFLIGHT_FILE = "preflight.json"
FOR_EVER = 1_000_000  # restarts; the kubelet's back-off makes them five minutes apart


def preflight_name(pool: PoolView) -> str:
    """The name of the preflight's ConfigMap and Job; it changes with anything that must be looked at again, with the
    account's annotations, as they name a role, and with anything of the pod: a Job's template can't be changed.
    """
    covered = pool.preflight.model_dump_json() + json.dumps(_template(pool, ""), sort_keys=True)
    account = pool.pool.spec.service_account
    if account is not None and account.annotations:
        covered += json.dumps(account.annotations, sort_keys=True)
    return f"{pool.name}-preflight-{short_hash(covered)}"


def preflight_config_map(pool: PoolView) -> Manifest:
    """The preflight's document."""
    return config_map(pool, preflight_name(pool), PREFLIGHT_FILE, pool.preflight.model_dump_json())


def preflight_job(pool: PoolView) -> Manifest:
    """Tried again until it succeeds; its pod's last words are the cause in the pool's status."""
    name = preflight_name(pool)
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata(pool, name),
        "spec": {"backoffLimit": FOR_EVER, "template": _template(pool, name)},
    }


def _template(pool: PoolView, config_map: str) -> Manifest:
    container = pods.worker_container(
        pool,
        PREFLIGHT,
        ["--preflight", f"{CONFIG_FOLDER}/{PREFLIGHT_FILE}"],
        resources={"limits": {"memory": "256Mi"}, "requests": {"cpu": "50m", "memory": "96Mi"}},
        mounts=[pods.CONFIG_MOUNT, pods.WRITABLE_MOUNT],
    )
    spec = {
        **pods.pod_base(pool),
        "containers": [container],
        "restartPolicy": "OnFailure",
        "volumes": [pods.config_volume(config_map), pods.empty_volume(pods.WRITABLE_VOLUME)],
    }
    return {"metadata": pods.pod_metadata(pool, labels(pool)), "spec": spec}
