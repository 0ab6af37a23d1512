"""What happens to a run while it goes on: jobs are sent, notifications read, processes killed. All in one thread."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Protocol

from support.chaos.engine import crash
from support.chaos.world import BATCH, VISIBILITY_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from support.chaos.engine import Engine
    from support.chaos.judge.ledger import Ledger
    from support.chaos.plan import Planned
    from support.chaos.processes import Process
    from support.chaos.world import World
    from support.wire.loop import Loop

TICK_SECONDS = 0.02
ACT_SECONDS = 0.3
MOST_BATCHES = 20  # sent at one go: whoever sends holds up the others
STOP_SECONDS = VISIBILITY_SECONDS * 1.3
DOWN_SECONDS = (0.5, 4.0)


class Actor(Protocol):
    """Called again and again with monotonic time."""

    def tend(self, now: float) -> None: ...


def act_until(true: Callable[[], bool], seconds: float, actors: Sequence[Actor]) -> bool:
    """Let the actors act until something is true; returns whether it has become so in time."""
    pause = threading.Event()
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        for each in actors:
            each.tend(time.monotonic())
        pause.wait(TICK_SECONDS)
    return true()


class Every:
    """Does something at a pace; what could not be done is tried again at once."""

    def __init__(self, seconds: float, action: Callable[[], bool | None], after: float = 0.0) -> None:
        """`action` returns False where it could not act; the first time is `after` seconds from now."""
        self._seconds = seconds
        self._action = action
        self._next = time.monotonic() + after

    def tend(self, now: float) -> None:
        if now >= self._next and self._action() is not False:
            self._next = now + self._seconds


class Feeder:
    """Sends jobs as long as there is room for them."""

    def __init__(self, world: World, lane: str, jobs: Sequence[Planned], room: Callable[[int], int]) -> None:
        """`room` tells how many more there may be, from how many were sent."""
        self.sent = 0
        self._world = world
        self._lane = lane
        self._jobs = jobs
        self._room = room

    def feed(self) -> None:
        """Send what there is room for."""
        left = self._jobs[self.sent : self.sent + min(self._room(self.sent), BATCH * MOST_BATCHES)]
        for start in range(0, len(left), BATCH):
            self._world.send(self._lane, left[start : start + BATCH])
        self.sent += len(left)


class Inbox:
    """A subscriber."""

    def __init__(self, world: World) -> None:
        self.told: Counter[tuple[str, str]] = Counter()
        """Notifications by job and ETag."""
        self._world = world

    def read(self) -> None:
        """Read what is there."""
        while found := self._world.told():
            self.told.update((each.id, each.etag) for each in found)


class Monkey:
    """Kills and stops workers, and kills engines."""

    def __init__(self, workers: Sequence[Process], engines: Sequence[Engine], ledger: Ledger, seed: int) -> None:
        self.kills = 0
        self.stops = 0
        self.held_by_killed = 0
        """Jobs without a result that killed workers held."""
        self.held_by_stopped = 0
        self._workers = workers
        self._engines = engines
        self._ledger = ledger
        self._random = random.Random(seed)  # noqa: S311 - a seeded script, no secret

    def kill(self) -> bool:
        """SIGKILL a worker, and start it again."""
        number = self._somebody(busy=False)
        if number is None:
            return False
        self._workers[number].kill()
        self.held_by_killed += self._ledger.killed(number)
        self._workers[number].start()
        self.kills += 1
        return True

    def stop(self) -> bool:
        """SIGSTOP a worker that holds messages, for longer than their leases."""
        number = self._somebody(busy=True)
        if number is None:
            return False
        self.held_by_stopped += self._ledger.holds(number)
        self._workers[number].stop_until(time.monotonic() + STOP_SECONDS)
        self.stops += 1
        return True

    def crash(self, loop: Loop) -> None:
        """Kill an engine; it comes back after a while."""
        crash(loop, self._random.choice(self._engines), self._random.uniform(*DOWN_SECONDS))

    def spoil(self) -> None:
        """Break an engine, or mend the one that is broken: a whole worker's or nothing's."""
        broken = [each for each in self._engines if each.broken]
        for each in broken or [self._random.choice(self._engines)]:
            each.broken = not broken

    def tend(self, now: float) -> None:
        """Let stopped workers go on where their time has come."""
        for each in self._workers:
            each.tend(now)

    def _somebody(self, *, busy: bool) -> int | None:
        able = [
            number
            for number, each in enumerate(self._workers)
            if each.stopped_until is None and (not busy or self._ledger.holds(number))
        ]
        return self._random.choice(able) if able else None
