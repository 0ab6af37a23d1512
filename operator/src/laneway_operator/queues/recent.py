"""What was seen a short while ago, and is taken to be so still. The clock arrives as a value. Pure."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

K = TypeVar("K")
V = TypeVar("V")

TRUST_SECONDS = 480.0  # less than passes over a pool are apart: each that comes by itself looks at the queues too


class Recent(Generic[K, V]):
    """Serves several threads, and keeps nothing for longer than it is trusted."""

    def __init__(self) -> None:
        """Nothing was seen."""
        self._lock = threading.Lock()
        self._seen: dict[K, tuple[float, V]] = {}

    def get(self, key: K, now: float) -> V | None:
        """What was seen; None where that is too long ago."""
        seen = self._seen.get(key)
        return seen[1] if seen is not None and now - seen[0] < TRUST_SECONDS else None

    def put(self, key: K, value: V, now: float) -> None:
        """It was seen now."""
        with self._lock:
            self._seen.pop(key, None)  # so that the oldest always comes first
            self._seen[key] = now, value
            while now - self._seen[oldest := next(iter(self._seen))][0] >= TRUST_SECONDS:
                del self._seen[oldest]

    def drop(self, gone: Callable[[K], bool]) -> None:
        """Trust no more in what is said to be gone."""
        with self._lock:
            self._seen = {each: seen for each, seen in self._seen.items() if not gone(each)}

    def __len__(self) -> int:
        """How much is kept."""
        return len(self._seen)
