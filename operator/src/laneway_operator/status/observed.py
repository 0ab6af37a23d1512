"""What a pass finds out about one pool. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from laneway_operator.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from laneway.schema.pool.queues.queue import QueueURLs
    from laneway_operator.known.observe import DeploymentFacts, JobFacts, PodFacts, ScalerFacts, Trouble
    from laneway_operator.known.snapshot import Snapshot
    from laneway_operator.placement.memory import Fit


@dataclass
class Observed:
    """What a pass finds out about one pool, bit by bit."""

    lanes: tuple[str, ...] = ()
    """The lanes' names; none where the spec can't be read."""
    spec: Trouble | None = None
    queues: dict[str, QueueURLs] = field(default_factory=dict)
    queue_trouble: Trouble | None = None
    own_queue_trouble: Trouble | None = None
    """Of a queue that somebody else made: told, and the lane serves as it can."""
    unseen: tuple[str, ...] = ()
    """Lanes whose own queues the operator may not look at."""
    access: Trouble | None = None
    applied: Trouble | None = None
    """What kept children from being applied."""
    keda: Trouble | None = None
    preflight: JobFacts | None = None
    """The one that counts."""
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

    @classmethod
    def of(cls, seen: Snapshot) -> Self:
        """What the cluster shows."""
        return cls(deployments=seen.deployments, scalers=seen.scalers, pods=seen.pods, handler=seen.handler)

    @property
    def retry(self) -> bool:
        """Something outside is missing: look again soon. A spec that can't be read waits for somebody to edit it."""
        found = (self.spec, self.queue_trouble, self.own_queue_trouble, self.access, self.applied, self.keda)
        return any(each is not None and each.reason is not Reason.INVALID_SPEC for each in found)
