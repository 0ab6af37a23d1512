"""What a policy would open more widely than its reader may think. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from laneway.iam.resources import Scope
    from laneway.schema.pool.pool import LLMWorkerPool

MANAGED = "laneway-"
"""How the names of all managed queues begin."""
CLUSTER_ID = "--cluster-id $(kubectl get namespace kube-system --output jsonpath='{.metadata.uid}')"


def open_ends(pool: LLMWorkerPool, scope: Scope) -> Iterator[str]:
    """One sentence each: the pool's file may have been written by somebody who has no right to what it names."""
    if scope.cluster_id is None and any(lane.queue.own is None for lane in pool.spec.lanes):
        name = pool.metadata.name
        yield (
            f"the names of managed queues end with any five characters: pools named {name} of other namespaces and "
            f"clusters could take each other's jobs; add {CLUSTER_ID}"
        )
    if pool.spec.table and pool.spec.table.postgres and pool.spec.table.postgres.iam:
        user = pool.spec.table.postgres.iam.user
        yield (
            f"RDS tells databases apart by a resource id that the pool does not say: the policy lets in to every "
            f"database of the account with a role {user}; put the id, db-…, in the place of * in rds-db"
        )
    for alias, place in pool.destinations.items():
        if place.bucket == pool.results.bucket:
            yield (
                f"destination {alias} lies in the bucket of results: make sure that nothing of another pool lies below "
                f"{place.url(place.prefix)}, for submitters may read it and workers write there"
            )
    for lane in pool.spec.lanes:
        own = lane.queue.own
        for url in (own.url, own.dead_letter_url) if own else ():
            if urlsplit(url).path.rpartition("/")[2].startswith(MANAGED):
                yield f"lane {lane.name} names {url}, which is called like a managed queue: it may be another pool's"
