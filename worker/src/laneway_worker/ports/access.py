"""Rights on AWS, tried without harm."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from laneway.schema.pool.queues.rules import QueueSettings


class Verdict(Enum):
    """What AWS says to somebody who tries a right."""

    ALLOWED = "allowed"
    """Or, where its refusal of a request's form came first, not denied."""
    DENIED = "denied"
    MISSING = "missing"
    """The bucket, queue or topic is not there."""


class Access(Protocol):
    """Tries rights without harm: nothing is written, received, sent or deleted. Every method raises `Unavailable`."""

    def list(self, bucket: str, prefix: str) -> Verdict:
        """ListBucket, without which S3 does not tell a key that is absent from one that is forbidden."""

    def read(self, bucket: str, key: str) -> Verdict:
        """GetObject, whether or not the object is there."""

    def replace(self, bucket: str, key: str) -> Verdict:
        """PutObject, under a condition that no object meets; S3 may want GetObject for it."""

    def write(self, bucket: str, key: str) -> Verdict:
        """PutObject and nothing else, with a body that S3 must refuse."""

    def look(self, url: str) -> Verdict:
        """GetQueueAttributes."""

    def receive(self, url: str) -> Verdict:
        """ReceiveMessage, of a number of messages that SQS never gives."""

    def extend(self, url: str) -> Verdict:
        """ChangeMessageVisibility, of a message that is none."""

    def delete(self, url: str) -> Verdict:
        """DeleteMessage, of a message that is none."""

    def send(self, url: str) -> Verdict:
        """SendMessage, of no message."""

    def publish(self, topic_arn: str) -> Verdict:
        """Publish, of no notification."""

    def settings(self, url: str) -> QueueSettings:
        """A queue as it is."""
