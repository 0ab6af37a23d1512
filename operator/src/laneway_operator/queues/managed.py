"""A lane's managed queue as it should be. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from laneway.schema.pool.queues.queue import LONGEST_RETENTION_SECONDS
from laneway.schema.shared.names import dead_letter_queue_name, queue_name, queue_suffix

if TYPE_CHECKING:
    from collections.abc import Iterator

    from laneway.schema.pool.lane import Lane
    from laneway.schema.pool.pool import LLMWorkerPool
    from laneway_operator.known.snapshot import PoolBody


@dataclass(frozen=True)
class ManagedQueue:
    """A lane's queue and dead-letter queue."""

    name: str
    dead_letter_name: str
    owner: str
    """What `OWNER_TAG` says of whose they are: `cluster/namespace/pool/lane`."""
    region: str
    retention_seconds: int


def managed_queue(cluster: str, pool: LLMWorkerPool, lane: Lane, region: str) -> ManagedQueue:
    """Equal for a pool that is deleted and made again: it finds the jobs that waited meanwhile."""
    place = (cluster, pool.metadata.namespace, pool.metadata.name)
    return _queue(place, lane.name, region, lane.retention_seconds)


def has_doomed(pool: LLMWorkerPool) -> bool:
    """Whether queues go when the pool does."""
    managed = (lane.queue.managed for lane in pool.spec.lanes)
    return any(each is not None and each.deletion_policy == "Delete" for each in managed)


def doomed(cluster: str, pool: PoolBody, region: str) -> Iterator[ManagedQueue]:
    """The queues that go with a pool; `region` is that of pools that name none.

    Read from the body as it is: a spec that this operator does not understand must not keep a pool for ever.
    """
    region = pool.spec.get("aws", {}).get("region", region)
    for lane in pool.spec.get("lanes", []):
        if lane.get("queue", {}).get("managed", {}).get("deletionPolicy") == "Delete":
            yield _queue((cluster, pool.namespace, pool.name), lane["name"], region, LONGEST_RETENTION_SECONDS)


def _queue(place: tuple[str, str, str], lane: str, region: str, retention_seconds: int) -> ManagedQueue:
    path, name = "/".join(place), place[2]
    suffix = queue_suffix(*place)
    return ManagedQueue(
        name=queue_name(name, lane, suffix),
        dead_letter_name=dead_letter_queue_name(name, lane, suffix),
        owner=f"{path}/{lane}",
        region=region,
        retention_seconds=retention_seconds,
    )
