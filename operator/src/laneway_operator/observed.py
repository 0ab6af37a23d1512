"""What a pass found out about one pool, and a condition before its time. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from laneway.schema.lane_config import QueueURLs
    from laneway_operator.fit import Fit
    from laneway_operator.observe import DeploymentFacts, JobFacts, PodFacts, ScalerFacts, Trouble
    from laneway_operator.reasons import Reason

Status = Literal["True", "False", "Unknown"]


@dataclass(frozen=True)
class Found:
    """A condition before its time."""

    status: Status
    reason: Reason
    message: str


@dataclass(frozen=True)
class Observed:
    """What reconciling found out about one pool."""

    lanes: tuple[str, ...]
    """The lanes' names; none where the spec can't be read."""
    spec: Trouble | None = None
    queues: Mapping[str, QueueURLs] = field(default_factory=dict)
    queue_trouble: Trouble | None = None
    own_queue_trouble: Trouble | None = None
    unseen: tuple[str, ...] = ()
    """Lanes whose own queues the operator may not look at."""
    access: Trouble | None = None
    applied: Trouble | None = None
    """What kept children from being applied."""
    keda: Trouble | None = None
    preflight: JobFacts | None = None
    deployments: Mapping[str, DeploymentFacts] = field(default_factory=dict)
    scalers: Mapping[str, ScalerFacts] = field(default_factory=dict)
    pods: tuple[PodFacts, ...] = ()
    suspended: bool = False
    asleep: tuple[str, ...] = ()
    """Lanes in a quiet schedule."""
    handler: DeploymentFacts | None = None
    """The dead-letter handler's."""
    fits: tuple[Fit, ...] = ()
    """Whether each lane's model fits."""
    deleting: bool = False
    """Somebody deleted the pool, and it waits for its queues."""
