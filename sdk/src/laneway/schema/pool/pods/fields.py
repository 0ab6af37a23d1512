"""The few things of a pod that a pool may say for itself."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator

from laneway.schema.pool.pods.ollama_variables import CACHE_TYPE, FLASH_ATTENTION, Variable
from laneway.schema.pool.pods.reserved import one_of, refusal
from laneway.schema.shared.base import (
    LIST_SET,
    AnnotationText,
    KubernetesModel,
    ObjectName,
    Pattern,
    bad_name,
    cel,
    list_map,
    twice,
)
from laneway.schema.shared.names import COMPONENT_LABEL, GROUP, MANAGED_BY_LABEL

SYSTEM_CLASS = "a PriorityClass that begins with system- is for the cluster's own pods; use one of your own"
SYSTEM = "system-"
BAD_KEY = "a key should be as in Kubernetes, such as team or example.com/team"
KEY_TAKEN = {
    f"keys of {GROUP}/, {MANAGED_BY_LABEL} and {COMPONENT_LABEL} are Laneway's: it finds pods by them; use your own": (
        f"{GROUP}/",
        MANAGED_BY_LABEL,
        COMPONENT_LABEL,
    ),
    "keys of this kind decide which pods have rights on AWS; set serviceAccount": (
        "eks.amazonaws.com/",
        "iam.amazonaws.com/",
    ),
    "keys of this kind have a runtime, a network or a webhook give pods more than Laneway does; leave it out": (
        "cdi.k8s.io/",
        "config.linkerd.io/",
        "devices.nri.io/",
        "io.katacontainers.",
        "io.kubernetes.cri-o.",
        "k8s.v1.cni.cncf.io/",
        "mounts.nri.io/",
        "nvidia.cdi.k8s.io/",
        "v1.multus-cni.io/",
        "vault.hashicorp.com/",
        "inject.istio.io/",
        "proxy.istio.io/overrides",
        "sidecar.istio.io/bootstrapOverride",
        "sidecar.istio.io/proxyImage",
        "sidecar.istio.io/userVolume",
        "sidecar.istio.io/userVolumeMount",
    ),
    "a key of controller.kubernetes.io/ is written by workers, so that idle ones leave first; leave it out": (
        "controller.kubernetes.io/",
    ),
    "this key is written or obeyed by Kubernetes; leave it out": (
        "kubernetes.io/",
        "batch.kubernetes.io/",
        "container.apparmor.security.beta.kubernetes.io/",
        "pod-template-hash",
        "controller-uid",
        "job-name",
    ),
}
"""Why a label or an annotation is not the pool's → the keys, or how they begin."""

LabelText = Annotated[
    str,
    StringConstraints(max_length=63),
    Pattern(
        r"^([A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?)?$",
        "should be letters, digits, dashes, underscores and dots, a letter or a digit at both ends, such as team-a",
    ),
]


def _check_keys(found: dict[str, str]) -> dict[str, str]:
    why = refusal(found, KEY_TAKEN) or bad_name(found, BAD_KEY)
    if why:
        raise ValueError(why)
    return found


_KEYS = cel(*((f"!self.exists(k, {one_of('k', keys)})", why) for why, keys in KEY_TAKEN.items()))
PodLabels = Annotated[dict[str, LabelText], Field(max_length=16, json_schema_extra=_KEYS), AfterValidator(_check_keys)]
PodAnnotations = Annotated[
    dict[str, AnnotationText], Field(max_length=16, json_schema_extra=_KEYS), AfterValidator(_check_keys)
]


class LanePods(KubernetesModel):
    """What a lane's workers have besides what Laneway gives them, over what the pool says of all pods."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            (f"!has(self.priorityClassName) || !self.priorityClassName.startsWith('{SYSTEM}')", SYSTEM_CLASS),
        )
    )

    labels: PodLabels = {}
    """Labels, at most 16, with values of at most 63 characters. A lane's win over the pool's, key by key. Default:
    none.
    """
    annotations: PodAnnotations = {}
    """Annotations, at most 16, with values of at most 2048 characters, such as `karpenter.sh/do-not-disrupt`. A lane's
    win over the pool's, key by key. Default: none.
    """
    priority_class_name: ObjectName | None = None
    """The PriorityClass of workers. Default: the pool's; of a pool, the cluster's."""
    runtime_class_name: ObjectName | None = None
    """The RuntimeClass of workers, such as `nvidia` where the node's own runtime doesn't know the accelerator. Default:
    the pool's; a pool's: the node's own.
    """
    env: Annotated[tuple[Variable, ...], Field(max_length=16, json_schema_extra=list_map("name"))] = ()
    """Environment of Ollama, of a closed list of variables, at most 16. A lane's win over the pool's, name by name.
    Everybody who may read the pool can read it, so it holds no secret, and there is no `valueFrom`. Default: none.
    """

    @property
    def cache_type(self) -> str:
        """How Ollama is sure to keep a context: without flash attention, some models pass a smaller type over."""
        values = {each.name: each.value for each in self.env}
        attentive = values.get(FLASH_ATTENTION, "").lower() in ("1", "t", "true")  # Go's ParseBool
        return values.get(CACHE_TYPE, "f16") if attentive else "f16"

    @model_validator(mode="after")
    def _check_env(self) -> Self:
        name = twice(each.name for each in self.env)
        if name is not None:
            raise ValueError(f"two variables of env have the same name, {name}; name each once")
        return self

    @model_validator(mode="after")
    def _check_class(self) -> Self:
        if (self.priority_class_name or "").startswith(SYSTEM):
            raise ValueError(SYSTEM_CLASS)
        return self


class Pods(LanePods):
    """What the pool's pods have besides what Laneway gives them: labels, annotations and pull secrets are every pod's
    (workers, dead-letter handler, preflight, gateways), the rest is the workers'.
    """

    image_pull_secrets: Annotated[tuple[ObjectName, ...], Field(max_length=8, json_schema_extra=LIST_SET)] = ()
    """Names of pull secrets in the pool's namespace, at most 8, besides those of the operator's Helm values. Default:
    none.
    """

    @model_validator(mode="after")
    def _check_secrets(self) -> Self:
        name = twice(self.image_pull_secrets)
        if name is not None:
            raise ValueError(f"the pull secret {name} is named twice; name each once")
        return self

    def under(self, lane: LanePods) -> Pods:
        """These with what a lane says over them, which may be more than a person may write in one place."""
        env = {each.name: each for each in (*self.env, *lane.env)}
        return self.model_copy(
            update={
                "labels": self.labels | lane.labels,
                "annotations": self.annotations | lane.annotations,
                "priority_class_name": lane.priority_class_name or self.priority_class_name,
                "runtime_class_name": lane.runtime_class_name or self.runtime_class_name,
                "env": tuple(env.values()),
            }
        )
