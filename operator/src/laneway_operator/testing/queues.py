"""SQS's administration in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from laneway.schema.pool.queues.queue import LONGEST_RETENTION_SECONDS, MAX_RECEIVES, QueueURLs
from laneway.schema.pool.queues.rules import OwnQueue, QueueSettings
from laneway.schema.shared.names import OWNER_TAG
from laneway_operator.errors import NotYet
from laneway_operator.queues.port import Depth
from laneway_operator.reasons import Reason

if TYPE_CHECKING:
    from laneway.schema.pool.queues.managed import ManagedQueue

SQS_KEY = "SQS"
"""A key of SQS's own."""


@dataclass
class MadeQueue:
    """A queue as it is."""

    retention_seconds: int
    dead_letter_url: str | None = None
    max_receives: int | None = None
    key: str = SQS_KEY
    """What it is encrypted with; empty: it isn't."""
    tags: dict[str, str] = field(default_factory=dict)


class MemoryQueues:
    """The port `Queues`."""

    def __init__(self) -> None:
        """No queues."""
        self.made: dict[str, MadeQueue] = {}
        """URL → queue."""
        self.changes: list[str] = []
        """What was done, such as `create <name>`."""
        self.looks = 0
        """Queues of others that were looked at."""
        self.counts = 0
        """How often anybody asked how many messages wait."""
        self.trouble: NotYet | None = None
        """What every call raises."""
        self.troubles: dict[str, NotYet] = {}
        """End of a name → what is raised where such a queue is to be made."""
        self.messages: dict[str, int] = {}
        """URL → how many it holds for the next that asks; none where it is not named."""
        self.taken: dict[str, int] = {}
        """URL → how many of its messages are being worked on; `held` counts them not."""
        self.denied: set[str] = set()
        """URLs of queues that the operator's identity may not read."""

    def ensure(self, queue: ManagedQueue) -> QueueURLs:
        """See the port."""
        if self.trouble is not None:
            raise self.trouble
        for end, trouble in self.troubles.items():
            if queue.name.endswith(end):
                raise trouble
        dead = url_of(queue.dead_letter_name, queue.region)
        url = url_of(queue.name, queue.region)
        tags = {OWNER_TAG: queue.owner}
        self._one(dead, MadeQueue(LONGEST_RETENTION_SECONDS, tags=tags))
        self._one(url, MadeQueue(queue.retention_seconds, dead, MAX_RECEIVES, tags=dict(tags)))
        return QueueURLs(url=url, dead_letter_url=dead)

    def delete(self, queue: ManagedQueue) -> None:
        """See the port."""
        if self.trouble is not None:
            raise self.trouble
        for name in (queue.name, queue.dead_letter_name):
            there = self.made.get(url_of(name, queue.region))
            if there is not None and there.tags.get(OWNER_TAG) == queue.owner:
                del self.made[url_of(name, queue.region)]
                self.changes.append(f"delete {name}")

    def held(self, urls: QueueURLs, region: str) -> int:
        """See the port."""
        if self.trouble is not None:
            raise self.trouble
        for url in (urls.url, urls.dead_letter_url):
            if url in self.denied:
                raise NotYet(Reason.QUEUE_ACCESS_DENIED, f"queue {url}: SQS in {region} refused")
        return sum(self.messages.get(url, 0) for url in (urls.url, urls.dead_letter_url) if url in self.made)

    def depth(self, url: str, region: str) -> Depth:
        """See the port."""
        if self.trouble is not None:
            raise self.trouble
        self.counts += 1
        self._found(url, region)
        return Depth(queued=self.messages.get(url, 0), running=self.taken.get(url, 0))

    def look(self, urls: QueueURLs, region: str) -> OwnQueue:
        """See the port."""
        if self.trouble is not None:
            raise self.trouble
        return OwnQueue(queue=self._settings(urls.url, region), dead=self._settings(urls.dead_letter_url, region))

    def _settings(self, url: str, region: str) -> QueueSettings:
        self.looks += 1
        there = self._found(url, region)
        return QueueSettings(
            arn=arn_of(url, region),
            retention_seconds=there.retention_seconds,
            redrive_to=arn_of(there.dead_letter_url, region) if there.dead_letter_url else None,
            max_receives=there.max_receives,
        )

    def _found(self, url: str, region: str) -> MadeQueue:
        if url in self.denied:
            raise NotYet(Reason.QUEUE_ACCESS_DENIED, f"queue {url}: refused")
        there = self.made.get(url)
        if there is None:
            raise NotYet(Reason.QUEUE_MISSING, f"queue {url}: SQS in {region} has no such queue")
        return there

    def _one(self, url: str, wanted: MadeQueue) -> None:
        name, there = url.rpartition("/")[2], self.made.get(url)
        if there is not None and there.tags.get(OWNER_TAG) != wanted.tags[OWNER_TAG]:
            owner = wanted.tags[OWNER_TAG]
            raise NotYet(Reason.QUEUE_NOT_OURS, f"the queue {url} is there, but its tag {OWNER_TAG} is not {owner}")
        if there is not None:
            wanted.tags, wanted.key = there.tags, there.key  # other tags are other people's, and so is a key
        if there != wanted:
            self.made[url] = wanted
            self.changes.append(f"{'change' if there else 'create'} {name}")


def url_of(name: str, region: str) -> str:
    """A queue's URL, as SQS builds it."""
    return f"https://sqs.{region}.amazonaws.com/123456789012/{name}"


def arn_of(url: str, region: str) -> str:
    """The ARN of a queue whose URL is as SQS builds it."""
    return ":".join(["arn:aws:sqs", region, *url.rsplit("/", 2)[1:]])
