"""Lanes whose workers stay as they are until it is their turn, and what is made of such a lane meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pydantic import ValidationError

from laneway.schema.pool.documents.lane_config import LaneConfig
from laneway.schema.shared.names import LANE_LABEL
from laneway_operator.render.config import LANE_FILE
from laneway_operator.render.meta import TEMPLATE
from laneway_operator.status.observed import Waiting
from laneway_operator.turns.decision import needs_turn

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from laneway_operator.cluster.port import Cluster
    from laneway_operator.known.observe import Child
    from laneway_operator.known.snapshot import Snapshot
    from laneway_operator.render.view import LaneView, Manifest, PoolView


@dataclass(frozen=True)
class Passed:
    """How a pass ended."""

    soon: bool = False
    """Whether to look again soon."""
    waits: Mapping[str, str] = field(default_factory=dict)
    """Lane that waits for its turn → since when."""
    began: Mapping[str, str] = field(default_factory=dict)
    """Lane that took its turn → the digest of the template that it was given."""


@dataclass(frozen=True)
class Turns:
    """The lanes of a pool that need a turn."""

    taken: Mapping[str, str]
    """Lane whose turn it is → the digest of its new template."""
    waiting: Mapping[str, Waiting]


def turns(manifests: Iterable[Manifest], ours: Collection[Child], seen: Snapshot, now: str) -> Turns:
    """What was never made needs none, and what is not the pool's is none of its lanes. `now` is RFC 3339."""
    mine = {each.lane for each in ours if each.kind == "Deployment"}
    needed = {
        lane: template
        for lane, template in _templates(manifests)
        if lane in mine and needs_turn(seen.deployments.get(lane), template)
    }
    turn = seen.turn
    if turn is None:
        return Turns(needed, {})
    since = {each["name"]: each.get("rolloutWaitingSince") for each in seen.pool.status.get("lanes", [])}
    return Turns(
        {lane: template for lane, template in needed.items() if lane in turn.lanes},
        {lane: Waiting(since.get(lane) or now, turn.ahead_of(lane)) for lane in needed if lane not in turn.lanes},
    )


def _templates(manifests: Iterable[Manifest]) -> Iterator[tuple[str, str]]:
    """Lane → the digest of its pod template."""
    for each in manifests:
        metadata = each["metadata"]
        if each["kind"] == "Deployment" and LANE_LABEL in metadata["labels"]:
            yield metadata["labels"][LANE_LABEL], metadata["annotations"][TEMPLATE]


def as_served(cluster: Cluster, pool: PoolView, seen: Snapshot, waiting: Collection[str]) -> PoolView:
    """The pool with lanes that wait as their workers have them: their queue is watched, their model published, and
    their slots counted.
    """
    lanes = tuple(_as_served(cluster, each, seen) if each.lane.name in waiting else each for each in pool.lanes)
    return replace(pool, lanes=lanes)


def _as_served(cluster: Cluster, lane: LaneView, seen: Snapshot) -> LaneView:
    name = seen.deployments[lane.lane.name].config
    text = cluster.document(seen.pool.namespace, name, LANE_FILE) if name is not None else None
    try:
        config = LaneConfig.model_validate_json(text) if text is not None else lane.config
    except ValidationError:  # of another version
        config = lane.config
    return replace(lane, documents=lane.documents.model_copy(update={"config": config}))
