"""What the pods of a pool have in common. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway.schema.pool.model_store import VolumeClaim
from laneway.schema.pool.pods.quantity import canonical, thousandths
from laneway.schema.pool.pods.resources import Resources
from laneway_operator.render.meta import CONFIG_FOLDER, LIVE_FOLDER
from laneway_operator.render.view import HEALTH_PORT

if TYPE_CHECKING:
    from laneway.schema.pool.model_store import ModelImage
    from laneway.schema.pool.pods.fields import Pods
    from laneway_operator.render.view import Manifest, PoolView

USER_ID = 65532
TOKEN_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 - a folder, where clients look for it
TOKEN_SECONDS = 3607  # what Kubernetes itself asks for
TOKEN_VOLUME = "token"  # noqa: S105 - a volume's name
CONFIG_VOLUME = "config"
LIVE_VOLUME = "live"
WRITABLE_VOLUME = "tmp"
TMP_SIZE = "256Mi"  # of a worker, a handler, a preflight: they keep nothing there

CONTAINER_SECURITY = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
}
POD_SECURITY = {
    "fsGroup": USER_ID,
    "runAsGroup": USER_ID,
    "runAsNonRoot": True,
    "runAsUser": USER_ID,
    "seccompProfile": {"type": "RuntimeDefault"},
}
TRUST_VOLUME, TRUST_FOLDER, TRUST_FILE = "trust", "/etc/laneway-trust", "ca.pem"
TRUSTED_BY = ("AWS_CA_BUNDLE", "SSL_CERT_FILE")
"""Variables by which programs take other authorities than their image's: boto3; OpenSSL and Go."""
CONFIG_MOUNT = {"name": CONFIG_VOLUME, "mountPath": CONFIG_FOLDER, "readOnly": True}
LIVE_MOUNT = {"name": LIVE_VOLUME, "mountPath": LIVE_FOLDER, "readOnly": True}
"""A whole folder: the kubelet brings no change to a file that is mounted alone, by `subPath`."""
WRITABLE_MOUNT = {"name": WRITABLE_VOLUME, "mountPath": "/tmp"}  # noqa: S108 - a volume of this pod alone


def pod_base(pool: PoolView, account: str) -> Manifest:
    """Identity, security, pull secrets. The API token is mounted by hand, where a container needs it."""
    base: Manifest = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": POD_SECURITY,
        "serviceAccountName": account,
    }
    named = (*pool.settings.image_pull_secrets, *pool.pool.spec.pods.image_pull_secrets)
    secrets = [{"name": each} for each in dict.fromkeys(named)]
    return base | ({"imagePullSecrets": secrets} if secrets else {})


def auxiliary_base(pool: PoolView, account: str) -> Manifest:
    """The same for a pod without an engine, and where it runs."""
    said = pool.settings.auxiliary.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"resources"})
    return {**pod_base(pool, account), **{field: each for field, each in said.items() if each}}


def auxiliary_resources(
    pool: PoolView, *, limits: dict[str, str], requests: dict[str, str], own: Resources | None = None
) -> Manifest:
    """What the pool says, over what Helm values say, over defaults that fit both: nothing is asked for beyond its
    limit.
    """
    found: dict[str, dict[str, str]] = {"limits": {}, "requests": {}}
    default = Resources(limits=limits, requests=requests)
    for layer in (own or Resources(), pool.settings.auxiliary.resources, default):
        for name, most in layer.limits.items():
            found["limits"].setdefault(name, max(most, found["requests"].get(name, most), key=thousandths))
        for name, least in layer.requests.items():
            found["requests"].setdefault(name, min(least, found["limits"].get(name, least), key=thousandths))
    return {part: {name: canonical(each) for name, each in asked.items()} for part, asked in found.items()}


def pod_metadata(said: Pods, labels: dict[str, str], annotations: dict[str, str] | None = None) -> Manifest:
    """The labels and annotations that a pool says, and ours, which win: a selector finds its pods by them."""
    notes = said.annotations | (annotations or {})
    return {**({"annotations": notes} if notes else {}), "labels": said.labels | labels}


def config_volume(name: str, volume: str = CONFIG_VOLUME) -> Manifest:
    """A document that a container reads."""
    return {"name": volume, "configMap": {"name": name}}


def empty_volume(name: str, size: str = TMP_SIZE) -> Manifest:
    """A folder that lives as long as its pod; a pod that fills it is evicted, and not its node's other pods."""
    return {"name": name, "emptyDir": {"sizeLimit": size}}


def model_volume(name: str, found: ModelImage | VolumeClaim) -> Manifest:
    """Files of others, read-only: the kubelet changes no owner then. Nobody is root in a pod of ours, so everybody must
    be able to read them.
    """
    if isinstance(found, VolumeClaim):
        return {"name": name, "persistentVolumeClaim": {"claimName": found.name, "readOnly": True}}
    policy = {"pullPolicy": found.pull_policy} if found.pull_policy else {}
    return {"name": name, "image": {"reference": found.reference, **policy}}


def trust_volumes(pool: PoolView) -> list[Manifest]:
    """The authorities that Helm values name. Not optional: without them nobody could be believed, so the kubelet waits;
    that the ConfigMap is missing the operator tells.
    """
    bundle = pool.settings.ca_bundle
    if bundle is None:
        return []
    items = [{"key": bundle.key, "path": TRUST_FILE}]
    return [{"name": TRUST_VOLUME, "configMap": {"name": bundle.config_map_name, "items": items}}]


def trust_mounts(pool: PoolView) -> list[Manifest]:
    """Where a container that speaks TLS to the outside finds them."""
    mount = {"name": TRUST_VOLUME, "mountPath": TRUST_FOLDER, "readOnly": True}
    return [mount] if pool.settings.ca_bundle else []


def trusting(pool: PoolView, *names: str) -> dict[str, str]:
    """Those of `TRUSTED_BY` that a program reads, with the file."""
    return dict.fromkeys(names, f"{TRUST_FOLDER}/{TRUST_FILE}") if pool.settings.ca_bundle else {}


def environment(pool: PoolView) -> list[Manifest]:
    """Of a container that calls AWS: what Helm values say, and an emulator's keys. On AWS the identity comes with the
    pod.
    """
    told = {**pool.settings.pool_env, **trusting(pool, *TRUSTED_BY)}
    said = [{"name": name, "value": value} for name, value in told.items()]
    emulator = pool.settings.emulator
    if emulator is None:
        return said
    keys = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    secret = [{"name": key, "valueFrom": {"secretKeyRef": {"name": emulator.secret, "key": key}}} for key in keys]
    return [*secret, *said]


def environment_field(pool: PoolView) -> Manifest:
    """Nothing, and not an empty list: the API server drops one, and the object would never be what was applied."""
    found = environment(pool)
    return {"env": found} if found else {}


def worker_container(
    pool: PoolView,
    name: str,
    args: list[str],
    *,
    resources: Manifest,
    mounts: list[Manifest],
    probes: Manifest | None = None,
) -> Manifest:
    """A container of the worker's image, in one of its roles; its last words are the cause in the pool's status."""
    return {
        "name": name,
        "image": pool.settings.worker_image,
        "imagePullPolicy": pool.settings.worker_pull_policy,
        "args": args,
        **environment_field(pool),
        **(probes or {}),
        "resources": resources,
        "securityContext": CONTAINER_SECURITY,
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [*mounts, *trust_mounts(pool)],
    }


def token_volume() -> Manifest:
    """What a container needs to call the API server."""
    sources = [
        {"serviceAccountToken": {"path": "token", "expirationSeconds": TOKEN_SECONDS}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {
            "downwardAPI": {
                "items": [{"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}]
            }
        },
    ]
    return {"name": TOKEN_VOLUME, "projected": {"sources": sources}}


def probe(path: str, *, period: int, failures: int) -> Manifest:
    """How the kubelet asks; `period` is in seconds."""
    return {
        "failureThreshold": failures,
        "httpGet": {"path": path, "port": HEALTH_PORT},
        "periodSeconds": period,
        "timeoutSeconds": 3,
    }


PROBES = {
    "livenessProbe": probe("/livez", period=10, failures=6),
    "ports": [{"containerPort": HEALTH_PORT, "name": "health", "protocol": "TCP"}],
    "readinessProbe": probe("/readyz", period=2, failures=3),
}
"""How the kubelet asks a worker or a dead-letter handler."""
ENGINE_LIVENESS = {
    **probe("/livez/engine", period=10, failures=18),
    "initialDelaySeconds": 300,
    "terminationGracePeriodSeconds": 10,
}
"""How the kubelet asks the worker about its pod's Ollama. Ollama starts first, and the worker's image may have to come;
a worker that is started anew is back within the failures allowed; what spins has nothing to finish.
"""
TOKEN_MOUNT = {"name": TOKEN_VOLUME, "mountPath": TOKEN_FOLDER, "readOnly": True}
