"""The system's clock and threads."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway_worker.ports.clock import Condition


class SystemClock:
    """Real time, real threads."""

    def now(self) -> datetime:
        """Wall-clock time in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never jump."""
        return time.monotonic()

    def condition(self) -> Condition:
        """A real condition."""
        return threading.Condition()

    def spawn(self, name: str, target: Callable[[], None]) -> None:
        """A daemon thread: a process that must end does not wait for a call that hangs."""
        threading.Thread(target=target, name=name, daemon=True).start()
