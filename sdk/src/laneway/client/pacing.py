"""Doing many things evenly, several at once, without a burst that hurts those who wait."""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

CONCURRENT_CALLS = 8

T = TypeVar("T")
R = TypeVar("R")


class Pace:
    """Lets callers pass evenly, at most so many a second."""

    def __init__(
        self,
        per_second: float,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """The first one passes at once."""
        self._gap = 1 / per_second
        self._monotonic = monotonic
        self._sleep = sleep
        self._next = monotonic()

    def wait(self) -> None:
        """Return when the next one may pass; a pause is not made up for by a burst."""
        if (pause := self._next - self._monotonic()) > 0:
            self._sleep(pause)
        self._next = max(self._next, self._monotonic()) + self._gap


def in_order(items: Iterable[T], action: Callable[[T], R]) -> Iterator[R]:
    """What the action returns for each, in order. Whoever stops early waits for those under way."""
    running: deque[Future[R]] = deque()
    with ThreadPoolExecutor(CONCURRENT_CALLS) as threads:
        for item in items:
            running.append(threads.submit(action, item))
            while running and (running[0].done() or len(running) >= CONCURRENT_CALLS):
                yield running.popleft().result()
        while running:
            yield running.popleft().result()


def paced(items: Iterable[T], action: Callable[[T], R], pace: Pace) -> Iterator[R]:
    """The same, evenly."""
    return in_order(_passing(items, pace), action)


def _passing(items: Iterable[T], pace: Pace) -> Iterator[T]:
    for item in items:
        pace.wait()
        yield item
