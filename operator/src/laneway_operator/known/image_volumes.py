"""Image volumes, and API servers that know none. Pure.

An API server whose feature gate ImageVolume is off takes an object with image volumes, and silently leaves them out
with everything that mounts them: dropImageVolumes in Kubernetes' pkg/api/pod/util.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway_operator.errors import SpecError
from laneway_operator.reasons import Reason

if TYPE_CHECKING:
    from laneway_operator.render.view import Manifest


def images_of(pod: Manifest) -> list[str]:
    """The references of a pod spec's image volumes."""
    return [str(each["image"].get("reference")) for each in pod.get("volumes", []) if "image" in each]


def has_image_volumes(deployment: Manifest) -> bool:
    """Whether a Deployment's pods have any."""
    return bool(images_of(deployment["spec"]["template"]["spec"]))


def refuse_dropped(wanted: Manifest, taken: Manifest) -> None:
    """Raises `SpecError` where the API server's own form of a Deployment lacks image volumes."""
    if has_image_volumes(wanted) and not has_image_volumes(taken):
        words = "the API server drops image volumes: its feature gate ImageVolume is off"
        raise SpecError(Reason.IMAGE_VOLUMES_MISSING, words)
