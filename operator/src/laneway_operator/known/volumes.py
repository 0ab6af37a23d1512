"""The volumes of a pod that hold models, and what the scheduler says of claims. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, Self

from laneway_operator.known.image_volumes import images_of
from laneway_operator.reasons import Reason

if TYPE_CHECKING:
    from laneway_operator.render.view import Manifest

MISSING = re.compile(r'persistentvolumeclaim "[^"]*" not found')
UNBOUND = re.compile(
    r'unbound immediate PersistentVolumeClaims|persistentvolumeclaim "[^"]*" (is being deleted|bound to non-existent)'
    r"|didn't find available persistent volumes|pvc\(s\) bound to non-existent pv\(s\)"
)
"""https://github.com/kubernetes/kubernetes/tree/v1.34.10/pkg/scheduler/framework/plugins/volumebinding"""


class Volumes(NamedTuple):
    """What a pod mounts that people made."""

    images: list[str]
    """References of image volumes."""
    claims: list[str]
    """Names of PersistentVolumeClaims."""

    @classmethod
    def of(cls, pod: Manifest) -> Self:
        """Those of a pod spec."""
        named = (each.get("persistentVolumeClaim", {}).get("claimName") for each in pod.get("volumes", []))
        return cls(images_of(pod), [str(each) for each in named if each])

    @property
    def told(self) -> str | None:
        """The first one, in the words of `LaneConfig.model_volume`."""
        words = [*(f"image {each}" for each in self.images), *(f"volume claim {each}" for each in self.claims)]
        return words[0] if words else None

    def unscheduled(self, message: str) -> Reason | None:
        """Whether it is a claim that keeps a pod from every node."""
        if not self.claims:
            return None
        if MISSING.search(message):
            return Reason.VOLUME_CLAIM_MISSING
        return Reason.VOLUME_CLAIM_UNBOUND if UNBOUND.search(message) else None
