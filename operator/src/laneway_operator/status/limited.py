"""Whether a lane has jobs for more workers than it may or can have. It informs: `Ready` doesn't heed it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway_operator.reasons import Reason
from laneway_operator.status.found import Found
from laneway_operator.status.workers import troubles, worst

if TYPE_CHECKING:
    from laneway_operator.status.observed import Observed

CONDITION = "ScalingLimited"
NOT_TO_BE_HAD = (Reason.QUOTA_EXCEEDED, Reason.PODS_REFUSED, Reason.NO_GPU_CAPACITY, Reason.UNSCHEDULABLE)
"""What keeps wanted workers from being there at all, whatever they would do."""
LIMITED_SECONDS = 120.0
"""A burst that is over by then has used the lane as it was meant, and a status written for it would be noise."""


def scaling_limited(observed: Observed) -> Found:
    """True is the notable state, as of the HorizontalPodAutoscaler's condition of this name."""
    held_back = worst(each for each in troubles(observed) if each.reason in NOT_TO_BE_HAD)
    if held_back is not None:
        return Found("True", held_back.reason, held_back.message)
    if observed.spec or observed.queue_trouble or observed.access:
        return Found("Unknown", Reason.NOT_LOOKED_AT, "the lines are not looked at, as other trouble comes first")
    full = [lane for lane, seconds in observed.full.items() if seconds >= LIMITED_SECONDS]
    if full:
        words = f"as many workers are wanted as maxReplicas lets, and there are jobs for more: lane {', '.join(full)}"
        return Found("True", Reason.AT_MAX_REPLICAS, words)
    return Found("False", Reason.AS_EXPECTED, "no lane is seen to want more workers than it may have")
