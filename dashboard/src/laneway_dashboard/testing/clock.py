"""Time that passes when it is told to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 29, 14, 30, tzinfo=UTC)


class ManualClock:
    """Sleeping takes no time and lets it pass."""

    def __init__(self, now: datetime = START) -> None:
        """It stands still."""
        self._now = now

    def now(self) -> datetime:
        """As it was set."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Let it pass."""
        self._now += timedelta(seconds=seconds)
