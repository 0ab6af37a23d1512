"""The time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime


class Clock(Protocol):
    """Tells the time, and lets it pass."""

    def now(self) -> datetime:
        """With its zone."""

    def sleep(self, seconds: float) -> None:
        """Return later."""
