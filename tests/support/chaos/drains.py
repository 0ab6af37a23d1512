"""Clean drains under load: workers are told SIGTERM while jobs run and wait, and others take over."""

from __future__ import annotations

import itertools
import signal
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from support.chaos.actors import ACT_SECONDS, Every, Feeder, act_until
from support.chaos.between.faults import Faults
from support.chaos.between.proxy import proxies
from support.chaos.engine import engines
from support.chaos.judge.ledger import Ledger
from support.chaos.plan import Play, Script, planned
from support.chaos.processes import Process, running, worker_of
from support.chaos.world import CALM_SECONDS, MAIN, world
from support.wire.loop import running_loop

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

JOB_SECONDS = (0.1, 1.0)
WAITING = 30  # jobs in the queue at any time
JOBS_PER_DRAIN = 60  # more than are needed: there is always one more
DRAIN_AFTER = 12  # messages that a worker has got since its start


@dataclass(frozen=True)
class Drained:
    """What was seen."""

    drains: int
    exit_codes: set[int]
    drain_seconds: list[float]
    """From SIGTERM to the worker's end."""
    held: int
    """Messages that workers held when they were told to leave."""
    messages: int
    received_twice: dict[str, int]
    """Jobs whose message came to workers more than once, and SQS's count."""
    begun_twice: list[str]
    """Jobs that engines worked on more than once."""
    results: int
    wall_seconds: float


class _Turnover:
    """Tells each worker to leave once it has got some messages, and starts another in its place."""

    def __init__(self, workers: Sequence[Process], ledger: Ledger, most: int) -> None:
        self.seconds: list[float] = []
        self.exit_codes: set[int] = set()
        self.held = 0
        self._workers = workers
        self._ledger = ledger
        self._most = most
        self._told: dict[int, float] = {}

    @property
    def done(self) -> bool:
        """Whether there were enough drains, and none is under way."""
        return len(self.seconds) >= self._most and not self._told

    def tend(self, now: float) -> None:
        for number, each in enumerate(self._workers):
            if number in self._told:
                self._see_off(number, each, now)
            elif self._may_tell(number, each):
                self.held += self._ledger.holds(number)
                self._told[number] = now
                each.send(signal.SIGTERM)

    def _may_tell(self, number: int, worker: Process) -> bool:
        enough = len(self.seconds) + len(self._told) >= self._most
        return not enough and self._ledger.received_by(number, worker.started) >= DRAIN_AFTER

    def _see_off(self, number: int, worker: Process, now: float) -> None:
        code = worker.ended()
        if code is not None:
            self.exit_codes.add(code)
            self.seconds.append(now - self._told.pop(number))
            worker.start()


def drains(count: int, workers: int, folder: Path, storm_seconds: float, seed: int = 1) -> Drained:
    """So many of them, with a queue that is never empty."""
    ledger, script = Ledger(), Script(seed, faulty=False, calm=Play.SLOW)
    jobs = planned(count * JOBS_PER_DRAIN, 0, seed)
    with (
        running_loop() as loop,
        world(folder, parallel=4) as made,
        engines(loop, workers, script, JOB_SECONDS) as served,
        proxies(loop, workers, urlsplit(made.endpoint), Faults(0.0, seed), ledger) as ways,
    ):
        configs = [
            made.documents(MAIN, way, f"http://127.0.0.1:{engine.port}")
            for way, engine in zip(ways, served, strict=True)
        ]
        processes = [worker_of(config, folder, f"worker-{n}") for n, config in enumerate(configs)]
        feeder = Feeder(made, MAIN, jobs, lambda _: WAITING - made.waiting(MAIN))
        turnover = _Turnover(processes, ledger, count)
        with running(processes):
            began = time.monotonic()
            act_until(lambda: turnover.done, storm_seconds, [Every(ACT_SECONDS, feeder.feed), turnover])
            wall = time.monotonic() - began
            act_until(lambda: not any(made.left().values()), CALM_SECONDS, [])
        return _outcome(turnover, ledger, script, len(made.versions().results), wall)


def _outcome(turnover: _Turnover, ledger: Ledger, script: Script, results: int, wall: float) -> Drained:
    by_message = itertools.groupby(sorted(ledger.deliveries, key=lambda each: each.message), lambda each: each.message)
    counts = {job.job: job.count for _, found in by_message for job in [max(found, key=lambda each: each.count)]}
    return Drained(
        drains=len(turnover.seconds),
        exit_codes=turnover.exit_codes,
        drain_seconds=turnover.seconds,
        held=turnover.held,
        messages=len(counts),
        received_twice={job: count for job, count in counts.items() if count > 1},
        begun_twice=[job for job, calls in script.calls.items() if calls > 1],
        results=results,
        wall_seconds=wall,
    )
