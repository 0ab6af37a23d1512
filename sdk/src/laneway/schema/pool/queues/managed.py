"""A managed queue, of a lane or of a pool's events, as it should be. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Self

from laneway.schema.pool.queues.queue import LONGEST_RETENTION_SECONDS
from laneway.schema.shared.names import (
    dead_letter_queue_name,
    events_dead_letter_queue_name,
    events_queue_name,
    queue_name,
    queue_suffix,
)

EVENTS = ".events"  # no lane is called so


class Owner(NamedTuple):
    """Whose a pool's queues are: no two owners have a queue of one name, however their own names are joined."""

    cluster: str
    """A cluster's UID, or the name of the state folder of a `laneway up`."""
    namespace: str
    pool: str

    @property
    def path(self) -> str:
        """As tags say it."""
        return "/".join(self)

    @property
    def suffix(self) -> str:
        """What the names of its queues and topics end with."""
        return queue_suffix(*self)


@dataclass(frozen=True)
class ManagedQueue:
    """A queue and its dead-letter queue: a lane's, or those of a pool's events."""

    name: str
    dead_letter_name: str
    owner: str
    """What `OWNER_TAG` says of whose they are: `cluster/namespace/pool/lane`; of events it ends with `EVENTS`."""
    region: str
    retention_seconds: int

    @classmethod
    def of(cls, owner: Owner, lane: str, region: str, retention_seconds: int) -> Self:
        """Equal for a pool that is deleted and made again: it finds the jobs that waited meanwhile."""
        return cls(
            name=queue_name(owner.pool, lane, owner.suffix),
            dead_letter_name=dead_letter_queue_name(owner.pool, lane, owner.suffix),
            owner=f"{owner.path}/{lane}",
            region=region,
            retention_seconds=retention_seconds,
        )

    @classmethod
    def of_events(cls, owner: Owner, region: str) -> Self:
        """Rows wait in it for a database that is down, as long as SQS keeps anything."""
        return cls(
            name=events_queue_name(owner.pool, owner.suffix),
            dead_letter_name=events_dead_letter_queue_name(owner.pool, owner.suffix),
            owner=f"{owner.path}/{EVENTS}",
            region=region,
            retention_seconds=LONGEST_RETENTION_SECONDS,
        )
