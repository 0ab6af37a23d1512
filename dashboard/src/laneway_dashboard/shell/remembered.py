"""Answers that serve everybody who asks the same within some seconds: tabs cost no requests of their own."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

from laneway_dashboard.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from laneway_dashboard.ports.clock import Clock

MOST_ANSWERS = 64

K = TypeVar("K")
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """Who asks what another is asking waits for that answer, and for no other one. Bounded by age and by number."""

    def __init__(self, clock: Clock, age: timedelta, most: int = MOST_ANSWERS) -> None:
        """`age` is how old an answer may be, from before it was asked for."""
        self._clock = clock
        self._age = age
        self._most = most
        self._lock = threading.Lock()
        self._answers: dict[K, _Answer[V]] = {}

    def get(self, key: K, ask: Callable[[], V]) -> V:
        """What was told, or is told now. That a source can't be reached is remembered, too: who asks one that hangs
        does not wait in a line behind all who have. Raises what `ask` does.
        """
        return self._answer(key).get(ask)

    def _answer(self, key: K) -> _Answer[V]:
        now = self._clock.now()
        with self._lock:
            found = self._answers.pop(key, None)
            if found is None or now - found.at >= self._age:
                found = _Answer(now)
            self._answers[key] = found
            while len(self._answers) > self._most:
                del self._answers[next(iter(self._answers))]
        return found

    def forget(self) -> None:
        """Something was changed."""
        with self._lock:
            self._answers.clear()

    def __len__(self) -> int:
        return len(self._answers)


class _Answer(Generic[V]):
    """One, or who asks for it."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self._lock = threading.Lock()
        self._told: tuple[V] | Unavailable | None = None

    def get(self, ask: Callable[[], V]) -> V:
        with self._lock:
            if self._told is None:
                self._told = _told(ask)
        if isinstance(self._told, Unavailable):
            raise Unavailable(str(self._told))
        return self._told[0]


def _told(ask: Callable[[], V]) -> tuple[V] | Unavailable:
    try:
        return (ask(),)
    except Unavailable as error:
        return error
