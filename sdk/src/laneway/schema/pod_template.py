"""The few things of a pod that a pool may say for itself."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from laneway.schema.base import KubernetesModel, cel

SECRET_TWICE = "a pull secret is named twice; name each once"  # noqa: S105 - words
ObjectName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$", max_length=253)]


class PodTemplate(KubernetesModel):
    """What the pool's pods have besides what Laneway gives them."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            ("self.imagePullSecrets.all(a, self.imagePullSecrets.exists_one(b, a == b))", SECRET_TWICE)
        )
    )

    image_pull_secrets: Annotated[tuple[ObjectName, ...], Field(max_length=8)] = ()
    """Names of pull secrets in the pool's namespace, besides those of the operator's Helm values; for every pod."""
    priority_class_name: ObjectName | None = None
    """The PriorityClass of workers. Default: the cluster's."""
    runtime_class_name: ObjectName | None = None
    """The RuntimeClass of workers, such as `nvidia` where the node's own runtime doesn't know the accelerator."""

    @model_validator(mode="after")
    def _check_secrets(self) -> Self:
        if len(set(self.image_pull_secrets)) != len(self.image_pull_secrets):
            raise ValueError(SECRET_TWICE)
        return self
