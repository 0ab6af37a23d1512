"""A lane's managed queue as it should be. Pure."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from laneway.schema.names import dead_letter_queue_name, queue_name

if TYPE_CHECKING:
    from laneway.schema.lane import Lane
    from laneway.schema.pool import LLMWorkerPool

SUFFIX_CHARACTERS = 5  # with pool, lane and `-dead` at their longest 80: SQS's limit


@dataclass(frozen=True)
class ManagedQueue:
    """A lane's queue and dead-letter queue."""

    name: str
    dead_letter_name: str
    owner: str
    """The tag that says whose they are: `cluster/namespace/pool/lane`."""
    region: str
    retention_seconds: int


def managed_queue(cluster: str, pool: LLMWorkerPool, lane: Lane, region: str) -> ManagedQueue:
    """Equal for a pool that is deleted and made again: it finds the jobs that waited meanwhile."""
    name = pool.metadata.name
    place = f"{cluster}/{pool.full_name}"
    suffix = base64.b32encode(hashlib.sha256(place.encode()).digest()).decode().lower()[:SUFFIX_CHARACTERS]
    return ManagedQueue(
        name=queue_name(name, lane.name, suffix),
        dead_letter_name=dead_letter_queue_name(name, lane.name, suffix),
        owner=f"{place}/{lane.name}",
        region=region,
        retention_seconds=lane.retention_seconds,
    )
