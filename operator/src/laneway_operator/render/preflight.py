"""The preflight: a Job that tries the rights that a pool's pods need, and publishes `pool.json`. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from laneway_operator.render import pods
from laneway_operator.render.meta import CONFIG_FOLDER, PREFLIGHT, Component, config_map, labels, metadata, short_hash

if TYPE_CHECKING:
    from laneway_operator.render.view import Manifest, PoolView

PREFLIGHT_KIND = "Job"
"""Of all that is rendered for a pool, the preflight alone is a Job: its kind tells it apart."""
PREFLIGHT_FILE = "preflight.json"
LIMITS, REQUESTS = {"memory": "256Mi"}, {"cpu": "50m", "memory": "96Mi"}
FOR_EVER = 1_000_000  # restarts; the kubelet's back-off makes them five minutes apart


def preflight(pool: PoolView) -> tuple[Manifest, Manifest]:
    """Its document, and the Job, which is tried again until it succeeds; its pod's last words are the cause in the
    pool's status.
    """
    document = pool.preflight.model_dump_json()
    name = _name(pool, document)
    job = {
        "apiVersion": "batch/v1",
        "kind": PREFLIGHT_KIND,
        "metadata": metadata(pool, name, component=Component.PREFLIGHT),
        "spec": {"backoffLimit": FOR_EVER, "template": _template(pool, name)},
    }
    return config_map(pool, name, PREFLIGHT_FILE, document), job


def _name(pool: PoolView, document: str) -> str:
    """It changes with anything that must be looked at again, with the account's annotations, as they name a role, and
    with anything of the pod: a Job's template can't be changed.
    """
    covered = document + json.dumps(_template(pool, ""), sort_keys=True)
    account = pool.pool.spec.service_account
    annotations = account and (account.preflight_annotations or account.annotations)
    if annotations:
        covered += json.dumps(annotations, sort_keys=True)
    return f"{pool.name}-preflight-{short_hash(covered)}"


def _template(pool: PoolView, config_map: str) -> Manifest:
    container = pods.worker_container(
        pool,
        PREFLIGHT,
        ["--preflight", f"{CONFIG_FOLDER}/{PREFLIGHT_FILE}"],
        resources=pods.auxiliary_resources(pool, limits=LIMITS, requests=REQUESTS),
        mounts=[pods.CONFIG_MOUNT, pods.WRITABLE_MOUNT],
    )
    spec = {
        **pods.auxiliary_base(pool, pool.preflight_account),
        "containers": [container],
        "restartPolicy": "OnFailure",
        "volumes": [
            pods.config_volume(config_map),
            pods.empty_volume(pods.WRITABLE_VOLUME),
            *pods.trust_volumes(pool),
        ],
    }
    marks = labels(pool, component=Component.PREFLIGHT)
    return {"metadata": pods.pod_metadata(pool.pool.spec.pods, marks), "spec": spec}
