"""A lane that is only played: jobs that come in waves, slots that are busy, workers that come up and go, and the
documents that its workers would write.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING

from laneway.schema.estimate.foretold import Foretold
from laneway.schema.estimate.reckon import Asked, estimate
from laneway.schema.pool.documents.worker_report import RunningJob, WorkerReport
from laneway_worker.report.estimates import Around, Came, merged
from laneway_worker.report.tally import CameOut, News, Ran

if TYPE_CHECKING:
    from laneway.schema.estimate.estimate import Estimate
    from laneway.schema.pool.documents.lane_estimate import LaneEstimate

EPOCH = datetime(2026, 11, 28, tzinfo=UTC)
MINUTE = 60.0
FRONT = 6  # SQS gives one of the first few
COOLDOWN = 300.0


@dataclass(frozen=True)
class Kind:
    """A lane, and how jobs come to it."""

    name: str
    wave: tuple[int, int]
    """Jobs that come together."""
    pause: tuple[float, float]
    """Seconds between two waves, in mean run times of all slots for a wave's jobs."""
    sigma: float = 0.5
    drift: float = 1.0
    """So much slower from the middle on."""
    workers: int = 2
    most: int = 2
    """Workers that are started while many wait."""
    to_zero: bool = False


@dataclass
class Wait:
    """A job's wait, as it was foretold and as it came."""

    told: Estimate
    little: float
    """By Little's law."""
    actual: float = 0.0


@dataclass
class _Worker:
    ready_at: float
    began: float
    node: float
    model: float
    free: bool = True
    since: float = 0.0


@dataclass
class Played:
    """Plays one kind; what it foretells comes from the product's own code."""

    kind: Kind
    seed: int
    mean: float = 8.0
    now: float = 0.0
    waits: list[Wait] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._dice = Random(self.seed)  # noqa: S311 - dice, no secret
        self._queue: deque[tuple[float, Wait | None]] = deque()
        self._events: list[tuple[float, int, str, object]] = []
        self._count = 0
        self._document: LaneEstimate | None = None
        self._written = -MINUTE
        self._news = News()
        self._told = Came()
        self._workers = [] if self.kind.to_zero else [_Worker(0, 0, 60, 30) for _ in range(self.kind.workers)]
        self._idle_since = 0.0
        self._finished = 0

    def run(self, jobs: int) -> list[Wait]:
        """Until so many waits have ended after the first fifty jobs."""
        self._at(0.0, "wave", None)
        self._at(15.0, "write", None)
        while len(self.waits) < jobs:
            self.now, _, what, who = heapq.heappop(self._events)
            getattr(self, f"_{what}")(who)
        return self.waits[:jobs]

    def _at(self, when: float, what: str, who: object) -> None:
        self._count += 1
        heapq.heappush(self._events, (when, self._count, what, who))

    def _wave(self, _: object) -> None:
        size = self._dice.randint(*self.kind.wave)
        for _ in range(size):
            wait = self._foretell()
            self._queue.append((self.now, wait))
        self._scale()
        self._serve()
        share = size * self._service_mean / max(1, self.kind.workers)
        self._at(self.now + max(1.0, share * self._dice.uniform(*self.kind.pause)), "wave", None)

    @property
    def _service_mean(self) -> float:
        return self.mean * (self.kind.drift if self._finished > MIDDLE else 1.0)

    def _service(self) -> float:
        mean, sigma = self._service_mean, self.kind.sigma
        return self._dice.lognormvariate(math.log(mean) - sigma**2 / 2, sigma)

    def _foretell(self) -> Wait | None:
        running = sum(not each.free for each in self._workers)
        now = EPOCH + timedelta(seconds=self.now)
        asked = Asked("fast", len(self._queue), running, now, self.now - self._written, seed=self._count)
        told = estimate(asked, self._document)
        if told.known != "range" or self._document is None:
            return None
        runs = self._document.run_seconds
        free = len(self._ready) - running
        little = max(0, len(self._queue) + 1 - free) * sum(runs) / len(runs) / max(1, len(self._ready))
        return Wait(told, little)

    @property
    def _ready(self) -> list[_Worker]:
        return [each for each in self._workers if each.ready_at <= self.now]

    def _scale(self) -> None:
        wanted = min(self.kind.most, max(len(self._queue) // 5, 1))
        while len(self._workers) < wanted:
            node, model = self._dice.uniform(60, 120), self._dice.uniform(20, 40)
            worker = _Worker(self.now + node + 5 + model, self.now + node, node, model)
            self._workers.append(worker)
            self._at(worker.began + 6.0, "write", None)
            self._at(worker.ready_at, "up", worker)

    def _up(self, worker: object) -> None:
        assert isinstance(worker, _Worker)
        node = worker.node if len(self._workers) == 1 or self.kind.to_zero else None
        self._told = Came(node, 5.0, worker.model)
        self._write(None)
        self._serve()

    def _serve(self) -> None:
        for worker in self._ready:
            if worker.free and self._queue:
                at = self._dice.randrange(min(FRONT, len(self._queue)))
                self._queue.rotate(-at)
                sent, wait = self._queue.popleft()
                self._queue.rotate(at)
                worker.free, worker.since = False, self.now
                if wait is not None:
                    wait.actual = self.now - sent
                self._at(self.now + self._service(), "done", (worker, wait))

    def _done(self, ended: object) -> None:
        assert isinstance(ended, tuple)
        worker, wait = ended
        worker.free = True
        self._finished += 1
        ran = self.now - worker.since
        self._news.finished += 1
        self._news.ran.append(Ran(ran, ran, 100))
        if wait is not None:
            self.waits.append(wait)
            foretold = Foretold.of(wait.told)
            assert foretold is not None
            self._news.came_out.append(CameOut(foretold, foretold.ratio(wait.actual)))
        self._serve()
        if not self._queue and all(each.free for each in self._workers):
            self._idle_since = self.now
            self._at(self.now + COOLDOWN, "rest", self.now)

    def _rest(self, since: object) -> None:
        busy = self._queue or not all(each.free for each in self._workers)
        if busy or self._idle_since != since:
            return
        self._workers = [] if self.kind.to_zero else self._workers[: self.kind.workers]
        self._write(None)

    def _write(self, _: object) -> None:
        came = [each for each in self._workers if each.began <= self.now]
        if came or self._document is not None:
            now = EPOCH + timedelta(seconds=self.now)
            around = Around("fast", now, [self._report(each) for each in came], None, None, suspended=False)
            self._document = merged(self._document, self._news, self._told, around)
            self._news, self._told = News(), Came()
            self._written = self.now
        if came and not any(what == "write" and at > self.now for at, _, what, _ in self._events):
            self._at(self.now + MINUTE, "write", None)

    def _report(self, worker: _Worker) -> WorkerReport:
        at = EPOCH + timedelta(seconds=self.now)
        ready = worker.ready_at <= self.now
        since = EPOCH + timedelta(seconds=worker.since)
        return WorkerReport(
            worker="w",
            lane="fast",
            state="serving" if ready else "loading",
            at=at,
            started_at=EPOCH + timedelta(seconds=worker.began),
            state_since=EPOCH + timedelta(seconds=worker.began + 5.0),
            slots=1,
            jobs=() if worker.free else (RunningJob(id="j", since=since, attempt=1),),
        )


MIDDLE = 1500
"""Jobs before the drift."""
KINDS = (
    Kind("few ahead, sigma 0.5", (1, 6), (0.6, 1.6)),
    Kind("few ahead, sigma 1.2", (1, 6), (0.6, 1.6), sigma=1.2),
    Kind("tens ahead, sigma 0.5", (20, 60), (0.8, 1.4)),
    Kind("tens ahead, sigma 1.2", (20, 60), (0.8, 1.4), sigma=1.2),
    Kind("hundreds ahead, sigma 0.5", (150, 300), (0.9, 1.3)),
    Kind("hundreds ahead, sigma 1.2", (150, 300), (0.9, 1.3), sigma=1.2),
    Kind("tens ahead, 1.5 times slower from the middle", (20, 60), (0.8, 1.4), drift=1.5),
    Kind("tens ahead, workers are started", (20, 60), (1.5, 3.0), most=4),
    Kind("from zero, few ahead", (1, 6), (25.0, 60.0), workers=1, most=1, to_zero=True),
    Kind("from zero, tens ahead", (20, 60), (2.0, 4.0), workers=1, most=3, to_zero=True),
)
