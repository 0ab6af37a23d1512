"""One lane, played many times from what is known of it: when would a job that is sent now begin? Pure."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from heapq import heapify, heapreplace
from itertools import accumulate
from math import sqrt
from random import Random
from typing import TYPE_CHECKING

from laneway.schema.pool.documents.lane_estimate import Starts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from laneway.schema.pool.documents.lane_estimate import Starting

DRAWS = 200
MOST_PLAYED = 100  # jobs one by one; of the rest only the sum counts
FEW = 100  # samples: fewer tell little of their own spread, which is drawn, too
STAGES = ("node", "engine", "model")


@dataclass(frozen=True)
class Line:
    """What is known of a lane now."""

    ahead: int
    """Jobs that wait."""
    slots: int
    """Jobs that ready workers take at once."""
    running: int
    """Jobs that run."""
    elapsed: tuple[float, ...] = ()
    """For how long some of them have."""
    starting: tuple[Starting, ...] = ()
    """Workers on their way."""
    brings: int = 1
    """Slots of each of these."""
    run_seconds: tuple[float, ...] = ()
    """How long the last jobs ran; there is one at least."""
    starts: Starts = field(default_factory=Starts)
    """How long each stage took."""


def play(line: Line, seed: int) -> list[float] | None:
    """Seconds until the next job begins, of each draw, in order; None where nobody is there, and nobody knows how long
    a worker takes to come.
    """
    if not line.slots and not _known(line):
        return None
    dice = Random(seed)  # noqa: S311 - dice, no secret
    runs = sorted(line.run_seconds)
    return sorted(_Draw(line, runs, dice).begins() for _ in range(DRAWS))


def _known(line: Line) -> bool:
    """Whether it is known how long the stages take that are to come."""
    first = min((STAGES.index(each.stage) for each in line.starting), default=0)
    return all(getattr(line.starts, stage) for stage in STAGES[first:])


class _Draw:
    """One play."""

    def __init__(self, line: Line, runs: Sequence[float], dice: Random) -> None:
        self._line = line
        self._dice = dice
        self._runs = sorted(dice.choices(runs, k=len(runs))) if len(runs) < FEW else runs
        self._mean = sum(self._runs) / len(self._runs)
        self._weights = list(accumulate(self._runs))

    def begins(self) -> float:
        """When the next job does."""
        free = [*self._ready(), *self._to_come()]
        heapify(free)
        played = min(self._line.ahead, MOST_PLAYED)
        for run in self._dice.choices(self._runs, k=played):
            heapreplace(free, free[0] + run)
        return free[0] + self._sum(self._line.ahead - played) / len(free)

    def _sum(self, jobs: int) -> float:
        """How long so many jobs run, one after another."""
        if jobs <= 0:
            return 0.0
        variance = sum((each - self._mean) ** 2 for each in self._runs) / len(self._runs)
        return max(0.0, self._dice.gauss(jobs * self._mean, sqrt(jobs * variance)))

    def _ready(self) -> list[float]:
        """When each slot of the ready workers is free."""
        line = self._line
        known = [self._rest(each) for each in line.elapsed[: line.slots]]
        unknown = min(line.slots, line.running) - len(known)
        known += self._any_rests(max(0, unknown))
        return known + [0.0] * (line.slots - len(known))

    def _rest(self, elapsed: float) -> float:
        """Of a job that has run for so long."""
        longer = bisect_right(self._runs, elapsed)
        if longer == len(self._runs):
            return elapsed * self._dice.random()
        return self._dice.choice(self._runs[longer:]) - elapsed

    def _any_rests(self, jobs: int) -> list[float]:
        """Of jobs that run, nobody knows for how long: long ones are met more often."""
        if not self._weights[-1]:
            return [0.0] * jobs
        met = self._dice.choices(self._runs, cum_weights=self._weights, k=jobs)
        return [run * self._dice.random() for run in met]

    def _to_come(self) -> list[float]:
        """When each slot of the workers that are on their way is there; where there is none at all one is started."""
        line = self._line
        if not _known(line):
            return []
        coming = [self._start(STAGES.index(each.stage), each.seconds) for each in line.starting]
        if not coming and not line.slots:
            coming = [self._start(0, 0.0)]
        return [each for each in coming for _ in range(line.brings)]

    def _start(self, first: int, elapsed: float) -> float:
        known = self._line.starts
        now, *later = (known.node, known.engine, known.model)[first:]
        left = [each - elapsed for each in now if each > elapsed]
        rest = self._dice.choice(left) if left else elapsed * self._dice.random()
        return rest + sum(self._dice.choice(each) for each in later)
