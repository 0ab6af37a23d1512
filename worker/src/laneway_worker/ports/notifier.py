"""Who is told that a result is there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from laneway.schema.job.result import Notification


class Notifier(Protocol):
    """SNS."""

    def publish(self, topic_arn: str, notification: Notification) -> None:
        """Tell subscribers; raises `Unavailable`."""
