"""A lane's Deployment: a worker, and Ollama as a native sidecar that outlives it. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from laneway.schema.pool.pods.ollama_variables import PROMPT_CACHE
from laneway.schema.pool.pods.quantity import canonical, thousandths
from laneway.schema.pool.pods.resources import Resources
from laneway.schema.shared.names import lane_selector
from laneway_operator.placement.memory import fit, folder_gib, limit_gib, prompt_cache_mib, request_gib, storage_gib
from laneway_operator.render import pods
from laneway_operator.render.config import LANE_FILE, LIVE_FILE, lane_config_name, live_config_name
from laneway_operator.render.meta import (
    CONFIG_FOLDER,
    LIVE_FOLDER,
    OLLAMA,
    TEMPLATE,
    WORKER,
    Component,
    labels,
    lane_child_name,
    metadata,
    short_hash,
)
from laneway_operator.render.placement import placement
from laneway_operator.render.view import OLLAMA_ADDRESS

if TYPE_CHECKING:
    from laneway.schema.pool.pods.fields import Pods
    from laneway_operator.render.view import LaneView, Manifest, PoolView

LOAD_BUDGET_SECONDS = 1800  # node, image and weights of a large model from nothing
OLLAMA_START_SECONDS = 300
WORKER_MIB = 256  # a worker without jobs has 60 MiB; a result that is being stored keeps its memory after its slot
JOB_MIB = 256  # the largest answer, 2,097,152 numbers of embeddings, takes 180 MiB while it becomes a result
MODELS_VOLUME, MODELS_FOLDER = "models", "/models"
HOME_FOLDER = "/home/ollama"
HOME_SIZE = "2Gi"  # Ollama's key, and CUDA's cache of kernels, which keeps itself at 1 GiB
OLLAMA_TMP_SIZE = "2Gi"  # Ollama pulls into the model folder, not here
UNKNOWN_REQUEST = "256Mi"  # of Ollama without a model, where its size is not known
SKIP_IDENTITY = "eks.amazonaws.com/skip-containers"  # IRSA's webhook: Ollama gets no AWS credentials


def deployment(pool: PoolView, lane: LaneView) -> Manifest:
    """The Deployment, without `replicas`: those are KEDA's."""
    template = {"metadata": _metadata(pool, lane), "spec": _pod(pool, lane)}
    digest = short_hash(json.dumps(template, sort_keys=True))
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(pool, lane_child_name(pool.name, lane.lane.name), lane, Component.WORKER)
        | {"annotations": {TEMPLATE: digest}},
        "spec": {
            "progressDeadlineSeconds": lane.grace_seconds + LOAD_BUDGET_SECONDS,
            "revisionHistoryLimit": 2,
            "selector": {"matchLabels": lane_selector(pool.name, lane.lane.name)},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
            "template": template,
        },
    }


def _metadata(pool: PoolView, lane: LaneView) -> Manifest:
    return pods.pod_metadata(
        pool.pool.pods_of(lane.lane), labels(pool, lane, Component.WORKER), {SKIP_IDENTITY: OLLAMA}
    )


def _pod(pool: PoolView, lane: LaneView) -> Manifest:
    volumes = [
        pods.config_volume(lane_config_name(pool, lane)),
        pods.config_volume(live_config_name(pool, lane), pods.LIVE_VOLUME),
        _models(pool, lane),
        pods.empty_volume("home", HOME_SIZE),
        pods.empty_volume(pods.WRITABLE_VOLUME, OLLAMA_TMP_SIZE),
        pods.empty_volume("worker-tmp"),
        *pods.trust_volumes(pool),
    ]
    if pool.pod_reports:
        volumes.append(pods.token_volume())
    return {
        **pods.pod_base(pool, pool.account),
        **placement(lane.nodes),
        **_classes(pool.pool.pods_of(lane.lane)),
        "containers": [_worker(pool, lane)],
        "initContainers": [_ollama(pool, lane)],
        "terminationGracePeriodSeconds": lane.grace_seconds,
        "volumes": volumes,
    }


def _models(pool: PoolView, lane: LaneView) -> Manifest:
    volume = pool.pool.model_volume
    if volume:
        return pods.model_volume(MODELS_VOLUME, volume)
    return pods.empty_volume(MODELS_VOLUME, f"{folder_gib(lane.config.model.name)}Gi")


def _classes(said: Pods) -> Manifest:
    named = {"priorityClassName": said.priority_class_name, "runtimeClassName": said.runtime_class_name}
    return {field: name for field, name in named.items() if name is not None}


def _worker(pool: PoolView, lane: LaneView) -> Manifest:
    mounts: list[Manifest] = [pods.CONFIG_MOUNT, pods.LIVE_MOUNT, {"name": "worker-tmp", "mountPath": "/tmp"}]  # noqa: S108 - a volume of this pod
    if pool.pod_reports:
        mounts.append(pods.TOKEN_MOUNT)
    return pods.worker_container(
        pool,
        WORKER,
        ["--config", f"{CONFIG_FOLDER}/{LANE_FILE}", "--live", f"{LIVE_FOLDER}/{LIVE_FILE}"],
        probes=pods.PROBES,
        resources={"limits": {"memory": _worker_memory(lane)}, "requests": {"cpu": "50m", "memory": "128Mi"}},
        mounts=mounts,
    )


def _worker_memory(lane: LaneView) -> str:
    return canonical(f"{WORKER_MIB + lane.lane.parallel * JOB_MIB}Mi")


def _ollama(pool: PoolView, lane: LaneView) -> Manifest:
    resources = _resources(pool, lane)
    return {
        "name": OLLAMA,
        "image": pool.engine.image,
        "imagePullPolicy": pool.engine.pull_policy,
        "args": ["serve"],
        "env": _variables(pool, lane, resources["limits"]["memory"]),
        "livenessProbe": pods.ENGINE_LIVENESS,
        "restartPolicy": "Always",
        "resources": resources,
        "securityContext": pods.CONTAINER_SECURITY,
        "startupProbe": {  # whether it answers; the worker sees to the model
            "exec": {"command": ["ollama", "list"]},
            "failureThreshold": OLLAMA_START_SECONDS,
            "periodSeconds": 1,
            "timeoutSeconds": 5,
        },
        "terminationMessagePolicy": "File",  # its log may hold a job's text, and everybody may read a pod's status
        "volumeMounts": [
            {"name": MODELS_VOLUME, "mountPath": MODELS_FOLDER}
            | ({"readOnly": True} if pool.pool.model_volume else {}),
            {"name": "home", "mountPath": HOME_FOLDER},
            pods.WRITABLE_MOUNT,
            *pods.trust_mounts(pool),
        ],
    }


def _resources(pool: PoolView, lane: LaneView) -> Manifest:
    """What the lane asks for, as the API server writes it, and the accelerator, which nothing takes away."""
    device, own = lane.nodes.device, lane.lane.resources or Resources()
    devices = {device.name: str(device.count)} if device else {}
    limits, requests = dict(own.limits), dict(own.requests)
    if "memory" not in limits:  # else Kubernetes asks for as much as the limit
        least, most = _default_memory(pool, lane)
        limits["memory"] = max(most, requests.setdefault("memory", least), key=thousandths)
    if "ephemeral-storage" not in limits:
        requests = _default_storage(pool, lane) | requests
    parts = {"limits": limits, "requests": requests}
    return {
        part: {name: canonical(each) for name, each in asked.items()} | devices
        for part, asked in parts.items()
        if asked or devices
    }


def _default_memory(pool: PoolView, lane: LaneView) -> tuple[str, str]:
    """The request, and the limit."""
    model, cache = pool.pool.model_of(lane.lane), pool.pool.pods_of(lane.lane).cache_type
    found = fit(lane.lane, model, lane.nodes.device, cache)
    asked = request_gib(found, on_device=lane.nodes.device is not None)
    return UNKNOWN_REQUEST if asked is None else f"{asked}Gi", f"{limit_gib(found)}Gi"


def _default_storage(pool: PoolView, lane: LaneView) -> dict[str, str]:
    """Of a model that is pulled; others are no files of the pod."""
    asked = None if pool.pool.model_volume else storage_gib(lane.config.model.name)
    return {} if asked is None else {"ephemeral-storage": f"{asked}Gi"}


def _variables(pool: PoolView, lane: LaneView, memory: str) -> list[Manifest]:
    """Every setting that matters: Ollama's own defaults depend on the version and the VRAM. Ours win."""
    ours = {
        "HOME": HOME_FOLDER,
        PROMPT_CACHE: str(prompt_cache_mib(memory)),
        "OLLAMA_CONTEXT_LENGTH": str(lane.config.model.context_length),
        "OLLAMA_HOST": OLLAMA_ADDRESS,
        "OLLAMA_KEEP_ALIVE": "-1",
        "OLLAMA_LOAD_TIMEOUT": "10m",
        "OLLAMA_MAX_LOADED_MODELS": "1",
        "OLLAMA_MODELS": MODELS_FOLDER,
        "OLLAMA_NOPRUNE": "1",
        "OLLAMA_NO_CLOUD": "1",
        "OLLAMA_NUM_PARALLEL": str(lane.lane.parallel),
        **pods.trusting(pool, "SSL_CERT_FILE"),
    }
    theirs = {each.name: each.value for each in pool.pool.pods_of(lane.lane).env if each.name not in ours}
    return [{"name": name, "value": value} for name, value in (ours | theirs).items()]
