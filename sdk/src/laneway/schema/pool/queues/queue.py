"""A lane's queue, as people write it; and what holds for every queue of a lane."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from laneway.schema.shared.base import KubernetesModel, Pattern, Record, cel

DAY_SECONDS = 24 * 3600
LONGEST_RETENTION_SECONDS = 14 * DAY_SECONDS  # SQS: the longest
MAX_RECEIVES = 20  # of managed queues: SQS's own count tells of crashes; attempts are counted by the workers
NO_FIFO = "a FIFO queue can't be served: it can't delay a single message, as a retry is; use a standard queue"
TOGETHER = "url and deadLetterURL go together: give both, or neither"
QueueURL = Annotated[
    str,
    StringConstraints(max_length=512),
    Pattern(
        r"^https?://[^/\s?#]+/[^\s?#]+$",
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


class Queue(KubernetesModel):
    """Exactly one of `managed` and `url`."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            ("has(self.managed) != has(self.url)", "give exactly one of managed and url"),
            ("has(self.url) == has(self.deadLetterURL)", TOGETHER),
            (
                (
                    "!(has(self.url) && self.url.endsWith('.fifo')) && "
                    "!(has(self.deadLetterURL) && self.deadLetterURL.endsWith('.fifo'))"
                ),
                NO_FIFO,
            ),
        )
    )

    managed: Managed | None = None
    """Laneway makes the queue and its dead-letter queue."""
    url: QueueURL | None = None
    """A standard queue of your own."""
    dead_letter_url: Annotated[QueueURL | None, Field(alias="deadLetterURL")] = None
    """The dead-letter queue of your own queue."""

    @model_validator(mode="after")
    def _check_one(self) -> Self:
        if (self.managed is None) == (self.url is None):
            raise ValueError("give exactly one of managed and url")
        if (self.url is None) != (self.dead_letter_url is None):
            raise ValueError(TOGETHER)
        if any(each.endswith(".fifo") for each in (self.url, self.dead_letter_url) if each):
            raise ValueError(NO_FIFO)
        return self

    @property
    def own(self) -> QueueURLs | None:
        """A queue of one's own with its dead-letter queue; None where Laneway makes them."""
        if self.url is None or self.dead_letter_url is None:
            return None
        return QueueURLs(url=self.url, dead_letter_url=self.dead_letter_url)
