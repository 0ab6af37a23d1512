"""Time and threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from types import TracebackType


class Condition(Protocol):
    """A lock and a way to wait for a change; `threading.Condition` is one."""

    def __enter__(self) -> bool: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...

    def wait_for(self, predicate: Callable[[], bool], timeout: float | None = None) -> bool:
        """Wait until the predicate holds, at most `timeout` seconds; returns whether it holds."""

    def notify_all(self) -> None:
        """Wake whoever waits."""


class Clock(Protocol):
    """Time and threads: all waiting goes through here, so that a test can make time pass."""

    def now(self) -> datetime:
        """Wall-clock time with a zone."""

    def monotonic(self) -> float:
        """Seconds that never jump."""

    def condition(self) -> Condition:
        """A condition whose time-outs run by this clock."""

    def spawn(self, name: str, target: Callable[[], None]) -> None:
        """Run a function in a thread of its own."""
