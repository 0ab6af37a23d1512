"""One look at every pool for everybody together, taken only while somebody asks."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from laneway_dashboard.seen.history import Depths

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from laneway_dashboard.ports.clock import Clock
    from laneway_dashboard.ports.pool import PoolPorts
    from laneway_dashboard.ports.watching import PoolSeen

FRESH = timedelta(seconds=5)
"""How old what is shown may be: so often AWS is asked at most, however many look."""
STALE = timedelta(seconds=30)
"""Nobody is given an older one, and rather waits."""
AT_ONCE = 8  # pools


@dataclass(frozen=True)
class Snapshot:
    """How everything stood."""

    at: datetime
    pools: tuple[PoolSeen, ...]

    def pool(self, name: str) -> PoolSeen | None:
        """By `namespace/name`."""
        return next((each for each in self.pools if each.name == name), None)


class Seen:
    """Keeps the snapshot. No thread of its own: nobody looks, nothing is asked."""

    def __init__(self, pools: Collection[PoolPorts], clock: Clock, changed: Callable[[], None] | None = None) -> None:
        """Nothing is asked before somebody looks: `pools` are those that there are then. `changed` is called, too, when
        something was done.
        """
        self._pools = pools
        self._clock = clock
        self._changed = changed
        self._lock = threading.Lock()
        self._snapshot: Snapshot | None = None
        self.depths = Depths()
        """How many were queued, as far as somebody looked."""

    def look(self) -> Snapshot:
        """How everything stands, at most `FRESH` old; while one asks, the others are given what was seen before."""
        found = self._snapshot
        if found is not None and self._is_fresh(found):
            return found
        must_wait = found is None or self._clock.now() - found.at > STALE
        if not self._lock.acquire(blocking=must_wait) and found is not None:
            return found
        try:
            return self._taken()
        finally:
            self._lock.release()

    def _is_fresh(self, found: Snapshot) -> bool:
        return self._clock.now() - found.at < FRESH

    def _taken(self) -> Snapshot:
        found = self._snapshot
        if found is not None and self._is_fresh(found):
            return found  # by whoever held the lock before
        with ThreadPoolExecutor(AT_ONCE) as threads:
            pools = tuple(threads.map(lambda each: each.watched.look(), self._pools))
        self._snapshot = Snapshot(self._clock.now(), pools)
        self.depths.take(self._snapshot.at, pools)
        return self._snapshot

    def forget(self) -> None:
        """What was done is to be seen at once."""
        if self._changed is not None:
            self._changed()
        with self._lock:
            self._snapshot = None
