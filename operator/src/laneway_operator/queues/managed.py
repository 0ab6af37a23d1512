"""The managed queues of a pool in a cluster. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway.schema.pool.queues.managed import ManagedQueue, Owner
from laneway.schema.pool.queues.queue import LONGEST_RETENTION_SECONDS
from laneway.schema.shared.regions import region_of_queue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from laneway.schema.pool.lane import Lane
    from laneway.schema.pool.pool import LLMWorkerPool
    from laneway_operator.known.snapshot import PoolBody


def managed_queue(cluster: str, pool: LLMWorkerPool, lane: Lane, region: str) -> ManagedQueue:
    """That of a lane in a cluster."""
    owner = Owner(cluster, pool.metadata.namespace, pool.metadata.name)
    return ManagedQueue.of(owner, lane.name, region, lane.retention_seconds)


def events_queue(cluster: str, pool: LLMWorkerPool, region: str) -> ManagedQueue:
    """That of a pool's events in a cluster."""
    return ManagedQueue.of_events(Owner(cluster, pool.metadata.namespace, pool.metadata.name), region)


def has_doomed(pool: LLMWorkerPool, body: PoolBody) -> bool:
    """Whether queues go when the pool does: the events queue always, also where the pool has its table no more."""
    if pool.spec.table is not None or body.events_queue_url is not None:
        return True
    queues = (lane.queue.managed for lane in pool.spec.lanes)
    return any(each is not None and each.deletion_policy == "Delete" for each in queues)


def doomed(cluster: str, pool: PoolBody, region: str) -> Iterator[ManagedQueue]:
    """The queues that go with a pool; `region` is that of pools that name none.

    Read from the body as it is: a spec that this operator does not understand must not keep a pool for ever.
    """
    external = [lane.get("queue", {}).get("external", {}) for lane in pool.spec.get("lanes", [])]
    urls = (each.get(key, "") for each in external for key in ("url", "deadLetterURL"))
    of_a_queue = next(filter(None, map(region_of_queue, urls)), None)
    region = of_a_queue or pool.spec.get("aws", {}).get("region", region)
    owner = Owner(cluster, pool.namespace, pool.name)
    if pool.spec.get("table") or pool.events_queue_url is not None:
        yield ManagedQueue.of_events(owner, region)
    for lane in pool.spec.get("lanes", []):
        if lane.get("queue", {}).get("managed", {}).get("deletionPolicy") == "Delete":
            yield ManagedQueue.of(owner, lane["name"], region, LONGEST_RETENTION_SECONDS)
