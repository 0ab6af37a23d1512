"""How far a lane is, in one word. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway.schema.pool.metadata import Suspension
from laneway_operator.stages import STAGES

if TYPE_CHECKING:
    from laneway_operator.status.observed import Observed

AT_ZERO, ASLEEP, SUSPENDED, PAUSED = "AtZero", "Asleep", "Suspended", "Paused"


def stage_of(observed: Observed, lane: str) -> str:
    """That of the worker that is farthest; where there is none, why. Who has stopped a lane wants to see that first."""
    if (why := observed.suspended.get(lane)) is not None:
        return PAUSED if why in (Suspension.PAUSED_POOL, Suspension.PAUSED_LANE) else SUSPENDED
    if lane in observed.asleep:
        return ASLEEP
    found = [STAGES.index(each.stage) for each in observed.pods if each.lane == lane and each.stage is not None]
    return STAGES[max(found)].value if found else AT_ZERO
