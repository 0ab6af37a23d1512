"""What a pass finds out about one pool. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Self

from laneway_operator.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from laneway.schema.pool.metadata import Suspension
    from laneway.schema.pool.queues.queue import QueueURLs
    from laneway_operator.known.observe import DeploymentFacts, JobFacts, PodFacts, ScalerFacts, Trouble
    from laneway_operator.known.snapshot import Snapshot
    from laneway_operator.placement.memory import Fit
    from laneway_operator.status.model import FormerLane

WAITS_FOR_PEOPLE = (Reason.INVALID_SPEC, Reason.GATEWAYS_OFF, Reason.TABLES_OFF)


@dataclass(frozen=True)
class Waiting:
    """A lane whose workers are to be replaced, and whose turn it isn't."""

    since: str
    """RFC 3339."""
    ahead: int
    """How many lanes are before it."""


@dataclass
class Observed:
    """What a pass finds out about one pool, bit by bit."""

    lanes: tuple[str, ...] = ()
    """The lanes' names; none where the spec can't be read."""
    spec: Trouble | None = None
    unknown: str = ""
    """The fields of the pool that this operator doesn't know, in words."""
    queues: dict[str, QueueURLs] = field(default_factory=dict)
    queue_trouble: Trouble | None = None
    own_queue_troubles: tuple[Trouble, ...] = ()
    """Of queues that somebody else made: told, and the lane serves as it can."""
    unseen: tuple[str, ...] = ()
    """Lanes whose own queues the operator may not look at."""
    access: Trouble | None = None
    applied: tuple[Trouble, ...] = ()
    """What kept children from being applied."""
    changed: tuple[str, ...] = ()
    """Lanes whose Deployment this pass has changed: what is known of their workers is of before."""
    waiting: Mapping[str, Waiting] = field(default_factory=dict)
    """Lanes that keep the workers of before until it is their turn."""
    began: Mapping[str, str] = field(default_factory=dict)
    """Lane that took its turn → the digest of its new template."""
    floors: tuple[str, ...] = ()
    """Lanes that have workers whether there are jobs or not."""
    keda: Trouble | None = None
    preflight: JobFacts | None = None
    """The one that counts."""
    deployments: Mapping[str, DeploymentFacts] = field(default_factory=dict)
    scalers: Mapping[str, ScalerFacts] = field(default_factory=dict)
    pods: tuple[PodFacts, ...] = ()
    unwoken: Mapping[str, float] = field(default_factory=dict)
    """Lane whose jobs wait while it has no worker → for how many seconds that has been seen."""
    full: Mapping[str, float] = field(default_factory=dict)
    """Lane that has as many workers as it may, and jobs for more → for how many seconds that has been seen."""
    suspended: Mapping[str, Suspension] = field(default_factory=dict)
    """Lanes that somebody has stopped, and where that is written."""
    annotators: Mapping[str, str] = field(default_factory=dict)
    """Annotation → who wrote it."""
    asleep: tuple[str, ...] = ()
    """Lanes in a quiet schedule."""
    handler: DeploymentFacts | None = None
    """The dead-letter handler's."""
    gateway: DeploymentFacts | None = None
    """The gateways'."""
    gateway_at: str | None = None
    """Where clients in the cluster reach the gateways; nothing where the pool asks for none."""
    gateway_troubles: tuple[Trouble, ...] = ()
    """What kept their children from being applied, or them from being made at all."""
    projector: DeploymentFacts | None = None
    """The projector's."""
    has_table: bool = False
    """Whether the pool asks for a table."""
    table_troubles: tuple[Trouble, ...] = ()
    """What kept the projector's children or the events queue from being made."""
    events_queue_url: str | None = None
    """The events queue, from the first time that it was there."""
    fits: tuple[Fit, ...] = ()
    """Whether each lane's model fits."""
    former: tuple[FormerLane, ...] | None = None
    """Lanes that were taken out and drain; None where the spec can't be read, and they are as before."""
    operator: str | None = None
    """What this operator calls itself, where it is one of some namespaces."""
    deleting: bool = False
    """Somebody deleted the pool, and it waits for its queues."""

    @classmethod
    def of(cls, seen: Snapshot) -> Self:
        """What the cluster shows."""
        return cls(
            deployments=seen.deployments,
            scalers=seen.scalers,
            pods=seen.pods,
            handler=seen.handler,
            gateway=seen.gateway,
            projector=seen.projector,
            events_queue_url=seen.pool.events_queue_url,
        )

    def of_lane(self, lane: str) -> Self:
        """What of it is this lane's, or the whole pool's."""

        def mine(troubles: Iterable[Trouble | None]) -> tuple[Trouble, ...]:
            return tuple(each for each in troubles if each is not None and each.lane in (None, lane))

        return replace(
            self,
            lanes=(lane,),
            queues={name: each for name, each in self.queues.items() if name == lane},
            queue_trouble=next(iter(mine([self.queue_trouble])), None),
            own_queue_troubles=mine(self.own_queue_troubles),
            applied=mine(self.applied),
            changed=tuple(each for each in self.changed if each == lane),
            waiting={name: each for name, each in self.waiting.items() if name == lane},
            floors=tuple(each for each in self.floors if each == lane),
            deployments={name: each for name, each in self.deployments.items() if name == lane},
            pods=tuple(each for each in self.pods if each.lane == lane),
            unwoken={name: each for name, each in self.unwoken.items() if name == lane},
            full={name: each for name, each in self.full.items() if name == lane},
            asleep=tuple(each for each in self.asleep if each == lane),
            suspended={name: each for name, each in self.suspended.items() if name == lane},
            handler=None,
        )

    @property
    def retry(self) -> bool:
        """Something outside is missing, or a line is longer than its workers: look again soon. A spec that can't be
        read waits for somebody to edit it, and gateways that are turned off for an operator with other Helm values.
        """
        queues = (self.queue_trouble, *self.own_queue_troubles)
        beside = (*self.gateway_troubles, *self.table_troubles)
        found = (self.spec, *queues, self.access, *self.applied, self.keda, *beside)
        missing = any(each is not None and each.reason not in WAITS_FOR_PEOPLE for each in found)
        return missing or bool(self.former) or bool(self.unwoken) or bool(self.full)
