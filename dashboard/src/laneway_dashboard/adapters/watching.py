"""Looking at a pool with the rights of who runs the dashboard."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC
from itertools import islice
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

from laneway.client.line.line import Lines
from laneway.errors import LanewayError
from laneway.schema.pool.documents.worker_report import SLEEPS
from laneway.schema.pool.schedules.cron import parse_cron
from laneway.schema.pool.schedules.schedule import asleep
from laneway_dashboard.adapters.table import today_of
from laneway_dashboard.errors import Refused, Unavailable
from laneway_dashboard.ports.watching import Estimated, LaneSeen, PoolSeen, RunningJob, SleepSeen, WorkerSeen

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from laneway.client.line.line import LaneLine
    from laneway.schema.estimate.estimate import Estimate
    from laneway.schema.pool.documents.pool_document import PoolLane
    from laneway.schema.pool.documents.worker_report import WorkerReport
    from laneway.schema.pool.schedules.schedule import Period
    from laneway_dashboard.adapters.reached import Reached
    from laneway_dashboard.adapters.table import TableToday

MOST_COUNTED = 1000  # one page of S3's: a look costs one request, however much has failed
AT_ONCE = 8  # lanes
UNKNOWN = {
    "too_few": "no estimate yet",
    "no_start_times": "no estimate yet",
    "unread": "no estimate",
    "held_up": "nobody can say",
}
PAUSED = "when it is resumed"


class Told(Protocol):
    """What is known of lanes beside the pool's queues and its bucket."""

    def is_paused(self, lane: str) -> bool | None:
        """None where that can't be told."""

    def stage(self, lane: str) -> str:
        """Before there is a worker; empty where that can't be told."""


@dataclass(frozen=True)
class WatchedPool:
    """Asks SQS for figures, and S3 for workers' reports and for what failed."""

    reached: Reached
    live: Told | None
    """Of a pool on this machine, or in a cluster."""
    today: TableToday | None
    """Of a pool with a table."""

    def look(self) -> PoolSeen:
        """What can't be read is told in its place."""
        name, url = self.reached.name, self.reached.url
        try:
            lanes = self.reached.pool().document.lanes
        except LanewayError as error:
            return PoolSeen(name, url, troubles=(str(error),))
        troubles: list[str] = []
        failed = self._failed(troubles)
        seen = PoolSeen(
            name,
            url,
            self._lanes(lanes),
            failed=failed and min(failed, MOST_COUNTED),
            failed_is_least=failed is not None and failed > MOST_COUNTED,
            knows_schedules=True,
        )
        return replace(self._with_today(seen, troubles), troubles=tuple(troubles))

    def _failed(self, troubles: list[str]) -> int | None:
        try:
            keys = self.reached.remote.keys(self.reached.place.failed_folder)
            return sum(1 for _ in islice(keys, MOST_COUNTED + 1))
        except LanewayError as error:
            troubles.append(str(error))
            return None

    def _lanes(self, lanes: Sequence[PoolLane]) -> tuple[LaneSeen, ...]:
        lines = Lines(self.reached.remote, self.reached.place)
        with ThreadPoolExecutor(AT_ONCE) as threads:
            return tuple(threads.map(lambda lane: self._lane(lane, lines), lanes))

    def _lane(self, lane: PoolLane, lines: Lines) -> LaneSeen:
        line = lines.line(lane, "" if self.live is None else self.live.stage(lane.name))
        paused = None if self.live is None else self.live.is_paused(lane.name)
        return lane_of(lane, line, self.reached.now, paused=paused)

    def _with_today(self, seen: PoolSeen, troubles: list[str]) -> PoolSeen:
        if self.today is None:
            return seen
        try:
            since, totals = self.today.totals()
        except (Refused, Unavailable) as error:
            troubles.append(str(error))
            return seen
        lanes = tuple(
            replace(lane, today=today_of(since, tuple(each for each in totals if each.lane == lane.name)))
            for lane in seen.lanes
        )
        return replace(seen, lanes=lanes, today=today_of(since, totals))


def lane_of(lane: PoolLane, line: LaneLine, now: datetime, *, paused: bool | None = None) -> LaneSeen:
    """A lane as the client sees it. Of one that is paused, nobody knows when it begins."""
    figures = line.figures
    return LaneSeen(
        lane.name,
        lane.model.name,
        queued=None if figures is None else figures.queued,
        running=None if figures is None else figures.running,
        delayed=None if figures is None else figures.delayed,
        oldest_seconds=line.oldest_seconds,
        workers=tuple(worker_of(each) for each in line.workers) if line.sees_workers else None,
        stage=line.stage or None,
        estimate=None if paused else _estimated(line.estimate),
        no_estimate=PAUSED if paused else _no_estimate(line.estimate),
        sleeps=tuple(sleep_of(each, now) for each in line.quiet),
        trouble="; ".join(line.missing) or None,
        paused=paused,
    )


def worker_of(report: WorkerReport) -> WorkerSeen:
    """A worker by what it says of itself."""
    model = report.model
    return WorkerSeen(
        name=report.worker,
        state=report.state,
        slots=report.slots,
        reported_at=report.at,
        jobs=tuple(RunningJob(each.id, each.since, each.attempt, each.tokens) for each in report.jobs),
        tokens_per_second=report.tokens_per_second,
        model=None if model is None else model.name,
        digest=None if model is None else model.digest,
        words=report.words,
        rests=report.words == SLEEPS,
    )


def _estimated(estimate: Estimate) -> Estimated | None:
    low, high = estimate.low_seconds, estimate.high_seconds
    return None if low is None or high is None else Estimated(estimate.ahead, low, high)


def _no_estimate(estimate: Estimate) -> str | None:
    if estimate.high_seconds is not None:
        return None
    if estimate.wakes_at is not None:
        return f"wakes at {estimate.wakes_at.astimezone(UTC):%H:%M} UTC"
    return UNKNOWN.get(estimate.known, estimate.note or "no estimate")


def sleep_of(period: Period, now: datetime) -> SleepSeen:
    """A period in which a lane begins nothing."""
    sleeps = asleep(False, (period,), now)  # noqa: FBT003 - nobody has suspended it
    turns = parse_cron(period.end if sleeps else period.start).next_after(
        now.astimezone(UTC), ZoneInfo(period.timezone)
    )
    return SleepSeen(period.timezone, period.start, period.end, sleeps, turns)
