"""A clock that stands still until a test moves it."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway_worker.ports.clock import Condition

DEADLOCK_SECONDS = 30.0  # of real time: a test that waits longer is stuck


class ManualClock:
    """Time moves by `advance` only; threads are real and may wait for it."""

    def __init__(self, start: datetime = datetime(2026, 11, 22, 12, tzinfo=UTC)) -> None:
        """`start` is the wall-clock time at monotonic 0."""
        self._start = start
        self._elapsed = 0.0
        self._tick = threading.Condition()
        self.errors: list[BaseException] = []
        """What threads raised."""

    def now(self) -> datetime:
        """Wall-clock time."""
        return self._start + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        """Seconds since the start."""
        return self._elapsed

    def advance(self, seconds: float) -> None:
        """Let time pass, and wake whoever waits for it."""
        with self._tick:
            self._elapsed += seconds
            self._tick.notify_all()

    def condition(self) -> Condition:
        """A condition whose time-outs run by this clock. All of them share one lock."""
        return _ManualCondition(self, self._tick)

    def spawn(self, name: str, target: Callable[[], None]) -> None:
        """A real thread whose exception is kept for the test."""

        def run() -> None:
            try:
                target()
            except BaseException as error:  # noqa: BLE001 - kept and raised by the test
                self.errors.append(error)

        threading.Thread(target=run, name=name, daemon=True).start()

    def until(self, predicate: Callable[[], bool]) -> None:
        """Wait, in real time, until other threads have made the predicate true."""
        with self._tick:
            if not self._tick.wait_for(predicate, DEADLOCK_SECONDS):
                raise AssertionError("the condition did not come true")


class _ManualCondition:
    def __init__(self, clock: ManualClock, tick: threading.Condition) -> None:
        self._clock = clock
        self._tick = tick

    def __enter__(self) -> bool:
        return self._tick.__enter__()

    def __exit__(self, *error: object) -> None:
        self._tick.release()

    def wait_for(self, predicate: Callable[[], bool], timeout: float | None = None) -> bool:
        deadline = None if timeout is None else self._clock.monotonic() + timeout
        self._tick.wait_for(lambda: predicate() or (deadline is not None and self._clock.monotonic() >= deadline))
        return predicate()

    def notify_all(self) -> None:
        self._tick.notify_all()
