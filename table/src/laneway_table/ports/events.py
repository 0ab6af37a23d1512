"""The queue of events, as the projector uses it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

MOST_MESSAGES = 10  # SQS: of one call


@dataclass(frozen=True, slots=True)
class Message:
    """One delivery of an event."""

    receipt: str
    body: str
    sent_at: datetime
    """By the queue's clock."""


class Events(Protocol):
    """Of any thread; everything raises `QueueUnavailable`."""

    def receive(self) -> Sequence[Message]:
        """At most `MOST_MESSAGES`, held for a while; waits for some."""

    def hold(self, receipts: Sequence[str]) -> None:
        """Hold them for as long again, from now."""

    def release(self, receipts: Sequence[str]) -> None:
        """Let others have them now."""

    def delete(self, receipts: Sequence[str]) -> None:
        """They are done with."""
