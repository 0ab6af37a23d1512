"""A bucket and a queue in memory, as a sender sees them; what others do between its calls is the test's to say."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from hashlib import md5
from typing import TYPE_CHECKING

from laneway.client.remote import Stored

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class Sent:
    """A message that the queue has taken."""

    queue_url: str
    body: str
    group_id: str | None
    history: str | None


@dataclass
class MemoryPost:
    """S3's conditional writes, with ETags that follow from the bytes alone, and a queue that may refuse."""

    objects: dict[str, Stored] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    errors: deque[Exception | None] = field(default_factory=deque)
    """What the next sends raise; None: nothing."""
    meanwhile: dict[str, Callable[[], object]] = field(default_factory=dict)
    """The name of a call → what somebody else does just before it, once."""

    def put_new(self, key: str, body: bytes, metadata: Mapping[str, str]) -> str | None:
        """S3's PutObject with `If-None-Match: *`."""
        self._let_others("put_new")
        return None if key in self.objects else self._put(key, body, metadata)

    def replace(self, key: str, body: bytes, metadata: Mapping[str, str], etag: str) -> str | None:
        """S3's PutObject with `If-Match`."""
        self._let_others("replace")
        there = self.objects.get(key)
        return self._put(key, body, metadata) if there and there.etag == etag else None

    def _put(self, key: str, body: bytes, metadata: Mapping[str, str]) -> str:
        etag = f'"{md5(body, usedforsecurity=False).hexdigest()}"'
        self.objects[key] = Stored(body, etag, dict(metadata))
        return etag

    def read(self, key: str) -> Stored | None:
        """S3's GetObject."""
        return self.objects.get(key)

    def exists(self, key: str) -> bool:
        """S3's HeadObject."""
        return key in self.objects

    def send(
        self, queue_url: str, body: str, *, history: str | None, group_id: str | None, trace: Mapping[str, str]
    ) -> None:
        """SQS' SendMessage."""
        assert not trace
        error = self.errors.popleft() if self.errors else None
        self._let_others("send")
        if error is not None:
            raise error
        self.sent.append(Sent(queue_url, body, group_id, history))

    def _let_others(self, call: str) -> None:
        if call in self.meanwhile:
            self.meanwhile.pop(call)()
