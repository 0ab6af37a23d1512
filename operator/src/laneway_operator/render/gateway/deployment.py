"""The gateways' Deployment. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway.schema.job.reply import REPLIES_PORT
from laneway.schema.pool.lane import MAX_DRAIN_SECONDS
from laneway.schema.shared.base import duration_text
from laneway.schema.shared.names import COMPONENT_LABEL, MANAGED_BY, MANAGED_BY_LABEL, POOL_LABEL, gateway_account_name
from laneway_operator.render import pods
from laneway_operator.render.meta import GATEWAY, REPLICAS, Component, gateway_name, labels, metadata
from laneway_operator.render.network import DOORS_PORT
from laneway_operator.render.view import GRACE_MARGIN_SECONDS, HEALTH_ADDRESS, HEALTH_PORT

if TYPE_CHECKING:
    from laneway.schema.pool.gateway import Gateway
    from laneway_operator.render.view import Manifest, PoolView
    from laneway_operator.settings import Gateways

DOORS, REPLIES = "doors", "replies"
"""Names of ports."""
KEYS_FILE = "keys.json"
KEYS_FOLDER = "/etc/laneway-keys"
KEYS_VOLUME = "keys"
KEYS_MODE = 0o440
DRAIN_SECONDS = MAX_DRAIN_SECONDS  # as long as any worker: what it answers is told to its end; who holds nothing goes
GRACE_SECONDS = DRAIN_SECONDS + GRACE_MARGIN_SECONDS  # for those before it to notice, and for the last words
ZONE, HOST = "topology.kubernetes.io/zone", "kubernetes.io/hostname"
REQUESTS = {"cpu": "100m", "memory": "192Mi"}
LIMITS = {"memory": "512Mi"}


def selector(pool: PoolView) -> dict[str, str]:
    """The labels by which the gateways are found; a Deployment's can never be changed."""
    return {MANAGED_BY_LABEL: MANAGED_BY, POOL_LABEL: pool.name, COMPONENT_LABEL: Component.GATEWAY.value}


def deployment(pool: PoolView, gateway: Gateway, program: Gateways) -> Manifest:
    """Without `replicas`: the annotation says with how many it begins, and an autoscaler may go on from there.

    A new one is ready before an old one leaves.
    """
    marks = labels(pool, component=Component.GATEWAY)
    found = metadata(pool, gateway_name(pool.name), component=Component.GATEWAY)
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": found | {"annotations": {REPLICAS: str(gateway.replicas)}},
        "spec": {
            "revisionHistoryLimit": 2,
            "selector": {"matchLabels": selector(pool)},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 0}},
            "template": {
                "metadata": pods.pod_metadata(pool.pool.spec.pods, marks),
                "spec": _pod(pool, gateway, program),
            },
        },
    }


def _pod(pool: PoolView, gateway: Gateway, program: Gateways) -> Manifest:
    return {
        **pods.auxiliary_base(pool, gateway_account_name(pool.name)),
        "containers": [_container(pool, gateway, program)],
        "terminationGracePeriodSeconds": GRACE_SECONDS,
        "topologySpreadConstraints": [_spread(pool, ZONE), _spread(pool, HOST)],
        "volumes": [_keys(gateway), pods.empty_volume(pods.WRITABLE_VOLUME), *pods.trust_volumes(pool)],
    }


def _spread(pool: PoolView, key: str) -> Manifest:
    """Of one generation: those that a rollout takes away don't count."""
    return {
        "labelSelector": {"matchLabels": selector(pool)},
        "matchLabelKeys": ["pod-template-hash"],
        "maxSkew": 1,
        "topologyKey": key,
        "whenUnsatisfiable": "ScheduleAnyway",
    }


def _keys(gateway: Gateway) -> Manifest:
    """Optional: of a Secret that is missing the gateway tells, where the kubelet would tell in an event alone."""
    secret = {
        "defaultMode": KEYS_MODE,
        "items": [{"key": gateway.keys.key, "path": KEYS_FILE}],
        "optional": True,
        "secretName": gateway.keys.secret_name,
    }
    return {"name": KEYS_VOLUME, "secret": secret}


def _container(pool: PoolView, gateway: Gateway, program: Gateways) -> Manifest:
    ports = {DOORS: DOORS_PORT, REPLIES: REPLIES_PORT, "health": HEALTH_PORT}
    return {
        "name": GATEWAY,
        "image": program.image,
        "imagePullPolicy": program.pull_policy,
        "env": [*_variables(pool, gateway), *pods.environment(pool)],
        "livenessProbe": pods.probe("/healthz", period=10, failures=6),
        "ports": [{"containerPort": port, "name": name, "protocol": "TCP"} for name, port in ports.items()],
        "readinessProbe": pods.probe("/readyz", period=2, failures=3),
        "resources": pods.auxiliary_resources(pool, limits=LIMITS, requests=REQUESTS, own=gateway.resources),
        "securityContext": pods.CONTAINER_SECURITY,
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [
            {"name": KEYS_VOLUME, "mountPath": KEYS_FOLDER, "readOnly": True},
            pods.WRITABLE_MOUNT,
            *pods.trust_mounts(pool),
        ],
    }


def _variables(pool: PoolView, gateway: Gateway) -> list[Manifest]:
    """What `laneway_gateway` reads. The address is the pod's own, as workers reach it by no Service, and so is the
    memory, which is the limit.
    """
    results, endpoint = pool.pool.results, pool.settings.endpoint
    told = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": pool.pool.region_or(pool.settings.region),
        "LANEWAY_GATEWAY_ANONYMOUS_CATALOGUE": str(gateway.anonymous_catalogue).lower(),
        "LANEWAY_GATEWAY_DRAIN": duration_text(DRAIN_SECONDS),
        "LANEWAY_GATEWAY_EDGE_IDLE_TIMEOUT": duration_text(gateway.edge_idle_timeout),
        "LANEWAY_GATEWAY_KEYS": f"{KEYS_FOLDER}/{KEYS_FILE}",
        "LANEWAY_GATEWAY_LANES": ",".join(f"{asked}={lane}" for asked, lane in gateway.lanes_for.items()) or None,
        "LANEWAY_GATEWAY_LISTEN": f"[::]:{DOORS_PORT}",
        "LANEWAY_GATEWAY_MAX_WAIT": duration_text(gateway.max_wait) if gateway.max_wait else None,
        "LANEWAY_GATEWAY_PROBES": HEALTH_ADDRESS,
        "LANEWAY_GATEWAY_REPLIES_PORT": str(REPLIES_PORT),
        "LANEWAY_POOL": results.url(results.prefix).rstrip("/"),
    }
    address = {"fieldRef": {"apiVersion": "v1", "fieldPath": "status.podIP"}}
    memory = {"resourceFieldRef": {"resource": "limits.memory", "divisor": "1Mi"}}
    return [
        *({"name": name, "value": value} for name, value in told.items() if value is not None),
        {"name": "LANEWAY_GATEWAY_ADDRESS", "valueFrom": address},
        {"name": "LANEWAY_GATEWAY_MEMORY", "valueFrom": memory},
    ]
