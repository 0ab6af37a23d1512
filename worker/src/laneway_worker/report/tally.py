"""What a worker remembers of its jobs: those that its engine works on, and how the last ones went. No text."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from laneway.schema.pool.documents.lane_estimate import MAX_RUNS

if TYPE_CHECKING:
    from datetime import datetime

    from laneway.schema.estimate.foretold import Foretold
    from laneway.schema.job.result import Result
    from laneway_worker.deliver.outcomes import Task
    from laneway_worker.ports.clock import Clock, Condition
    from laneway_worker.ports.queue import Delivery
    from laneway_worker.ports.replies import Channel, Reason


@dataclass(frozen=True)
class Ran:
    """A job that the engine worked on, to its end."""

    seconds: float
    gpu_seconds: float
    tokens: int


@dataclass(frozen=True)
class CameOut:
    """A wait that was foretold, and how it came out."""

    foretold: Foretold
    ratio: float


@dataclass
class News:
    """What the lane's document has not been told yet."""

    finished: int = 0
    ran: deque[Ran] = field(default_factory=lambda: deque(maxlen=MAX_RUNS))
    came_out: deque[CameOut] = field(default_factory=lambda: deque(maxlen=MAX_RUNS))


@dataclass(frozen=True)
class Received:
    """The message that came last."""

    age: float
    """Seconds."""
    sent_at: datetime
    at: datetime


class Watched:
    """A job's channel, whose records are counted on their way: one is a token or a few."""

    def __init__(self, task: Task, since: datetime) -> None:
        """`since` is when its request went to the engine."""
        self.task = task
        self.since = since
        self.tokens = 0
        self._inner = task.channel

    @property
    def lost(self) -> bool:
        """The channel's own."""
        return self._inner.lost

    def started(self) -> None:
        """Pass on; what was written before counts no more."""
        self.tokens = 0
        self._inner.started()

    def record(self, line: bytes) -> None:
        """Pass on."""
        self.tokens += 1
        self._inner.record(line)

    def again(self, reason: Reason) -> None:
        """Pass on."""
        self._inner.again(reason)

    def ended(self, result: Result, etag: str) -> None:
        """Pass on."""
        self._inner.ended(result, etag)


class Tally:
    """Filled by the threads that work, read by the one that reports; guarded by the worker's one condition."""

    def __init__(self, clock: Clock, changed: Condition) -> None:
        """Nothing has happened."""
        self._clock = clock
        self._changed = changed
        self.running: dict[int, Watched] = {}
        self.finished = 0
        self.ran: deque[Ran] = deque(maxlen=MAX_RUNS)
        self.news = News()
        self.received: Received | None = None
        self.first_sent_at: datetime | None = None
        """When the message was sent that came first: a worker is started for it, where there was none."""

    def began(self, task: Task) -> Channel:
        """The engine begins to work on a job; returns the channel that it should tell."""
        watched = Watched(task, self._clock.now())
        with self._changed:
            self.running[id(task)] = watched
        return watched

    def over(self, task: Task) -> None:
        """It works on the job no more."""
        with self._changed:
            self.running.pop(id(task), None)

    def came(self, delivery: Delivery, age: float) -> None:
        """A message came for the first time, so old."""
        with self._changed:
            self.received = Received(age, delivery.sent_at, self._clock.now())
            self.first_sent_at = self.first_sent_at or delivery.sent_at

    def nothing_waits(self) -> None:
        """The queue had nothing to give."""
        with self._changed:
            if self.received is not None and self.received.age:
                self.received = Received(0.0, self.received.sent_at, self._clock.now())

    def ended(self, result: Result, foretold: Foretold | None) -> None:
        """A result of ours stands."""
        if result.timing.started_at is None or result.cost is None:
            return
        tokens = result.usage.completion_tokens if result.usage else 0
        ran = Ran(result.timing.run_seconds, result.cost.gpu_seconds, tokens)
        with self._changed:
            self.finished += 1
            self.ran.append(ran)
            self.news.finished += 1
            self.news.ran.append(ran)
            if foretold is not None and not result.failures:
                self.news.came_out.append(CameOut(foretold, foretold.ratio(result.timing.queued_seconds)))

    def take_news(self) -> News:
        """What is new since the last call; `give_back` where it could not be told."""
        with self._changed:
            news, self.news = self.news, News()
            return news

    def give_back(self, news: News) -> None:
        """It is still to be told, before what came meanwhile."""
        with self._changed:
            later, self.news = self.news, news
            self.news.finished += later.finished
            self.news.ran.extend(later.ran)
            self.news.came_out.extend(later.came_out)
