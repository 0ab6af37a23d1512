"""The pool's bucket and queues, with a count of what goes wrong there."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from laneway_gateway.errors import PoolUnreachable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from laneway.client.remote import Figures, Stored
    from laneway.client.sending.checked import CheckedJob
    from laneway_gateway.ports.queues import Queues
    from laneway_gateway.ports.store import Store


class Counts(Protocol):
    """Where it is counted."""

    def trouble(self, service: str) -> None:
        """A call to `s3` or `sqs` came to nothing."""


class Troubles:
    """Hands what goes wrong to the figures, once there are some."""

    def __init__(self) -> None:
        """The pool's document is read before anybody knows what to count by."""
        self.counts: Counts | None = None

    @contextmanager
    def of(self, service: str) -> Iterator[None]:
        """A call; what it raises goes on."""
        try:
            yield
        except PoolUnreachable:
            if self.counts is not None:
                self.counts.trouble(service)
            raise


class CountedStore:
    """A bucket. It implements `laneway_gateway.ports.store.Store`."""

    def __init__(self, store: Store, troubles: Troubles) -> None:
        """`store` does the work."""
        self._store = store
        self._troubles = troubles

    async def read(self, key: str) -> Stored | None:
        """An object, or None."""
        with self._troubles.of("s3"):
            return await self._store.read(key)

    async def put_new(self, key: str, body: bytes) -> str | None:
        """Write an object that must not exist."""
        with self._troubles.of("s3"):
            return await self._store.put_new(key, body)

    async def replace(self, key: str, body: bytes, etag: str) -> str | None:
        """Write over exactly this object."""
        with self._troubles.of("s3"):
            return await self._store.replace(key, body, etag)

    async def delete(self, key: str, etag: str) -> bool:
        """Delete exactly this object."""
        with self._troubles.of("s3"):
            return await self._store.delete(key, etag)

    async def etags(self, prefix: str) -> dict[str, str]:
        """The keys under a prefix, and their ETags."""
        with self._troubles.of("s3"):
            return await self._store.etags(prefix)

    async def keys(self, prefix: str, first: str = "", last: str | None = None) -> list[str]:
        """The keys under a prefix."""
        with self._troubles.of("s3"):
            return await self._store.keys(prefix, first, last)


class CountedQueues:
    """Queues. It implements `laneway_gateway.ports.queues.Queues`."""

    def __init__(self, queues: Queues, troubles: Troubles) -> None:
        """`queues` does the work."""
        self._queues = queues
        self._troubles = troubles

    async def send(self, job: CheckedJob, *, group: str, attribute: str) -> None:
        """Store a job's body and send its message; what fails of it counts as of the queue."""
        with self._troubles.of("sqs"):
            await self._queues.send(job, group=group, attribute=attribute)

    async def figures(self, queue_url: str) -> Figures:
        """A queue's approximate counts."""
        with self._troubles.of("sqs"):
            return await self._queues.figures(queue_url)
