"""The line of each lane compared with its workers: jobs that wake none, and jobs for more than the lane may have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway_operator.queues.lines import Lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from laneway.schema.pool.lane import Lane
    from laneway.schema.pool.pool import LLMWorkerPool
    from laneway_operator.queues.port import Depth, Queues
    from laneway_operator.status.observed import Observed


class Compared:
    """Serves several threads. A lane that may rest is not asked about, nor is one between zero and its most."""

    def __init__(self, queues: Queues, now: Callable[[], datetime], region: str) -> None:
        """`now` has a zone; `region` is that of pools that name none."""
        self._asleep = Lines(queues, now)
        self._full = Lines(queues, now)
        self._region = region

    def look(self, pool: LLMWorkerPool, done: Observed) -> None:
        """Fill in which lanes nothing wakes, and which have jobs for more workers than they may have."""
        done.unwoken = dict(self._each(pool, done, self._asleep, _is_at_zero, lambda _: _waits))
        done.full = dict(self._each(pool, done, self._full, _is_at_most, _calls_for_more))

    def _each(
        self,
        pool: LLMWorkerPool,
        done: Observed,
        lines: Lines,
        asked: Callable[[Lane, int], bool],
        wrong: Callable[[Lane], Callable[[Depth], bool]],
    ) -> Iterator[tuple[str, float]]:
        may_rest = {*done.asleep, *done.suspended, *done.unseen}
        for lane in pool.spec.lanes:
            url, facts = done.queues[lane.name].url, done.deployments.get(lane.name)
            if facts is None or lane.name in may_rest or not asked(lane, facts.replicas):
                lines.forget(url)
            elif (seconds := lines.lasts(url, pool.region_or(self._region), wrong(lane))) is not None:
                yield lane.name, seconds


def _is_at_zero(_: Lane, replicas: int) -> bool:
    return replicas == 0


def _waits(depth: Depth) -> bool:
    return depth.queued > 0


def _is_at_most(lane: Lane, replicas: int) -> bool:
    return replicas >= lane.scaling.max_replicas


def _calls_for_more(lane: Lane) -> Callable[[Depth], bool]:
    """By the lane's own measure, as KEDA is told it (`render.scaling.formula`)."""
    most = lane.scaling.max_replicas * lane.scaling.jobs_per_replica
    return lambda depth: depth.queued + depth.running > most
