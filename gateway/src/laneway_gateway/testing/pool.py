"""A bucket and queues in memory."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from hashlib import md5
from typing import TYPE_CHECKING

from laneway.client.remote import NO_TRACE, Figures, Stored
from laneway.client.sending.outbox import Outbox
from laneway.errors import IdReused
from laneway_gateway.errors import PoolUnreachable
from laneway_gateway.ports.traces import NO_TRACES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from laneway.client.sending.checked import CheckedJob
    from laneway.schema.job.keys import Place
    from laneway_gateway.ports.traces import Traces

ETAG = '"{}"'


@dataclass
class MemoryStore:
    """A bucket in memory, with ETags that follow from the bytes alone, as S3's do."""

    objects: dict[str, Stored] = field(default_factory=dict)
    error: PoolUnreachable | None = None
    """What every call raises while it is set."""
    refuses: str | None = None
    """Of keys that begin so no call is answered."""
    holds_up: str | None = None
    """New objects whose keys begin so are written once `go_on` is set."""
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    calls: list[tuple[str, str]] = field(default_factory=list)
    """Each call and its key or prefix, in order."""

    async def read(self, key: str) -> Stored | None:
        """GetObject."""
        self._called("read", key)
        return self.objects.get(key)

    async def put_new(self, key: str, body: bytes) -> str | None:
        """PutObject with `If-None-Match: *`."""
        self._called("put_new", key)
        if self.holds_up is not None and key.startswith(self.holds_up):
            await self.go_on.wait()
        return None if key in self.objects else self.put(key, body)

    async def replace(self, key: str, body: bytes, etag: str) -> str | None:
        """PutObject with `If-Match`."""
        self._called("replace", key)
        there = self.objects.get(key)
        return self.put(key, body) if there and there.etag == etag else None

    async def delete(self, key: str, etag: str) -> bool:
        """DeleteObject with `If-Match`."""
        self._called("delete", key)
        there = self.objects.get(key)
        if there is None or there.etag != etag:
            return False
        del self.objects[key]
        return True

    async def etags(self, prefix: str) -> dict[str, str]:
        """ListObjectsV2."""
        self._called("etags", prefix)
        return {key: self.objects[key].etag for key in sorted(self.objects) if key.startswith(prefix)}

    async def keys(self, prefix: str, first: str = "", last: str | None = None) -> list[str]:
        """ListObjectsV2."""
        self._called("keys", prefix)
        return [
            key
            for key in sorted(self.objects)
            if key.startswith(prefix) and key >= first and (last is None or key <= last)
        ]

    def put(self, key: str, body: bytes, metadata: Mapping[str, str] | None = None) -> str:
        """Write, whatever is there, as others do; the ETag."""
        etag = ETAG.format(md5(body, usedforsecurity=False).hexdigest())
        self.objects[key] = Stored(body, etag, dict(metadata or {}))
        return etag

    def _called(self, call: str, key: str) -> None:
        self.calls.append((call, key))
        if self.error is not None:
            raise self.error
        if self.refuses is not None and key.startswith(self.refuses):
            raise PoolUnreachable("refused")


@dataclass(frozen=True)
class Sent:
    """A message that a queue has taken."""

    queue_url: str
    body: str
    group: str
    attribute: str
    trace: Mapping[str, str] = field(default_factory=dict)


@dataclass
class MemoryQueues:
    """Queues in memory, before a bucket in memory."""

    store: MemoryStore
    place: Place
    sent: list[Sent] = field(default_factory=list)
    errors: deque[tuple[PoolUnreachable, bool]] = field(default_factory=deque)
    """What the next sends raise, and whether the message was taken all the same, as after a time-out."""
    counts: dict[str, Figures] = field(default_factory=dict)
    """By queue; others are empty."""
    traces: Traces = NO_TRACES

    async def send(self, job: CheckedJob, *, group: str, attribute: str) -> None:
        """Store and send."""
        try:
            Outbox(_Post(self), self.place, group, attribute, self.traces.carrier()).send(job)
        except IdReused as error:
            raise PoolUnreachable(str(error)) from error

    async def figures(self, queue_url: str) -> Figures:
        """What the test says."""
        if self.store.error is not None:
            raise self.store.error
        return self.counts.get(queue_url, Figures(0, 0, 0))


@dataclass
class _Post:
    queues: MemoryQueues

    def put_new(self, key: str, body: bytes, metadata: Mapping[str, str]) -> str | None:
        self._reach()
        return None if key in self.queues.store.objects else self.queues.store.put(key, body, metadata)

    def replace(self, key: str, body: bytes, metadata: Mapping[str, str], etag: str) -> str | None:
        there = self.read(key)
        return self.queues.store.put(key, body, metadata) if there and there.etag == etag else None

    def read(self, key: str) -> Stored | None:
        self._reach()
        return self.queues.store.objects.get(key)

    def exists(self, key: str) -> bool:
        return self.read(key) is not None

    def send(
        self,
        queue_url: str,
        body: str,
        *,
        history: str | None = None,
        group_id: str | None = None,
        trace: Mapping[str, str] = NO_TRACE,
    ) -> None:
        error, taken = self.queues.errors.popleft() if self.queues.errors else (None, True)
        if taken:
            self.queues.sent.append(Sent(queue_url, body, group_id or "", history or "", trace))
        if error is not None:
            raise error

    def _reach(self) -> None:
        if self.queues.store.error is not None:
            raise self.queues.store.error
