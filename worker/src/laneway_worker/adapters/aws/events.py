"""What is told of results, over SQS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway_worker.adapters.aws.clients import translated

if TYPE_CHECKING:
    from laneway.schema.job.event import ResultEvent
    from laneway_worker.adapters.aws.clients import Clients


class SQSEvents:
    """A standard queue."""

    def __init__(self, clients: Clients) -> None:
        """The client that is for this alone: where its queue gives no answer, nobody else's connection is held."""
        self._sqs = clients.events

    def send(self, queue_url: str, event: ResultEvent) -> None:
        """Send; at least once."""
        with translated("SendMessage"):
            self._sqs.send_message(QueueUrl=queue_url, MessageBody=event.to_message())
