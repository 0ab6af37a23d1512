"""Rights in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway.schema.pool.queues.rules import QueueSettings
from laneway_worker.ports.access import Verdict

if TYPE_CHECKING:
    from laneway_worker.errors import Unavailable

GOOD_RETENTION = 14 * 24 * 3600


class MemoryAccess:
    """The port `Access`: everything is there and allowed, but what a test takes away."""

    def __init__(self) -> None:
        """All rights."""
        self.denied: set[tuple[str, str]] = set()
        """Action, and the bucket and key, the bucket, the queue's URL or the topic's ARN."""
        self.missing: set[str] = set()
        """Buckets, URLs of queues, ARNs of topics."""
        self.down: Unavailable | None = None
        """What every call raises."""
        self.queues: dict[str, QueueSettings] = {}
        """URL → settings, where a queue is another than a good one."""

    def list(self, bucket: str, prefix: str) -> Verdict:  # noqa: ARG002 - the port's
        """See the port."""
        return self._ask("s3:ListBucket", bucket, bucket)

    def read(self, bucket: str, key: str) -> Verdict:
        """403 of an absent key where the bucket can't be listed."""
        if ("s3:ListBucket", bucket) in self.denied and bucket not in self.missing:
            return Verdict.DENIED
        return self._ask("s3:GetObject", f"{bucket}/{key}", bucket)

    def replace(self, bucket: str, key: str) -> Verdict:
        """See the port."""
        return self._ask("s3:PutObject", f"{bucket}/{key}", bucket)

    def write(self, bucket: str, key: str) -> Verdict:
        """See the port."""
        return self._ask("s3:PutObject", f"{bucket}/{key}", bucket)

    def look(self, url: str) -> Verdict:
        """See the port."""
        return self._ask("sqs:GetQueueAttributes", url, url)

    def receive(self, url: str) -> Verdict:
        """See the port."""
        return self._ask("sqs:ReceiveMessage", url, url)

    def extend(self, url: str) -> Verdict:
        """See the port."""
        return self._ask("sqs:ChangeMessageVisibility", url, url)

    def delete(self, url: str) -> Verdict:
        """See the port."""
        return self._ask("sqs:DeleteMessage", url, url)

    def send(self, url: str) -> Verdict:
        """See the port."""
        return self._ask("sqs:SendMessage", url, url)

    def publish(self, topic_arn: str) -> Verdict:
        """See the port."""
        return self._ask("sns:Publish", topic_arn, topic_arn)

    def settings(self, url: str) -> QueueSettings:
        """See the port."""
        good = QueueSettings(
            arn=f"arn:{url}", retention_seconds=GOOD_RETENTION, redrive_to=f"arn:{url}-dead", max_receives=20
        )
        return self.queues.get(url, good)

    def _ask(self, action: str, what: str, target: str) -> Verdict:
        if self.down is not None:
            raise self.down
        if target in self.missing:
            return Verdict.MISSING
        return Verdict.DENIED if (action, what) in self.denied else Verdict.ALLOWED
