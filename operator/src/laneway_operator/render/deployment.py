"""A lane's Deployment: a worker, and Ollama as a native sidecar that outlives it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway.schema.pool.pods.quantity import canonical, thousandths
from laneway.schema.pool.pods.resources import Resources
from laneway.schema.shared.names import lane_selector
from laneway_operator.placement.memory import fit, folder_gib, limit_gib
from laneway_operator.render import pods
from laneway_operator.render.config import LANE_FILE, lane_config_name
from laneway_operator.render.meta import CONFIG_FOLDER, OLLAMA, WORKER, labels, lane_child_name, metadata
from laneway_operator.render.placement import placement
from laneway_operator.render.view import OLLAMA_ADDRESS

if TYPE_CHECKING:
    from laneway_operator.render.view import LaneView, Manifest, PoolView

LOAD_BUDGET_SECONDS = 1800  # node, image and weights of a large model from nothing
OLLAMA_START_SECONDS = 300
WORKER_MIB = 256  # a worker without jobs has 60 MiB; a result that is being stored keeps its memory after its slot
JOB_MIB = 256  # the largest answer, 2,097,152 numbers of embeddings, takes 180 MiB while it becomes a result
MODELS_VOLUME, MODELS_FOLDER = "models", "/models"
HOME_FOLDER = "/home/ollama"
HOME_SIZE = "2Gi"  # Ollama's key, and CUDA's cache of kernels, which keeps itself at 1 GiB
OLLAMA_TMP_SIZE = "2Gi"  # Ollama pulls into the model folder, not here
MEMORY_REQUEST = "256Mi"  # of Ollama without a model: a node with the accelerator has memory for the rest
SKIP_IDENTITY = "eks.amazonaws.com/skip-containers"  # IRSA's webhook: Ollama gets no AWS credentials


def deployment(pool: PoolView, lane: LaneView) -> Manifest:
    """The Deployment, without `replicas`: those are KEDA's."""
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata(pool, lane_child_name(pool.name, lane.lane.name), lane),
        "spec": {
            "progressDeadlineSeconds": lane.grace_seconds + LOAD_BUDGET_SECONDS,
            "revisionHistoryLimit": 2,
            "selector": {"matchLabels": lane_selector(pool.name, lane.lane.name)},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
            "template": {
                "metadata": pods.pod_metadata(pool, labels(pool, lane), {SKIP_IDENTITY: OLLAMA}),
                "spec": _pod(pool, lane),
            },
        },
    }


def _pod(pool: PoolView, lane: LaneView) -> Manifest:
    volumes = [
        pods.config_volume(lane_config_name(pool, lane)),
        _models(pool, lane),
        pods.empty_volume("home", HOME_SIZE),
        pods.empty_volume(pods.WRITABLE_VOLUME, OLLAMA_TMP_SIZE),
        pods.empty_volume("worker-tmp"),
    ]
    if pool.pod_reports:
        volumes.append(pods.token_volume())
    return {
        **pods.pod_base(pool, pool.account),
        **placement(lane.nodes),
        **_classes(pool),
        "containers": [_worker(pool, lane)],
        "initContainers": [_ollama(pool, lane)],
        "terminationGracePeriodSeconds": lane.grace_seconds,
        "volumes": volumes,
    }


def _models(pool: PoolView, lane: LaneView) -> Manifest:
    image = pool.pool.model_image
    if image:
        return pods.image_volume(MODELS_VOLUME, image)
    return pods.empty_volume(MODELS_VOLUME, f"{folder_gib(lane.config.model.name)}Gi")


def _classes(pool: PoolView) -> Manifest:
    template = pool.pool.spec.pod_template
    named = {"priorityClassName": template.priority_class_name, "runtimeClassName": template.runtime_class_name}
    return {field: name for field, name in named.items() if name is not None}


def _worker(pool: PoolView, lane: LaneView) -> Manifest:
    mounts: list[Manifest] = [pods.CONFIG_MOUNT, {"name": "worker-tmp", "mountPath": "/tmp"}]  # noqa: S108 - a volume of this pod
    if pool.pod_reports:
        mounts.append(pods.TOKEN_MOUNT)
    return pods.worker_container(
        pool,
        WORKER,
        ["--config", f"{CONFIG_FOLDER}/{LANE_FILE}"],
        probes=pods.PROBES,
        resources={"limits": {"memory": _worker_memory(lane)}, "requests": {"cpu": "50m", "memory": "128Mi"}},
        mounts=mounts,
    )


def _worker_memory(lane: LaneView) -> str:
    return canonical(f"{WORKER_MIB + lane.lane.parallel * JOB_MIB}Mi")


def _ollama(pool: PoolView, lane: LaneView) -> Manifest:
    return {
        "name": OLLAMA,
        "image": pool.settings.ollama_image,
        "imagePullPolicy": pool.settings.ollama_pull_policy,
        "args": ["serve"],
        "env": _variables(pool, lane),
        "livenessProbe": pods.ENGINE_LIVENESS,
        "restartPolicy": "Always",
        "resources": _resources(pool, lane),
        "securityContext": pods.CONTAINER_SECURITY,
        "startupProbe": {  # whether it answers; the worker sees to the model
            "exec": {"command": ["ollama", "list"]},
            "failureThreshold": OLLAMA_START_SECONDS,
            "periodSeconds": 1,
            "timeoutSeconds": 5,
        },
        "terminationMessagePolicy": "File",  # its log may hold a job's text, and everybody may read a pod's status
        "volumeMounts": [
            {"name": MODELS_VOLUME, "mountPath": MODELS_FOLDER} | ({"readOnly": True} if pool.pool.model_image else {}),
            {"name": "home", "mountPath": HOME_FOLDER},
            pods.WRITABLE_MOUNT,
        ],
    }


def _resources(pool: PoolView, lane: LaneView) -> Manifest:
    """What the lane asks for, as the API server writes it, and the accelerator, which nothing takes away."""
    accelerator, own = lane.nodes.accelerator, lane.lane.resources or Resources()
    devices = {accelerator.resource: str(accelerator.count)} if accelerator else {}
    limits, requests = dict(own.limits), dict(own.requests)
    if "memory" not in limits:
        requests.setdefault("memory", MEMORY_REQUEST)  # else Kubernetes asks for as much as the limit
        limits["memory"] = max(_default_limit(pool, lane), requests["memory"], key=thousandths)
    parts = {"limits": limits, "requests": requests}
    return {
        part: {name: canonical(each) for name, each in asked.items()} | devices
        for part, asked in parts.items()
        if asked or devices
    }


def _default_limit(pool: PoolView, lane: LaneView) -> str:
    model, cache = pool.pool.model_of(lane.lane), pool.pool.spec.pod_template.cache_type
    return f"{limit_gib(fit(lane.lane, model, lane.nodes.accelerator, cache))}Gi"


def _variables(pool: PoolView, lane: LaneView) -> list[Manifest]:
    """Every setting that matters: Ollama's own defaults depend on the version and the VRAM. Ours win."""
    ours = {
        "HOME": HOME_FOLDER,
        "OLLAMA_CONTEXT_LENGTH": str(lane.config.model.context_length),
        "OLLAMA_HOST": OLLAMA_ADDRESS,
        "OLLAMA_KEEP_ALIVE": "-1",
        "OLLAMA_LOAD_TIMEOUT": "10m",
        "OLLAMA_MAX_LOADED_MODELS": "1",
        "OLLAMA_MODELS": MODELS_FOLDER,
        "OLLAMA_NOPRUNE": "1",
        "OLLAMA_NO_CLOUD": "1",
        "OLLAMA_NUM_PARALLEL": str(lane.lane.parallel),
    }
    theirs = {each.name: each.value for each in pool.pool.spec.pod_template.env if each.name not in ours}
    return [{"name": name, "value": value} for name, value in (ours | theirs).items()]
