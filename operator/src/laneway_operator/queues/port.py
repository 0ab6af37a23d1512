"""The queues of lanes, Laneway's own and others': the port."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from laneway.schema.pool.queues.managed import ManagedQueue
    from laneway.schema.pool.queues.queue import QueueURLs
    from laneway.schema.pool.queues.rules import OwnQueue


@dataclass(frozen=True)
class Depth:
    """What a queue holds, as SQS counts: about."""

    queued: int
    """Messages that may be received now."""
    running: int
    """Messages that somebody has received and works on."""


class Queues(Protocol):
    """Queues of lanes. Raises `NotYet`."""

    def ensure(self, queue: ManagedQueue) -> QueueURLs:
        """Make them where they are missing; refuse those that are somebody else's."""

    def delete(self, queue: ManagedQueue) -> None:
        """Delete both with what is in them; those that are gone, or somebody else's, are passed over."""

    def held(self, urls: QueueURLs, region: str) -> int:
        """About how many messages both hold, waiting, delayed or in flight. A queue that is gone holds none."""

    def depth(self, url: str, region: str) -> Depth:
        """What KEDA counts of a lane's queue."""

    def look(self, urls: QueueURLs, region: str) -> OwnQueue:
        """Queues that somebody else made, as they are."""
