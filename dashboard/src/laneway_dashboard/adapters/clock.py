"""Real time."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class SystemClock:
    """Of this machine."""

    @staticmethod
    def now() -> datetime:
        """In UTC."""
        return datetime.now(UTC)

    @staticmethod
    def sleep(seconds: float) -> None:
        """Block."""
        time.sleep(seconds)
