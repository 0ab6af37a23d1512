"""`pool.json`: what clients read to connect to a pool."""

from __future__ import annotations

from operator import not_
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from laneway.schema.pool.documents.lane_config import LaneModel
from laneway.schema.pool.documents.live_config import LaneLimits
from laneway.schema.pool.queues.queue import QueueURLs
from laneway.schema.shared.base import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from laneway.schema.pool.documents.lane_documents import LaneDocuments


class PoolLane(Record):
    """What a sender needs to know of a lane."""

    name: str
    """The lane."""
    queue: QueueURLs
    """Where jobs are sent."""
    model: LaneModel
    """What answers them."""
    limits: LaneLimits
    """What a job may take."""


class Owner(Record):
    """Who published it."""

    cluster: str
    """As the names of managed queues have it: the UID of the namespace `kube-system`, or `watch.clusterID`. A pool has
    no name of its own here: one that is made again under its name is the same to senders.
    """


class PoolDocument(Record):
    """`<prefix>pool.json`."""

    version: Literal[1] = 1
    """Of this document's form."""
    job_schema: Literal["v1alpha1"] = "v1alpha1"
    """The version of the job's schema that the workers read."""
    pool: str
    """`namespace/name`."""
    region: str
    """The region of the queues."""
    lanes: Annotated[tuple[PoolLane, ...], Field(min_length=1)]
    """The first one is the default."""
    destinations: tuple[str, ...] = ()
    """Aliases that a job may name."""
    owner: Annotated[Owner | None, Field(exclude_if=not_)] = None
    """The cluster of the pool, where it is in one."""


def pool_document(lanes: Sequence[LaneDocuments], owner: Owner | None = None) -> PoolDocument:
    """The document of a pool from those of its lanes, in the pool's order."""
    first = lanes[0]
    return PoolDocument(
        pool=first.config.pool,
        region=first.config.region,
        lanes=tuple(
            PoolLane(name=each.config.lane, queue=each.config.queue, model=each.config.model, limits=each.live.limits)
            for each in lanes
        ),
        destinations=tuple(first.live.destinations),
        owner=owner,
    )
