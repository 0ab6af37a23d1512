"""A lane's estimate document: what it said, what this worker has to add, and who is there now. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from laneway.schema.estimate.correct import ENOUGH
from laneway.schema.pool.documents.lane_estimate import (
    MAX_RATIOS,
    MAX_RUNS,
    MAX_SPAN_SECONDS,
    MAX_STARTING,
    MAX_STARTS,
    MAX_WORKERS,
    Correction,
    LaneEstimate,
    Starting,
    Starts,
)
from laneway_worker.report.saying import tokens_per_second

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from laneway.schema.pool.documents.lane_estimate import Depth, Stage, Standing
    from laneway.schema.pool.documents.worker_report import State, WorkerReport
    from laneway.schema.pool.schedules.schedule import Period
    from laneway_worker.report.tally import CameOut, News, Ran

MAX_HEADS = 5
FEW_AT_ONCE = 2  # ratios of one kind a write: jobs that wait beside each other share their luck, and tell one thing
FIRST_AT_ONCE = 10  # until there are enough to correct by at all
SHARE_OF_NEW = 0.2  # of a mean of the lane, beside what it was


@dataclass(frozen=True)
class Came:
    """How long this worker took to come up, as far as that is known."""

    node: float | None = None
    engine: float | None = None
    model: float | None = None

    def without(self, told: Came) -> Came:
        """What is still to be told."""
        return Came(*(None if old is not None else new for new, old in self._beside(told)))

    def with_all(self, new: Came) -> Came:
        """After that has been told, too."""
        return Came(*(old if each is None else each for old, each in self._beside(new)))

    def _beside(self, other: Came) -> list[tuple[float | None, float | None]]:
        return [(self.node, other.node), (self.engine, other.engine), (self.model, other.model)]


@dataclass(frozen=True)
class Around:
    """What is so now."""

    lane: str
    now: datetime
    reports: Sequence[WorkerReport]
    """Those that live, this worker's own among them."""
    head_of_line: float | None
    price_per_hour: float | None
    suspended: bool
    quiet: tuple[Period, ...] = ()
    parallel: int = 1


def merged(there: LaneEstimate | None, news: News, came: Came, around: Around) -> LaneEstimate:
    """The document to write."""
    before = there or LaneEstimate(lane=around.lane, at=around.now, workers=0, slots=0)
    serving = [each for each in around.reports if each.state == "serving"]
    ran = list(news.ran)
    price = around.price_per_hour
    return LaneEstimate(
        lane=around.lane,
        at=around.now,
        workers=min(MAX_WORKERS, len(serving)),
        slots=sum(each.slots for each in serving),
        running=tuple(_elapsed(serving, around.now))[:MAX_RUNS],
        starting=tuple(_starting(around.reports, around.now))[:MAX_STARTING],
        head_of_line_seconds=_heads(before, around.head_of_line),
        finished=before.finished + news.finished,
        run_seconds=_last(
            before.run_seconds, (min(MAX_SPAN_SECONDS, round(each.seconds, 3)) for each in ran), MAX_RUNS
        ),
        starts=_starts(before.starts, came),
        corrections=_corrections(before.corrections, news.came_out),
        tokens_per_second=_mean(before.tokens_per_second, tokens_per_second(ran)),
        tokens_per_job=_mean(before.tokens_per_job, _each(ran, [each.tokens for each in ran])),
        gpu_seconds_per_job=_mean(before.gpu_seconds_per_job, _each(ran, [each.gpu_seconds for each in ran])),
        price_per_hour=price if price is not None else before.price_per_hour,
        suspended=around.suspended,
        quiet=around.quiet,
        parallel=around.parallel,
    )


def _elapsed(serving: Iterable[WorkerReport], now: datetime) -> Iterable[float]:
    """By each worker's own clock as it wrote, and the time since then."""
    for each in serving:
        yield from (_span((now - job.since).total_seconds()) for job in each.jobs)


STAGES: dict[State, Stage] = {"starting": "engine", "loading": "model"}


def _starting(reports: Iterable[WorkerReport], now: datetime) -> Iterable[Starting]:
    for each in reports:
        if each.state in STAGES:
            yield Starting(stage=STAGES[each.state], seconds=_span((now - each.state_since).total_seconds()))


def _span(seconds: float) -> float:
    """Clocks of two machines differ, and one may be set."""
    return min(MAX_SPAN_SECONDS, max(0.0, round(seconds, 1)))


def _heads(before: LaneEstimate, head: float | None) -> tuple[float, ...]:
    known = before.head_of_line_seconds
    return known if head is None else (*known, _span(head))[-MAX_HEADS:]


def _last(before: tuple[float, ...], new: Iterable[float], most: int) -> tuple[float, ...]:
    return (*before, *new)[-most:]


def _starts(before: Starts, came: Came) -> Starts:
    def after(known: tuple[float, ...], one: float | None) -> tuple[float, ...]:
        return known if one is None else _last(known, [_span(one)], MAX_STARTS)

    return Starts(
        node=after(before.node, came.node),
        engine=after(before.engine, came.engine),
        model=after(before.model, came.model),
    )


def _corrections(before: Iterable[Correction], came_out: Iterable[CameOut]) -> tuple[Correction, ...]:
    kinds: dict[tuple[Depth, Standing], list[float]] = {
        (each.depth, each.standing): list(each.ratios) for each in before
    }
    for kind, ratios in _by_kind(came_out).items():
        there = kinds.setdefault(kind, [])
        few = FEW_AT_ONCE if len(there) >= ENOUGH else FIRST_AT_ONCE
        there.extend(ratios[:: max(1, len(ratios) // few)][:few])
    return tuple(
        Correction(depth=depth, standing=standing, ratios=tuple(ratios[-MAX_RATIOS:]))
        for (depth, standing), ratios in kinds.items()
    )


def _by_kind(came_out: Iterable[CameOut]) -> dict[tuple[Depth, Standing], list[float]]:
    found: dict[tuple[Depth, Standing], list[float]] = {}
    for each in came_out:
        found.setdefault((each.foretold.depth, each.foretold.standing), []).append(round(each.ratio, 3))
    return found


def _each(ran: Sequence[Ran], amounts: Sequence[float]) -> float | None:
    return sum(amounts) / len(ran) if ran else None


def _mean(before: float | None, new: float | None) -> float | None:
    if before is None or new is None:
        return before if new is None else round(new, 3)
    return round(SHARE_OF_NEW * new + (1 - SHARE_OF_NEW) * before, 3)
