"""What all queues of an account share: message ids, and how odd SQS behaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections import Counter
    from random import Random

    from simulation.history import History
    from simulation.scheduler import Scheduler


@dataclass
class Oddities:
    """What SQS may do by its reference, and seldom does; probabilities."""

    fewer: float = 0.0
    """A receive gives less than is there."""
    twice: float = 0.0
    """A message given out stays visible."""
    back: float = 0.0
    """A deleted message comes back."""
    stale_deletes: float = 0.0
    """An old handle deletes all the same."""
    stale_changes: float = 0.0
    """An old handle changes the visibility all the same."""
    orphans: float = 0.0
    """A dead connection is answered."""


@dataclass
class Account:
    """Message ids and handles of all queues."""

    scheduler: Scheduler
    random: Random
    history: History
    oddities: Oddities
    seen: Counter[str]
    calm: bool = False
    last: int = 0
    hidden: int = 0
    """Deleted messages that will come back."""

    def next_id(self) -> str:
        """A fresh MessageId."""
        self.last += 1
        return f"m{self.last}"

    def happens(self, share: float) -> bool:
        """Roll, unless nothing odd is to happen any more."""
        return not self.calm and share > 0 and self.random.random() < share
