"""Where a pool's Ollama has its models from."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, StringConstraints, model_validator

from laneway.schema.shared.base import KubernetesModel, Pattern, cel

ONE_STORE = "give exactly one of pull and image"

_PART = "[a-z0-9]+([._-]+[a-z0-9]+)*"
IMAGE = Pattern(
    rf"^([A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{{1,5}})?/)?{_PART}(/{_PART})*"
    r"(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?$",
    "should be an image as a registry names it, without https:// and with its path in small letters, such as "
    "registry.example/models/gemma3:4b; a digest at its end is @sha256: and 64 digits, each 0-9 or a-f",
)
"""https://github.com/distribution/reference/blob/main/reference.go: host and port, path, tag, digest."""
ImageReference = Annotated[str, StringConstraints(max_length=512), IMAGE]


class Pull(KubernetesModel):
    """Each worker has its Ollama pull what is missing, from the registry that the model's name says."""


class ModelImage(KubernetesModel):
    """An OCI image that is Ollama's model folder: `blobs` and `manifests` at its root."""

    reference: ImageReference
    """The image, as a container's image is written; with `@sha256:…` it is always the same one."""
    pull_policy: Literal["Always", "IfNotPresent", "Never"] | None = None
    """When a node asks the image's registry. Default, as for containers: `Always` for the tag `latest` or none,
    else `IfNotPresent`.
    """


class ModelStore(KubernetesModel):
    """Exactly one of `pull` and `image`."""

    model_config = ConfigDict(json_schema_extra=cel(("has(self.pull) != has(self.image)", ONE_STORE)))

    pull: Pull | None = None
    """Ollama pulls what is missing."""
    image: ModelImage | None = None
    """An image with the models of all lanes is mounted, read-only, and Ollama pulls nothing. Needs a cluster with image
    volumes: Kubernetes 1.35, or the feature gate `ImageVolume`.
    """

    @model_validator(mode="after")
    def _check_one(self) -> Self:
        if (self.pull is None) == (self.image is None):
            raise ValueError(ONE_STORE)
        return self
