"""Virtual time and processes of greenlets in one thread: a seed decides what runs next."""

from __future__ import annotations

import heapq
import traceback
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING

from greenlet import GreenletExit, getcurrent, greenlet

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random
    from types import TracebackType

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
MOST_SPINS = 20_000  # locks taken while no time passes: more is a loop that never waits


class Livelock(BaseException):
    """A thread runs and runs while no time passes."""


class Task:
    """One thread of a process."""

    __slots__ = ("name", "predicate", "process", "queued", "run", "timed_out", "token")

    def __init__(self, process: Process, name: str, run: greenlet) -> None:
        self.process = process
        self.name = name
        self.run = run
        self.queued = False
        self.predicate: Callable[[], bool] | None = None
        self.timed_out = False
        self.token = 0  # counts the waits, so that a timer of an earlier one is known for stale


class Scheduler:
    """Lets tasks run one at a time, and moves time on when none can."""

    def __init__(self, random: Random) -> None:
        self._random = random.random
        self.now = 0.0
        self._timers: list[tuple[float, int, Callable[[], None] | None, Task | None, int]] = []
        self._sequence = count()
        self._runnable: list[Task] = []
        self._main = getcurrent()
        self.current: Task | None = None
        self.switches = 0
        self.spins = 0

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Have something happen later, outside all processes."""
        heapq.heappush(self._timers, (self.now + seconds, next(self._sequence), action, None, 0))

    def ready(self, task: Task) -> None:
        """Let a task run when its turn comes."""
        if not task.queued:
            task.queued = True
            self._runnable.append(task)

    def park(self, task: Task, timeout: float | None = None) -> None:
        """Called by the current task: let others run until somebody readies it, or the time is over."""
        if timeout is not None:
            due = self.now + max(0.0, timeout)
            heapq.heappush(self._timers, (due, next(self._sequence), None, task, task.token))
        self._main.switch()
        task.token += 1
        if task.process.dead:
            raise GreenletExit

    def give_way(self, share: float) -> None:
        """A switch point: with this probability another task runs first."""
        task = self.current
        if task is not None and self._runnable and not task.process.dead and self._random() < share:
            self.ready(task)
            self._main.switch()
            if task.process.dead:
                raise GreenletExit

    def run(self, over: Callable[[], bool], until: float) -> bool:
        """Run until `over` holds (looked at whenever time moves), or until a time; returns whether it holds."""
        while True:
            self._run_ready()
            if over():
                return True
            if not self._move_on(until):
                return over()

    def _run_ready(self) -> None:
        runnable, random = self._runnable, self._random
        while runnable:
            at = int(random() * len(runnable))
            runnable[at], runnable[-1] = runnable[-1], runnable[at]
            task = runnable.pop()
            task.queued = False
            process = task.process
            if process.dead:
                continue
            if process.frozen:
                process.stash.append(task)
                continue
            if task.predicate is not None and not task.timed_out and not task.predicate():
                continue  # woken for nothing: it waits on
            self.switches += 1
            process.steps += 1
            if process.steps == process.fate_step:
                self.ready(task)
                process.fate()
                continue
            self.current = task
            task.run.switch()
            self.current = None

    def _move_on(self, until: float) -> bool:
        """Have the next thing happen; False: there is none before the given time."""
        timers = self._timers
        while timers:
            when, _, action, task, token = timers[0]
            if task is not None and (task.token != token or task.process.dead):
                heapq.heappop(timers)
                continue
            if when > until:
                self.now = until
                return False
            heapq.heappop(timers)
            self.now = max(self.now, when)
            self.spins = 0
            if action is not None:
                action()
            elif task is not None:
                task.timed_out = True
                self.ready(task)
            return True
        return False


class Process:
    """An operating-system process: its threads live and die together. It is the worker's `Clock`."""

    def __init__(self, scheduler: Scheduler, name: str, preemption: float = 0.1, skew: float = 0.0) -> None:
        """`preemption`: how often a thread is interrupted where it could be; `skew`: seconds its wall clock is off."""
        self.scheduler = scheduler
        self.name = name
        self.dead = False
        self.frozen = False
        self.stash: list[Task] = []
        self.steps = 0
        self.fate_step = 0
        self.fate: Callable[[], None] = _nothing
        """What befalls it at that step: any place where a thread could be interrupted."""
        self.defects: list[str] = []
        self.locks = 0
        self.preemption = preemption
        self._start = START + timedelta(seconds=skew)
        self._tasks: list[Task] = []

    @property
    def alive_tasks(self) -> list[str]:
        """The names of the threads that have not ended."""
        return [task.name for task in self._tasks if not task.run.dead]

    def now(self) -> datetime:
        """Wall-clock time."""
        return self._start + timedelta(seconds=self.scheduler.now)

    def monotonic(self) -> float:
        """Seconds that never jump; a place where another thread may come first."""
        if not self.locks:
            self.scheduler.give_way(self.preemption)
        return self.scheduler.now

    def condition(self) -> SimCondition:
        """A condition whose time-outs run by virtual time."""
        return SimCondition(self)

    def spawn(self, name: str, target: Callable[[], None]) -> None:
        """A thread."""
        if self.dead:
            raise GreenletExit

        def run() -> None:
            try:
                target()
            except GreenletExit:
                raise
            except BaseException as error:  # noqa: BLE001 - the world fails with it
                frames = "".join(traceback.format_exception(error))
                self.defects.append(f"thread {name} of {self.name} died: {frames}")

        task = Task(self, name, greenlet(run, self.scheduler._main))
        self._tasks.append(task)
        self.scheduler.ready(task)

    def sleep(self, seconds: float) -> None:
        """Called by a thread of this process."""
        task = self.scheduler.current
        assert task is not None
        task.timed_out, task.predicate = False, _never
        self.scheduler.park(task, seconds)
        task.predicate = None

    def kill(self) -> None:
        """SIGKILL: nothing of it runs again. Called outside all processes. What unwinds here can't touch the world:
        every call of a dead process ends at once.
        """
        self.dead = True
        for task in self._tasks:
            if not task.run.dead:
                task.run.throw(GreenletExit)
        self._tasks.clear()
        self.stash.clear()

    def freeze(self) -> None:
        """SIGSTOP."""
        self.frozen = True

    def thaw(self) -> None:
        """SIGCONT."""
        self.frozen = False
        stash, self.stash = self.stash, []
        for task in stash:
            self.scheduler.ready(task)


def _never() -> bool:
    return False


def _nothing() -> None:
    pass


class SimCondition:
    """A lock and a way to wait. No task is ever interrupted while it holds a lock, so that nobody needs to wait for
    one; a call to the world under a lock is a failure.
    """

    __slots__ = ("_process", "_waiting")

    def __init__(self, process: Process) -> None:
        self._process = process
        self._waiting: list[Task] = []

    def __enter__(self) -> bool:
        process = self._process
        scheduler = process.scheduler
        if not process.locks:
            scheduler.give_way(process.preemption)
        process.locks += 1
        scheduler.spins += 1
        if scheduler.spins > MOST_SPINS:
            raise Livelock
        return True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self._process.locks -= 1

    def wait_for(self, predicate: Callable[[], bool], timeout: float | None = None) -> bool:
        """Wait until somebody notifies and the predicate holds, or the time is over."""
        process = self._process
        if predicate():
            return True
        if process.dead:
            raise GreenletExit
        task = process.scheduler.current
        assert task is not None
        locks, process.locks = process.locks, 0
        task.predicate, task.timed_out = predicate, False
        self._waiting.append(task)
        try:
            process.scheduler.park(task, timeout)
        finally:
            process.locks = locks
            task.predicate = None
            self._waiting.remove(task)
        return predicate()

    def notify_all(self) -> None:
        """Let those who wait look again."""
        ready = self._process.scheduler.ready
        for task in self._waiting:
            ready(task)
