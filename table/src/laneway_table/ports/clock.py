"""Time, and the word to leave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime


class Clock(Protocol):
    """The time of this machine."""

    def now(self) -> datetime:
        """In UTC."""

    def monotonic(self) -> float:
        """Seconds that never go back."""


class Stop(Protocol):
    """Whether the process is to leave, as a `threading.Event` says it."""

    def is_set(self) -> bool:
        """Whether it is."""

    def wait(self, timeout: float) -> bool:
        """Wait so many seconds, or until it is."""
