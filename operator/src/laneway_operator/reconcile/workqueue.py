"""Keys to reconcile: one at a time each, with back-off per key. The clock arrives as a value. Pure."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K")

FIRST_RETRY_SECONDS = 0.5
LONGEST_RETRY_SECONDS = 60.0
REST_SECONDS = 1.0  # what was just written comes back as events, one by one, and is looked at once


@dataclass
class _Entry:
    """What is known of one key."""

    due: float | None = None
    """When it is to be worked on; None: not asked for."""
    running_since: float | None = None
    failures: int = 0
    not_before: float = 0.0
    """The end of the rest, or of the pause that a server asked for: they bind wishes too."""


class WorkQueue(Generic[K]):
    """Level-triggered: however often a key is added, it is worked on once after the last time."""

    def __init__(self) -> None:
        """Empty."""
        self._entries: dict[K, _Entry] = {}
        self._heap: list[tuple[float, int, K]] = []
        self._count = 0
        self._taken = float("-inf")
        """When a key was last taken."""

    def add(self, key: K, due: float) -> None:
        """Ask for a key at a time; the earliest wish holds. While the key is worked on, it is due after that."""
        entry = self._entries.setdefault(key, _Entry())
        due = max(due, entry.not_before)
        if entry.due is None or due < entry.due:
            entry.due = due
            self._push(due, key)

    def take(self, now: float) -> K | None:
        """The next key that is due and not being worked on."""
        while self._heap and self._heap[0][0] <= now:
            due, _, key = heapq.heappop(self._heap)
            entry = self._entries.get(key)
            if entry is not None and entry.due == due and entry.running_since is None:
                entry.due, entry.running_since = None, now
                self._taken = now
                return key
        return None

    def done(self, key: K, now: float, again: float | None) -> None:
        """The key was worked on without failure and rests; look again after so many seconds, or forget it (None)."""
        entry = self._entries[key]
        entry.failures, entry.not_before = 0, now + REST_SECONDS
        self._release(key, entry, None if again is None else now + again)

    def failed(self, key: K, now: float, at_least: float = 0.0) -> None:
        """The key is tried again after a pause that doubles; not before `at_least` seconds, whoever adds it."""
        entry = self._entries[key]
        pause = min(LONGEST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2.0 ** min(entry.failures, 16))
        entry.failures += 1
        entry.not_before = now + at_least
        self._release(key, entry, now + max(pause, at_least))

    def _release(self, key: K, entry: _Entry, again: float | None) -> None:
        entry.running_since = None
        wishes = [each for each in (entry.due, again) if each is not None]
        if not wishes:
            del self._entries[key]
            return
        entry.due = max(min(wishes), entry.not_before)
        self._push(entry.due, key)

    def _push(self, due: float, key: K) -> None:
        self._count += 1
        heapq.heappush(self._heap, (due, self._count, key))

    def next_due(self) -> float | None:
        """When `take` may have something."""
        return self._heap[0][0] if self._heap else None

    def waiting(self, now: float) -> tuple[int, float]:
        """How many keys are due and not being worked on, and for how many seconds the first of them has been due."""
        due = [
            each.due
            for each in list(self._entries.values())
            if each.due is not None and each.due <= now and each.running_since is None
        ]
        return len(due), now - min(due, default=now)

    def standstill(self, now: float) -> float:
        """For how many seconds a key has been due and none was taken. A long line that moves stands for none."""
        return min(self.waiting(now)[1], now - self._taken)

    def oldest_running(self, now: float) -> float:
        """For how many seconds the key that takes longest has been worked on."""
        since = [each.running_since for each in list(self._entries.values()) if each.running_since is not None]
        return now - min(since) if since else 0.0
