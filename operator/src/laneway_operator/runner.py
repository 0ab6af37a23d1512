"""Works the work queue off: takes a snapshot in the event loop, reconciles in a thread."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from laneway_operator.errors import Unreachable
from laneway_operator.workqueue import WorkQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from laneway_operator.observe import Key
    from laneway_operator.reconcile import Reconciler
    from laneway_operator.snapshot import Snapshot

log = logging.getLogger(__name__)

THREADS = 4
RESYNC_SECONDS = 600.0
RESYNC_JITTER = 0.2  # so that a thousand pools do not come due together


class Runner:
    """Lives in one event loop; only `Reconciler.reconcile` runs in threads."""

    def __init__(self, reconciler: Reconciler, snapshot: Callable[[Mapping[str, Any], Key], Snapshot | None]) -> None:
        """Nothing runs before `start`."""
        self._reconciler = reconciler
        self._snapshot = snapshot
        self._queue: WorkQueue[Key] = WorkQueue()
        self._indexes: Mapping[str, Any] = {}
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="reconcile")
        self._tasks: list[asyncio.Task[None]] = []
        self._more = asyncio.Event()

    def start(self, indexes: Mapping[str, Any]) -> None:
        """Begin working, in the running loop."""
        self._indexes = indexes
        self._tasks = [asyncio.create_task(self._work(), name=f"reconcile-{number}") for number in range(THREADS)]

    async def stop(self) -> None:
        """End; a pass under way ends first."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task
        await asyncio.to_thread(self._threads.shutdown)

    def add(self, key: Key) -> None:
        """Have a pool looked at."""
        self._queue.add(key, time.monotonic())
        self._more.set()

    def stuck_seconds(self) -> float:
        """For how long the slowest pass has been under way."""
        return self._queue.oldest_running(time.monotonic())

    async def _work(self) -> None:
        while True:
            key = self._queue.take(time.monotonic())
            if key is None:
                await self._wait()
            else:
                await self._one(key)
                self._more.set()

    async def _wait(self) -> None:
        self._more.clear()
        due = self._queue.next_due()
        seconds = None if due is None else max(0.0, due - time.monotonic())
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):  # `wait_for` of Python 3.11 may swallow the cancellation of `stop`
                await self._more.wait()

    async def _one(self, key: Key) -> None:
        loop = asyncio.get_running_loop()
        try:
            seen = self._snapshot(self._indexes, key)
            if seen is None:
                self._queue.done(key, time.monotonic(), None)
                return
            soon = await loop.run_in_executor(self._threads, self._reconciler.reconcile, seen)
        except Unreachable as error:
            log.warning("pool %s/%s: %s", *key, error)
            self._queue.failed(key, time.monotonic(), error.after or 0.0)
        except Exception:
            log.exception("pool %s/%s: a defect of the operator", *key)
            self._queue.failed(key, time.monotonic())
        else:
            self._settle(key, soon=soon)

    def _settle(self, key: Key, *, soon: bool) -> None:
        now = time.monotonic()
        if soon:
            self._queue.failed(key, now)
        else:
            spread = 1 + RESYNC_JITTER * (random.random() - 0.5)  # noqa: S311 - spreads load, guards nothing
            self._queue.done(key, now, RESYNC_SECONDS * spread)
