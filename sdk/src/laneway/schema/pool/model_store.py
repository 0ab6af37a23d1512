"""Where a pool's Ollama has its models from."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, StringConstraints, model_validator

from laneway.schema.shared.base import KubernetesModel, ObjectName, Pattern, cel

ONE_STORE = "give exactly one of pull, image and volumeClaim"

_PART = "[a-z0-9]+([._-]+[a-z0-9]+)*"
_REPOSITORY = rf"(([A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:]+\])(:[0-9]{{1,5}})?/)?{_PART}(/{_PART})*"
_TAG = "(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})"
_DIGEST = "(@(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}))"
_WRITTEN = "should be an image as a registry names it, without https:// and with its path in small letters, such as "
_PINNED = "a digest at its end is @sha256: and 64 digits, each 0-9 or a-f"
IMAGE = Pattern(f"^{_REPOSITORY}{_TAG}?{_DIGEST}?$", f"{_WRITTEN}registry.example/models/gemma3:4b; {_PINNED}")
"""https://github.com/distribution/reference/blob/main/reference.go: host and port, path, tag, digest."""
TAGGED_IMAGE = Pattern(
    f"^{_REPOSITORY}({_TAG}{_DIGEST}?|{_DIGEST})$",
    f"{_WRITTEN}docker.io/ollama/ollama:0.32.15, with its tag, its digest or both; {_PINNED}",
)
ImageReference = Annotated[str, StringConstraints(max_length=512), IMAGE]
TaggedImage = Annotated[str, StringConstraints(max_length=512), TAGGED_IMAGE]
"""One that names no tag is `latest`, which is another image tomorrow."""


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

    @property
    def told(self) -> str:
        """For people."""
        return f"image {self.reference}"


class VolumeClaim(KubernetesModel):
    """A PersistentVolumeClaim whose volume is Ollama's model folder: `blobs` and `manifests` at its root."""

    name: ObjectName
    """The claim, in the pool's namespace. Where workers are to run on several nodes, its access mode is `ReadOnlyMany`
    or `ReadWriteMany`.
    """

    @property
    def told(self) -> str:
        """For people."""
        return f"volume claim {self.name}"


class ModelStore(KubernetesModel):
    """Exactly one of `pull`, `image` and `volumeClaim`."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            ("[has(self.pull), has(self.image), has(self.volumeClaim)].filter(given, given).size() == 1", ONE_STORE)
        )
    )

    pull: Pull | None = None
    """Ollama pulls what is missing."""
    image: ModelImage | None = None
    """An image with the models of all lanes is mounted, read-only, and Ollama pulls nothing. Needs a cluster with image
    volumes: Kubernetes 1.35, or the feature gate `ImageVolume`.
    """

    volume_claim: VolumeClaim | None = None
    """A volume with the models of all lanes is mounted, read-only, and Ollama pulls nothing: of EFS, FSx or Mountpoint
    for S3, say.
    """

    @model_validator(mode="after")
    def _check_one(self) -> Self:
        if [self.pull, self.image, self.volume_claim].count(None) != len(type(self).model_fields) - 1:
            raise ValueError(ONE_STORE)
        return self
