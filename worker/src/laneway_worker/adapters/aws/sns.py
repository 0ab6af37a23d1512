"""Notifications over SNS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway_worker.adapters.aws.clients import translated

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient

    from laneway.schema.job.result import Notification


class SNSNotifier:
    """A standard topic; subscribers can filter by the attributes `status`, `lane` and `pool`."""

    def __init__(self, client: SNSClient) -> None:
        """A client with `standard` retries."""
        self._client = client

    def publish(self, topic_arn: str, notification: Notification) -> None:
        """Publish; at least once."""
        shown = {"status": notification.status, "lane": notification.lane, "pool": notification.pool}
        with translated("Publish"):
            self._client.publish(
                TopicArn=topic_arn,
                Message=notification.model_dump_json(exclude_none=True),
                MessageAttributes={name: {"DataType": "String", "StringValue": value} for name, value in shown.items()},
            )
