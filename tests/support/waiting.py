"""Waiting for other threads and processes, with a deadline of real time."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

LOOK_SECONDS = 0.02
LONGEST_PAUSE_SECONDS = 0.5
STEADY_PAUSE_SECONDS = 0.25
SHARE_OF_WAIT = 0.05  # who has waited for two seconds may wait a tenth of one more
PATIENCE_SECONDS = 90.0  # two cores on which four suites and a real node run at once


def eventually(probe: Callable[[], T], seconds: float = PATIENCE_SECONDS, every: float = LOOK_SECONDS) -> T:
    """Ask until the answer is true, and return it.

    Who asks by a command, such as kubectl, does so a third of the time, and who has waited for long asks less often:
    all the time takes a core from what is awaited.
    """
    began = asked = time.monotonic()
    deadline = began + seconds
    pause = threading.Event()
    while not (value := probe()):
        now = time.monotonic()
        if now >= deadline:
            raise AssertionError(f"did not come true within {seconds} s")
        costly = min(2 * (now - asked), LONGEST_PAUSE_SECONDS)
        steady = min(SHARE_OF_WAIT * (now - began), STEADY_PAUSE_SECONDS)
        pause.wait(max(every, costly, steady))
        asked = time.monotonic()
    return value


def in_thread(target: Callable[[], T]) -> Future[T]:
    """Run a function in a daemon thread of its own: one that hangs fails its test and holds up nothing else."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(target())
        except BaseException as error:  # noqa: BLE001 - raised where the result is asked for
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future
