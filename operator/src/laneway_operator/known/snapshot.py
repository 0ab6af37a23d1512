"""What the indexes hold of one pool, taken at one moment. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from laneway.schema.shared.names import GROUP, KIND, VERSION

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from laneway.schema.pool.profile import ProfileSpec
    from laneway_operator.known.observe import Child, DeploymentFacts, JobFacts, PodFacts, ScalerFacts


@dataclass(frozen=True)
class PoolBody:
    """A pool as it stands in the cluster."""

    namespace: str
    name: str
    uid: str
    generation: int
    spec: Mapping[str, Any]
    status: Mapping[str, Any]
    held: bool = False
    """It has our finalizer."""
    deleting: bool = False
    """Somebody deleted it, and it waits for its finalizers."""
    annotations: Mapping[str, str] = field(default_factory=dict)
    """Those of our group."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """The same."""
    annotators: Mapping[str, str] = field(default_factory=dict)
    """Annotation → the field manager that wrote it."""

    @property
    def events_queue_url(self) -> str | None:
        """Of its events queue, from the first time that it was there, and until the pool is deleted."""
        return self.status.get("eventsQueueURL")

    def document(self) -> dict[str, Any]:
        """The parts of the YAML that `parse_pool` reads."""
        return {
            "apiVersion": f"{GROUP}/{VERSION}",
            "kind": KIND,
            "metadata": {
                "name": self.name,
                "namespace": self.namespace,
                "annotations": dict(self.annotations),
                "labels": dict(self.labels),
            },
            "spec": self.spec,
        }


@dataclass(frozen=True)
class Turn:
    """Which of a pool's lanes may have workers that serve replaced now."""

    lanes: frozenset[str] = frozenset()
    ahead: Mapping[str, int] = field(default_factory=dict)
    """Lane that waits → how many lanes of the fleet are before it."""
    last: int = 0
    """How many are before one that comes now."""

    def ahead_of(self, lane: str) -> int:
        """How many lanes are before this one."""
        return self.ahead.get(lane, self.last)


@dataclass(frozen=True)
class Snapshot:
    """One pool and everything of it."""

    pool: PoolBody
    children: tuple[Child, ...] = ()
    deployments: Mapping[str, DeploymentFacts] = field(default_factory=dict)
    """Lane → its Deployment."""
    scalers: Mapping[str, ScalerFacts] = field(default_factory=dict)
    """Lane → its ScaledObject."""
    handler: DeploymentFacts | None = None
    """The dead-letter handler's Deployment."""
    gateway: DeploymentFacts | None = None
    """The gateways' Deployment."""
    projector: DeploymentFacts | None = None
    """The projector's Deployment."""
    jobs: tuple[JobFacts, ...] = ()
    pods: tuple[PodFacts, ...] = ()
    profiles: Mapping[str, ProfileSpec | str] = field(default_factory=dict)
    """Every placement profile of the cluster by its name; a text says why one can't be used."""
    results_shared_with: str | None = None
    """Another pool, `namespace/name`, that has the place of its results, or one around or within it."""

    turn: Turn | None = None
    """None: nobody waits for one."""

    @property
    def configs_in_use(self) -> set[str]:
        """ConfigMaps that pods read."""
        return {name for each in self.pods for name in (each.config, each.live) if name is not None}

    def configs_of(self, lanes: Collection[str]) -> set[str]:
        """Those that the next pods of lanes would read, whose Deployments stay as they are."""
        return {name for lane in lanes if (name := self.deployments[lane].config) is not None}
