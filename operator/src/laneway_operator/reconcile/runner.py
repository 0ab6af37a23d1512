"""Works the work queue off: takes a snapshot in the event loop, reconciles in a thread."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from laneway_operator.errors import Unreachable
from laneway_operator.known.observe import called
from laneway_operator.known.snapshot import Snapshot
from laneway_operator.reconcile.workqueue import WorkQueue
from laneway_operator.turns.line import Line

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway_operator.health.metrics import Metrics
    from laneway_operator.known.observe import Key
    from laneway_operator.known.profiles import ProfileSnapshot
    from laneway_operator.known.world import PoolCondition, World
    from laneway_operator.reconcile.one_pass import Reconciler
    from laneway_operator.settings import Budget

log = logging.getLogger(__name__)

THREADS = 4
PULSE_SECONDS = 2.0
RESYNC_SECONDS = 600.0  # at the latest
RESYNC_JITTER = 0.1  # so that a thousand pools do not come due together


class Runner:
    """Lives in one event loop; only `Reconciler.reconcile` runs in threads. A standby has no work."""

    def __init__(self, reconciler: Reconciler, leads: Callable[[], bool], metrics: Metrics, budget: Budget) -> None:
        """Nothing runs before `start`."""
        self._reconciler = reconciler
        self._leads = leads
        self.line = Line(budget)
        self._metrics = metrics
        self._queue: WorkQueue[Key] = WorkQueue()
        self._world: World | None = None
        self._held: set[Key] = set()
        """What was asked for before its namespace was known."""
        self._beat = time.monotonic()
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="reconcile")
        self._tasks: list[asyncio.Task[None]] = []
        self._more = asyncio.Event()
        self.conditions: list[PoolCondition] = []
        """Every condition of every pool, some seconds ago."""
        self.is_whole = False
        """Whether everything was once known, by some seconds ago."""

    def start(self, world: World) -> None:
        """Begin working, in the running loop."""
        self._world = world
        self._tasks = [asyncio.create_task(self._work(world), name=f"reconcile-{number}") for number in range(THREADS)]
        self._tasks.append(asyncio.create_task(self._pulse(world), name="pulse"))

    async def stop(self) -> None:
        """End; a pass under way ends first."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task
        await asyncio.to_thread(self._threads.shutdown)

    def add(self, key: Key | None) -> None:
        """Have a pool or a profile looked at as soon as its namespace is known. kopf's handlers call it, with nothing
        for an object of nobody's.
        """
        if key is not None and self._leads():
            self._held.add(key)
        if key is None or self._knows(key):
            self._release()

    def _knows(self, key: Key) -> bool:
        """Nothing is looked at by half a picture; and one namespace holds up no other."""
        return self._world is not None and self._world.is_whole(key[0])

    def _release(self) -> None:
        known = [key for key in self._held if self._knows(key)]
        self._held.difference_update(known)
        for key in known:
            self._queue.add(key, time.monotonic())
        if known:
            self._more.set()

    def lead(self) -> None:
        """This operator is the active one from now on: have every pool looked at."""
        for key in self._world.everything() if self._world is not None else ():
            self.add(key)
        self._more.set()

    def listed(self, index: str, namespace: str | None, uids: set[str]) -> None:
        """All of an index was listed anew: pools that lost something are looked at."""
        for key in self._world.listed(index, namespace, uids) if self._world is not None else ():
            log.warning("%s: something of %s is gone, and no watch told of it", called(key), index)
            self.add(key)
        self._release()

    def stuck_seconds(self) -> float:
        """For how long the slowest pass has been under way, or pools were due and none was looked at."""
        now = time.monotonic()
        return max(self._queue.oldest_running(now), self._queue.standstill(now) if self._leads() else 0.0)

    def waiting(self) -> tuple[int, float]:
        """How many pools wait, and for how many seconds the first of them has; none at a standby."""
        return self._queue.waiting(time.monotonic()) if self._leads() else (0, 0.0)

    def silent_seconds(self) -> float:
        """Since the event loop last had a turn for us."""
        return time.monotonic() - self._beat

    async def _pulse(self, world: World) -> None:
        while True:
            self._beat = time.monotonic()
            self.conditions = world.conditions()
            self.is_whole = self.is_whole or world.is_whole("")
            self._give_turns(world)
            self._release()  # a list that is refused counts as empty by the clock alone
            await asyncio.sleep(PULSE_SECONDS)

    def _give_turns(self, world: World) -> None:
        """By the whole fleet alone: who has a turn in a namespace that isn't known yet would be passed over."""
        if self._leads() and world.is_whole(""):
            for key in self.line.give(world.fleet(), time.monotonic()):
                self.add(key)

    async def _work(self, world: World) -> None:
        while True:
            key = self._queue.take(time.monotonic()) if self._leads() else None
            if key is None:
                await self._wait()
            else:
                await self._one(world, key)
                self._more.set()

    async def _wait(self) -> None:
        self._more.clear()
        due = self._queue.next_due() if self._leads() else None
        seconds = None if due is None else max(0.0, due - time.monotonic())
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):  # `wait_for` of Python 3.11 may swallow the cancellation of `stop`
                await self._more.wait()

    async def _one(self, world: World, key: Key) -> None:
        began = time.monotonic()
        end = await self._end(world, key)
        self._metrics.passed(end, time.monotonic() - began)

    async def _end(self, world: World, key: Key) -> str:
        loop = asyncio.get_running_loop()
        try:
            seen = self._seen(world, key)
            if seen is None:
                self.line.forget(key)
                self._queue.done(key, time.monotonic(), None)
                return "done"
            passed = await loop.run_in_executor(self._threads, self._reconciler.reconcile, seen)
        except Unreachable as error:
            log.warning("%s: %s", called(key), error)
            self.line.forget(key)
            self._queue.failed(key, time.monotonic(), error.after or 0.0)
            return "unreachable"
        except Exception:
            log.exception("%s: a defect of the operator", called(key))
            self.line.forget(key)
            self._queue.failed(key, time.monotonic())
            return "defect"
        self.line.passed(key, passed.waits, passed.began, time.monotonic())
        self._settle(key, soon=passed.soon)
        return "again" if passed.soon else "done"

    def _seen(self, world: World, key: Key) -> Snapshot | ProfileSnapshot | None:
        seen = world.seen(key)
        if isinstance(seen, Snapshot):
            return replace(seen, turn=self.line.turn_of(key, time.monotonic()))
        return seen

    def _settle(self, key: Key, *, soon: bool) -> None:
        now = time.monotonic()
        if soon:
            self._queue.failed(key, now)
        else:
            spread = 1 - RESYNC_JITTER * random.random()  # noqa: S311 - spreads load, guards nothing
            self._queue.done(key, now, RESYNC_SECONDS * spread)
