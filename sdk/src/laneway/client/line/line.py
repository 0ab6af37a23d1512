"""How a lane stands: its queue's figures, its workers' reports, and when the next job would begin."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol, TypeVar

from laneway.client.pacing import CONCURRENT_CALLS
from laneway.errors import PoolUnavailable
from laneway.schema.estimate.estimate import Estimate
from laneway.schema.estimate.reckon import WORDS, Asked, estimate
from laneway.schema.pool.documents.lane_estimate import LaneEstimate
from laneway.schema.pool.documents.worker_report import BUSY_LIVES_SECONDS, IDLE_LIVES_SECONDS, WorkerReport
from laneway.schema.shared.base import read_or_none

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from laneway.client.remote import Figures, Stored
    from laneway.schema.job.keys import Place
    from laneway.schema.pool.documents.pool_document import PoolLane
    from laneway.schema.pool.documents.worker_report import RunningJob
    from laneway.schema.pool.schedules.schedule import Period

T = TypeVar("T")
MOST_REPORTS = 1000  # a lane's `maxReplicas`
NO_FIGURES = "the queue can't be asked: {}; it takes sqs:GetQueueAttributes"
NO_REPORTS = "workers' reports can't be read: {}; it takes s3:ListBucket, and s3:GetObject on {}*"
NO_ESTIMATE = "how long jobs wait can't be read: {}; it takes s3:GetObject on {}"
HELD_UP = "nobody can say: {}"
MOST_NOTE = 300
SKEW = timedelta(seconds=5)
"""Within which two clocks agree: S3 tells whole seconds."""
STATES = {"starting": WORDS["engine"], "loading": WORDS["model"]}


@dataclass(frozen=True)
class LaneLine:
    """One lane, for people on call."""

    lane: str
    figures: Figures | None
    """None where the queue can't be asked: `missing` says why."""
    oldest_seconds: float | None
    """How old the message was that a worker received last, while any wait; None where nobody knows."""
    workers: tuple[WorkerReport, ...]
    """The reports of those that live, by name."""
    stage: str
    """How far the lane is, in words: `serving`, `model loading`, `node starting`, `asleep`, `stopped`, `at zero`; empty
    where nobody knows.
    """
    estimate: Estimate
    """When a job that is sent now would begin, or why nobody can say."""
    missing: tuple[str, ...] = ()
    """What could not be read, and which right that takes."""
    quiet: tuple[Period, ...] = ()
    """When it sleeps, as far as its document says."""
    sees_workers: bool = True
    """Whether reports could be read: where not, nobody knows of workers."""

    @property
    def ready(self) -> int:
        """Workers that serve."""
        return sum(each.state == "serving" for each in self.workers)


@dataclass(frozen=True)
class Run:
    """Who works on a job."""

    worker: WorkerReport
    job: RunningJob

    @property
    def words(self) -> str:
        """As people say it."""
        seconds = max(0.0, (self.worker.at - self.job.since).total_seconds())
        tokens = f", {self.job.tokens} tokens so far" if self.job.tokens else ""
        return f"running on {self.worker.worker}, attempt {self.job.attempt}, for {seconds:.0f} s{tokens}"

    @property
    def document(self) -> dict[str, object]:
        """The same for programs."""
        return {"worker": self.worker.worker, **self.job.model_dump(mode="json", exclude={"id"})}


class Source(Protocol):
    """The calls of `Remote` that this takes."""

    def figures(self, queue_url: str) -> Figures:
        """A queue's approximate counts."""

    def read(self, key: str) -> Stored | None:
        """An object, or None."""

    def ages(self, folder: str, most: int) -> Mapping[str, float]:
        """The first keys under a prefix, and how many seconds ago each was written."""


class Lines:
    """Looks at lanes, with the reader's own rights."""

    def __init__(self, source: Source, place: Place) -> None:
        """Nothing is kept from one look to the next."""
        self._source = source
        self._place = place

    def line(self, lane: PoolLane, told: str = "") -> LaneLine:
        """One lane; what can't be read is left out, and named. `told` is what the cluster says of its stage."""
        look = _Look()
        figures = look.at(lambda: self._source.figures(lane.queue.url), NO_FIGURES)
        folder, key = self._place.worker_reports(lane.name), self._place.lane_estimate(lane.name)
        workers = look.at(lambda: self.reports(lane.name), NO_REPORTS, folder)
        found = look.at(lambda: self._source.read(key), NO_ESTIMATE, key)
        known = with_reports(read_estimate(found), workers or ())
        reckoned = _unless_held_up(estimate(asked_of(lane, figures, found), known), workers or ())
        return LaneLine(
            lane=lane.name,
            figures=figures,
            oldest_seconds=_oldest(workers or (), figures),
            workers=workers or (),
            stage=_stage(workers, reckoned, told),
            estimate=reckoned,
            missing=tuple(look.missing),
            quiet=known.quiet if known else (),
            sees_workers=workers is not None,
        )

    def reports(self, lane: str) -> tuple[WorkerReport, ...]:
        """The workers of a lane that live, by name. Raises `PoolUnavailable`."""
        ages = self._source.ages(self._place.worker_reports(lane), MOST_REPORTS)
        recent = [key for key, age in ages.items() if age < IDLE_LIVES_SECONDS]
        with ThreadPoolExecutor(CONCURRENT_CALLS) as threads:
            found = [_report(stored) for stored in threads.map(self._source.read, recent)]
        now = datetime.now(UTC)
        return tuple(
            by_our_clock(each, now - timedelta(seconds=ages[key]))
            for each, key in zip(found, recent, strict=True)
            if each and _lives(each, ages[key])
        )


class _Look:
    """What one look could not see."""

    def __init__(self) -> None:
        self.missing: list[str] = []

    def at(self, read: Callable[[], T], words: str, *names: str) -> T | None:
        try:
            return read()
        except PoolUnavailable as error:
            self.missing.append(words.format(error, *names))
            return None


def _report(stored: Stored | None) -> WorkerReport | None:
    return None if stored is None else read_or_none(WorkerReport, stored.body)


def by_our_clock(report: WorkerReport, written_at: datetime) -> WorkerReport:
    """The same with its times set right where its clock and ours differ, by when S3 has taken it: else the worker whose
    clock goes ahead would for ever have received last, and its jobs have run for no time.
    """
    ahead = report.at - written_at
    if abs(ahead) < SKEW:
        return report
    times = {
        name: _set_back(getattr(report, name), ahead) for name in ("at", "started_at", "state_since", "received_at")
    }
    jobs = tuple(each.model_copy(update={"since": _set_back(each.since, ahead)}) for each in report.jobs)
    return report.model_copy(update={**times, "jobs": jobs})


def _set_back(at: datetime | None, ahead: timedelta) -> datetime | None:
    try:
        return None if at is None else at - ahead
    except OverflowError:  # the years 1 and 9999
        return at


def _lives(report: WorkerReport, age: float) -> bool:
    return age < (IDLE_LIVES_SECONDS if report.idle else BUSY_LIVES_SECONDS)


def read_estimate(stored: Stored | None) -> LaneEstimate | None:
    """A lane's document; what can't be read is none."""
    return None if stored is None else read_or_none(LaneEstimate, stored.body)


def asked_of(lane: PoolLane, figures: Figures | None, found: Stored | None) -> Asked:
    """What is to be reckoned of a lane."""
    return Asked(
        lane=lane.name,
        ahead=figures.queued if figures else 0,
        running=figures.running if figures else 0,
        now=datetime.now(UTC),
        age_seconds=found.age_seconds if found else 0.0,
    )


def with_reports(known: LaneEstimate | None, workers: tuple[WorkerReport, ...]) -> LaneEstimate | None:
    """The same by what workers say themselves, which is newer."""
    serving = [each for each in workers if each.state == "serving"]
    if known is None or not serving:
        return known
    now = datetime.now(UTC)
    elapsed = [max(0.0, (now - job.since).total_seconds()) for each in serving for job in each.jobs]
    told = {"workers": len(serving), "slots": sum(each.slots for each in serving), "running": tuple(elapsed[:200])}
    return known.model_copy(update=told)


def _unless_held_up(reckoned: Estimate, workers: tuple[WorkerReport, ...]) -> Estimate:
    """Where every worker waits for something, nobody can say: what is in flight is no slot that comes free."""
    if reckoned.known == "asleep" or not workers or any(each.state != "waits" for each in workers):
        return reckoned
    note = HELD_UP.format(workers[0].words)[:MOST_NOTE]
    return Estimate(lane=reckoned.lane, known="held_up", ahead=reckoned.ahead, note=note)


def _oldest(workers: tuple[WorkerReport, ...], figures: Figures | None) -> float | None:
    told = [(each.received_at, each.head_of_line_seconds) for each in workers if each.received_at]
    if not told or (figures is not None and not figures.queued):
        return None
    return max(told, key=lambda each: each[0])[1]


def _stage(workers: tuple[WorkerReport, ...] | None, reckoned: Estimate, told: str) -> str:
    """By workers themselves; where there is none, by the cluster, else by what the lane's document says."""
    states = [each.state for each in workers or ()]
    if states:
        return "serving" if "serving" in states else STATES.get(states[0], states[0])
    if told or reckoned.known != "asleep":
        return told or ("" if workers is None else "at zero")
    return "asleep" if reckoned.wakes_at else "stopped"
