"""The lane's queue."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from laneway.schema.job.history import History, read_history

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime


@dataclass(frozen=True)
class Delivery:
    """One receive of a message."""

    message_id: str
    receipt: str
    body: bytes
    sent_at: datetime
    receive_count: int
    history: str | None = None
    """The text of the `laneway` attribute."""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    """The sender's own message attributes, in SQS's form; copied when the message is sent again."""
    group_id: str | None = None
    trace_header: str | None = None

    def read_history(self) -> History:
        """The job's history; a missing or bad attribute counts as none."""
        return read_history(self.history, self.message_id, self.sent_at)


@dataclass(frozen=True)
class Extension:
    """What became of a heartbeat; receipts in neither set are unknown."""

    extended: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()


class JobQueue(Protocol):
    """The lane's queue. Every method raises `Unavailable` where the queue can't be reached or refuses service."""

    def receive(self, most: int) -> list[Delivery]:
        """Long poll for 1 to 10 messages; each is leased for the lane's visibility."""

    def extend(self, receipts: Sequence[str], seconds: int) -> Extension:
        """Renew leases: visible again `seconds` from now."""

    def release(self, receipt: str) -> None:
        """Make a message visible at once; a lost lease is no error."""

    def delete(self, receipt: str) -> None:
        """Delete a message; a lost lease is no error."""

    def resend(self, delivery: Delivery, history: str, delay: int) -> None:
        """Send the same body and attributes as a new message, visible after `delay` seconds (≤ 900)."""
