"""Answers that are good for some seconds."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from datetime import datetime, timedelta

    from laneway_dashboard.ports.clock import Clock

V = TypeVar("V")


class Recent(Generic[V]):
    """Bounded by age and by number; who asks waits for nobody else's answer."""

    def __init__(self, clock: Clock, age: timedelta, most: int) -> None:
        """Nothing is kept yet."""
        self._clock = clock
        self._age = age
        self._most = most
        self._lock = threading.Lock()
        self._kept: dict[Hashable, tuple[datetime, V]] = {}

    def get(self, key: Hashable, ask: Callable[[], V]) -> V:
        """What was told, or is told now. Its age counts from before it was asked for; what is raised is not kept."""
        now = self._clock.now()
        with self._lock:
            found = self._kept.get(key)
        if found is not None and now - found[0] < self._age:
            return found[1]
        value = ask()
        with self._lock:
            self._kept.pop(key, None)
            self._kept[key] = now, value
            while len(self._kept) > self._most:
                del self._kept[next(iter(self._kept))]
        return value

    def __len__(self) -> int:
        return len(self._kept)
