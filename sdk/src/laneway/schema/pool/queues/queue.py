"""A lane's queue, as people write it; and what holds for every queue of a lane."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from laneway.schema.shared.base import KubernetesModel, Pattern, Record, cel

DAY_SECONDS = 24 * 3600
LONGEST_RETENTION_SECONDS = 14 * DAY_SECONDS  # SQS: the longest
MAX_RECEIVES = 20  # of managed queues: SQS's own count tells of crashes; attempts are counted by the workers
NO_FIFO = "a FIFO queue can't be served: it can't delay a single message, as a retry is; use a standard queue"
ONE_QUEUE = "give exactly one of managed and external: {url: …, deadLetterURL: …}"
QueueURL = Annotated[
    str,
    StringConstraints(max_length=512),
    Pattern(
        r"^https?://[^/\s?#@]+(/[A-Za-z0-9_.-]+)+$",  # a policy takes its path for a name: no `*`, no `${…}`
        "should be the URL of a queue, such as https://sqs.eu-west-1.amazonaws.com/111122223333/documents",
    ),
]


def retention_for(expires_after: int) -> int:
    """How many seconds a queue must keep a message: a day longer than the job lives."""
    return min(LONGEST_RETENTION_SECONDS, expires_after + DAY_SECONDS)


class Managed(KubernetesModel):
    """A queue and a dead-letter queue that Laneway makes."""

    deletion_policy: Literal["Retain", "Delete"] = "Retain"
    """When the pool is deleted they stay, with the jobs in them, or go with it. A lane that is taken out of its pool
    leaves its queues behind either way.
    """


class QueueURLs(Record):
    """A lane's queue and its dead-letter queue."""

    url: str
    """The queue."""
    dead_letter_url: str
    """Where SQS moves what killed its workers."""


class External(KubernetesModel):
    """A queue of your own, with its dead-letter queue."""

    model_config = ConfigDict(
        json_schema_extra=cel(("!self.url.endsWith('.fifo') && !self.deadLetterURL.endsWith('.fifo')", NO_FIFO))
    )

    url: QueueURL
    """A standard queue: its URL, at most 512 characters. What waits in the queue of before has nobody to serve it."""
    dead_letter_url: Annotated[QueueURL, Field(alias="deadLetterURL")]
    """Where the queue's redrive policy moves what killed its workers: the URL of a standard queue, at most 512
    characters.
    """

    @model_validator(mode="after")
    def _check_kind(self) -> Self:
        if self.url.endswith(".fifo") or self.dead_letter_url.endswith(".fifo"):
            raise ValueError(NO_FIFO)
        return self


class Queue(KubernetesModel):
    """Exactly one of `managed` and `external`."""

    model_config = ConfigDict(json_schema_extra=cel(("has(self.managed) != has(self.external)", ONE_QUEUE)))

    managed: Managed | None = None
    """Laneway makes the queue and its dead-letter queue. Default, where neither is given."""
    external: External | None = None
    """A queue and a dead-letter queue of your own, which Laneway never makes, changes or deletes."""

    @model_validator(mode="after")
    def _check_one(self) -> Self:
        if (self.managed is None) == (self.external is None):
            raise ValueError(ONE_QUEUE)
        return self

    @property
    def own(self) -> QueueURLs | None:
        """A queue of one's own with its dead-letter queue; None where Laneway makes them."""
        if self.external is None:
            return None
        return QueueURLs(url=self.external.url, dead_letter_url=self.external.dead_letter_url)
