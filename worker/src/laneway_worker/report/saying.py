"""What a worker's report says, from how it stands. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from laneway.schema.pool.documents.worker_report import (
    MAX_JOBS,
    MAX_WORDS,
    QUANTILES,
    SLEEPS,
    RunningJob,
    Runs,
    StartSeconds,
    State,
    WorkerReport,
)
from laneway.schema.shared.quantiles import quantiles

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from laneway.schema.job.result import ServedModel
    from laneway_worker.failing import Failing
    from laneway_worker.report.tally import Ran, Received

BUSY_SECONDS = 20.0  # between two reports of a worker that works, or comes up
IDLE_SECONDS = 60.0
LEAST_SECONDS = 5.0  # a state that comes and goes is told so often and no oftener


@dataclass(frozen=True)
class Bearing:
    """How a worker stands, as far as its state goes."""

    leaving: bool
    asleep: bool
    model: ServedModel | None
    trouble: str
    """What the engine says while the model is not loaded."""
    engine: Failing | None
    aws: Failing | None
    reached: bool
    """Whether the engine has ever answered."""


@dataclass(frozen=True)
class Course:
    """How a worker came to where it is. Times are of the wall clock."""

    started_at: datetime
    state: State
    since: datetime
    starts: StartSeconds = field(default_factory=StartSeconds)

    def now(self, state: State, at: datetime) -> Course:
        """After a look; what is over for the first time is kept as a duration."""
        if state == self.state:
            return self
        return replace(self, state=state, since=at, starts=self._after(state, at))

    def _after(self, state: State, at: datetime) -> StartSeconds:
        known, seconds = self.starts, max(0.0, round((at - self.since).total_seconds(), 1))
        if self.state == "starting" and state in ("loading", "serving") and known.engine is None:
            known = known.model_copy(update={"engine": seconds})
            seconds = 0.0
        if self.state in ("starting", "loading") and state == "serving" and known.model is None:
            known = known.model_copy(update={"model": seconds})
        return known


def state_of(bearing: Bearing) -> tuple[State, str]:
    """The state, and its words."""
    if bearing.leaving:
        return "draining", "it finishes what it has, and leaves"
    engine, aws = bearing.engine, bearing.aws
    if engine is not None and (bearing.reached or engine.lasting):
        return "waits", engine.message
    if not bearing.reached:
        return "starting", engine.message if engine else "Ollama is being reached"
    if bearing.model is None:
        return "loading", bearing.trouble
    if bearing.asleep:
        return "waits", SLEEPS
    return ("waits", aws.message) if aws is not None else ("serving", "")


@dataclass(frozen=True)
class Facts:
    """What else a report says."""

    worker: str
    lane: str
    words: str
    slots: int
    jobs: Sequence[RunningJob]
    received: Received | None
    ran: Sequence[Ran]
    finished: int
    model: ServedModel | None
    price_per_hour: float | None


def report_of(facts: Facts, course: Course, now: datetime) -> WorkerReport:
    """The whole document."""
    jobs = sorted(facts.jobs, key=lambda each: each.since)[:MAX_JOBS]
    received = facts.received
    return WorkerReport(
        worker=facts.worker,
        lane=facts.lane,
        state=course.state,
        words=" ".join(facts.words.split())[:MAX_WORDS],
        at=now,
        started_at=course.started_at,
        state_since=course.since,
        slots=facts.slots,
        jobs=tuple(jobs),
        head_of_line_seconds=round(received.age, 1) if received else None,
        received_at=received.at if received else None,
        runs=_runs(facts.ran),
        finished=facts.finished,
        starts=course.starts,
        tokens_per_second=tokens_per_second(facts.ran),
        model=facts.model,
        price_per_hour=facts.price_per_hour,
    )


def _runs(ran: Sequence[Ran]) -> Runs | None:
    if not ran:
        return None
    return Runs(count=len(ran), seconds=quantiles((each.seconds for each in ran), QUANTILES))


def tokens_per_second(ran: Sequence[Ran]) -> float | None:
    """Written in a second of the accelerator: jobs that run beside each other share it."""
    seconds = sum(each.gpu_seconds for each in ran)
    return round(sum(each.tokens for each in ran) / seconds, 2) if seconds > 0 else None


def pause(report: WorkerReport) -> float:
    """Seconds until the next report, where nothing changes."""
    return IDLE_SECONDS if report.idle else BUSY_SECONDS
