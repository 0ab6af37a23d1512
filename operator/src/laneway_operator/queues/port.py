"""The queues of lanes, Laneway's own and others': the port."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from laneway.schema.pool.queues.managed import ManagedQueue
    from laneway.schema.pool.queues.queue import QueueURLs
    from laneway.schema.pool.queues.rules import OwnQueue


class Queues(Protocol):
    """Queues of lanes. Raises `NotYet`."""

    def ensure(self, queue: ManagedQueue) -> QueueURLs:
        """Make them where they are missing; refuse those that are somebody else's."""

    def delete(self, queue: ManagedQueue) -> None:
        """Delete both with what is in them; those that are gone, or somebody else's, are passed over."""

    def held(self, urls: QueueURLs, region: str) -> int:
        """About how many messages both hold, waiting, delayed or in flight. A queue that is gone holds none."""

    def waiting(self, url: str, region: str) -> int:
        """How many messages may be received now, as SQS counts: about."""

    def look(self, urls: QueueURLs, region: str) -> OwnQueue:
        """Queues that somebody else made, as they are."""
