"""What a job carries from attempt to attempt: the `laneway` message attribute. Validated, not authenticated."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints, ValidationError

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.reply import ReplyTo
from laneway.schema.shared.base import JobId, Record
from laneway.schema.shared.message_text import message_text

MAX_ATTRIBUTE_BYTES = 4096  # of the message's 8 KiB that bodies leave free
MAX_FAILURES = 20
MAX_ETAG = 128  # characters; S3's are 34 to 40
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2200, 1, 1, tzinfo=UTC)


def _of_our_time(value: datetime) -> datetime:
    if not EARLIEST <= value < LATEST:
        raise ValueError(f"should be a time between {EARLIEST.year} and {LATEST.year}")
    return value


Moment = Annotated[AwareDatetime, AfterValidator(_of_our_time)]
"""A time that can be told in any zone: a message may name the year 1, which is before all time in some."""


class Failure(Record):
    """One failed attempt."""

    attempt: Annotated[int, Field(ge=1, le=1000)]
    """Which attempt it was, from 1."""
    code: ErrorCode
    """Why it failed."""
    message: Annotated[str, StringConstraints(max_length=300)]
    """The cause in words; never text of the prompt or the answer."""
    worker: Annotated[str, StringConstraints(max_length=128)]
    """Where it ran."""
    at: Moment
    """When it failed."""


class Origin(Record):
    """Where a job comes from, and what it may replace."""

    id: JobId
    """The id of a job whose body names none: the MessageId of its first message."""
    submitted_at: Moment
    """First submission, as far as known."""
    replaces: Annotated[str, StringConstraints(max_length=MAX_ETAG)] | None = None
    """A person's retry: the ETag, with its quotes, of the one failed or expired result that it may replace."""


class History(Origin):
    """Its origin, and how it failed so far."""

    failures: Annotated[tuple[Failure, ...], Field(max_length=MAX_FAILURES)] = ()
    """Failed attempts, oldest first."""
    reply: ReplyTo | None = None
    """Where its stream goes."""

    @property
    def attempts(self) -> int:
        """How many attempts have failed."""
        return self.failures[-1].attempt if self.failures else 0

    def with_failure(self, code: ErrorCode, message: str, worker: str, at: datetime) -> History:
        """The history with one more failed attempt, the oldest dropped where there are too many."""
        failure = Failure(attempt=self.attempts + 1, code=code, message=message[:300], worker=worker[:128], at=at)
        return self.model_copy(update={"failures": (*self.failures, failure)[-MAX_FAILURES:]})

    def to_attribute(self) -> str:
        """The attribute's text, ≤ 4 KiB: the oldest failures are dropped until it fits."""
        history = self
        while len((text := message_text(history.model_dump_json())).encode()) > MAX_ATTRIBUTE_BYTES:
            history = history.model_copy(update={"failures": history.failures[1:]})
        return text


def read_history(attribute: str | None, message_id: str, sent_at: datetime) -> History:
    """The history of a message; a missing, oversized or forged attribute counts as none. `submitted_at` never lies
    after the message's own SentTimestamp. Never raises.
    """
    fresh = History(id=message_id, submitted_at=sent_at)
    if attribute is None or len(attribute.encode(errors="replace")) > MAX_ATTRIBUTE_BYTES:
        return fresh
    history = _read(attribute) or fresh
    return history.model_copy(update={"submitted_at": min(history.submitted_at, sent_at)})


def _read(attribute: str) -> History | None:
    """Failures that can't be read, a newer worker's perhaps, must not cost the job its id."""
    with suppress(ValidationError):
        return History.model_validate_json(attribute)
    with suppress(ValidationError):
        return History(**Origin.model_validate_json(attribute).model_dump())
    return None
