"""Notifications over SNS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway_worker.adapters.aws.clients import translated

if TYPE_CHECKING:
    from laneway.schema.job.result import Notification
    from laneway_worker.adapters.aws.clients import Topics


class SNSNotifier:
    """A standard topic; subscribers can filter by the attributes `status`, `lane` and `pool`."""

    def __init__(self, topics: Topics) -> None:
        """Their clients have `standard` retries."""
        self._topics = topics

    def publish(self, topic_arn: str, notification: Notification) -> None:
        """Publish; at least once."""
        shown = {"status": notification.status, "lane": notification.lane, "pool": notification.pool}
        with translated("Publish"):
            self._topics.of(topic_arn).publish(
                TopicArn=topic_arn,
                Message=notification.to_message(),
                MessageAttributes={name: {"DataType": "String", "StringValue": value} for name, value in shown.items()},
            )
