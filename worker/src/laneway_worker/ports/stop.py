"""How one job's work is asked to end."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway_worker.ports.clock import Condition


class StopReason(Enum):
    """Why a job's generation was asked to end."""

    FOUND = "found"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    TIMED_OUT = "timed_out"
    LEASE_LOST = "lease_lost"
    LEAVING = "leaving"


class Stop:
    """Asks one job's work to end, from any thread; the first reason stands."""

    def __init__(self, changed: Condition) -> None:
        """`changed` is the worker's one condition."""
        self._changed = changed
        self._reason: StopReason | None = None
        self._abort: Callable[[], None] | None = None
        self._running_since: float | None = None
        self.leaving = False
        """The worker leaves: what can't be done now is left to the next delivery, whatever the first reason was."""

    def running(self, since: float | None) -> None:
        """The engine works on the job from this monotonic time on; None: it does not."""
        with self._changed:
            self._running_since = since
            self._changed.notify_all()

    def running_seconds(self, now: float) -> float:
        """How long the engine has worked on the job; waiting for the engine does not count."""
        return 0.0 if self._running_since is None else now - self._running_since

    @property
    def reason(self) -> StopReason | None:
        """Why, or None as long as the work may go on."""
        return self._reason

    def set(self, reason: StopReason) -> None:
        """Ask the work to end; aborts what is registered with `aborting`."""
        with self._changed:
            self.leaving = self.leaving or reason is StopReason.LEAVING
            self._changed.notify_all()
            if self._reason is not None:
                return
            self._reason = reason
            abort = self._abort
        if abort is not None:
            abort()

    def aborting(self, abort: Callable[[], None] | None) -> None:
        """Register what ends the call in progress (None: nothing does); called at once where the reason stands."""
        with self._changed:
            self._abort = abort
            late = self._reason is not None
        if late and abort is not None:
            abort()
