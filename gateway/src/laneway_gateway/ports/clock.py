"""Time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime


class Clock(Protocol):
    """Time: all waiting for it goes through here, so that a test can make it pass."""

    def now(self) -> datetime:
        """Wall-clock time with a zone."""
        ...

    def monotonic(self) -> float:
        """Seconds that never jump."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        ...
