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
    """One is asked for at a time: who comes second finds what the first was told."""

    def __init__(self, clock: Clock, age: timedelta) -> None:
        """`age` is how old an answer may be."""
        self._clock = clock
        self._age = age
        self._lock = threading.Lock()
        self._answers: dict[K, tuple[datetime, V | Unavailable]] = {}

    def get(self, key: K, ask: Callable[[], V]) -> V:
        """What was told, or is told now. That a source can't be reached is remembered, too: who asks one that hangs
        does not wait in a line behind all who have. Raises what `ask` does.
        """
        with self._lock:
            found = self._answers.get(key)
            if found is None or self._clock.now() - found[0] >= self._age:
                found = self._keep(key, _answer(ask))
        if isinstance(found[1], Unavailable):
            raise Unavailable(str(found[1]))
        return found[1]

    def _keep(self, key: K, answer: V | Unavailable) -> tuple[datetime, V | Unavailable]:
        self._answers.pop(key, None)
        self._answers[key] = kept = self._clock.now(), answer
        while len(self._answers) > MOST_ANSWERS:
            del self._answers[next(iter(self._answers))]
        return kept

    def forget(self) -> None:
        """Something was changed."""
        with self._lock:
            self._answers.clear()


def _answer(ask: Callable[[], V]) -> V | Unavailable:
    try:
        return ask()
    except Unavailable as error:
        return error
