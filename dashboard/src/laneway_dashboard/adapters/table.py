"""Jobs, waits and a day's counts, by a table."""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, cast, get_args

from laneway.schema.job.result import Status
from laneway_dashboard.errors import Refused, Unavailable
from laneway_dashboard.ports.history import Point
from laneway_dashboard.ports.jobs import Filter, Page, Row
from laneway_dashboard.ports.watching import Today
from laneway_dashboard.shell.remembered import Remembered
from laneway_table.errors import NotOffered, TableError
from laneway_table.rows.asked import COUNT_CAP, Cursor
from laneway_table.rows.asked import Filter as Asked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from laneway_dashboard.ports.clock import Clock
    from laneway_dashboard.ports.jobs import Wanted
    from laneway_table.ports.table import Table
    from laneway_table.rows.asked import Totals
    from laneway_table.rows.row import Row as TableRow

FRESH = timedelta(seconds=5)
SUMS_FRESH = timedelta(seconds=30)
"""Sums over a day take a database long: nobody needs them to the second."""
NAMES: Mapping[Filter, str] = {
    "lane": "lane", "status": "status", "code": "code", "label": "labels", "prefix": "id_prefix", "since": "since",
}  # fmt: skip
"""Our filters by the table's names."""
DAY = timedelta(days=1)
STATUSES = get_args(Status)


@contextmanager
def in_words() -> Iterator[None]:
    """What a table raises, as the pages know it."""
    try:
        yield
    except NotOffered as error:
        raise Refused(f"this table can't be asked so: {error}; choose other filters") from error
    except TableError as error:
        raise Unavailable(f"the table: {error}") from error


@dataclass(frozen=True)
class Rows:
    """A table, and the pool whose rows are meant: those of others may stand in it, too."""

    table: Table
    pool: str


class TableJobs:
    """The list of jobs, the newest first."""

    order = "newest first"

    def __init__(self, rows: Rows, clock: Clock) -> None:
        """Nothing is asked yet."""
        self._rows = rows
        self._clock = clock
        self._pages: Remembered[tuple[Wanted, str | None, int], Page] = Remembered(clock, FRESH)

    @property
    def filters(self) -> frozenset[Filter]:
        """Those that are part of a question which the table answers."""
        known = {name for each in self._rows.table.offers.questions for name in each.needs | each.may}
        return frozenset(name for name, theirs in NAMES.items() if theirs in known)

    def page(self, wanted: Wanted, after: str | None, limit: int) -> Page:
        """By keyset: a late page costs what the first one does."""
        return self._pages.get((wanted, after, limit), lambda: self._page(wanted, after, limit))

    def _page(self, wanted: Wanted, after: str | None, limit: int) -> Page:
        table, pool = self._rows.table, self._rows.pool
        asked = asked_of(wanted, self._clock.now())
        if not table.offers.cover(asked):
            raise Refused("this table can't be asked by these filters together: choose others")
        with in_words():
            found = table.page(pool, asked, _cursor(after), limit)
            count = None if after else table.count(pool, asked, COUNT_CAP)
        return Page(
            rows=tuple(_row(each) for each in found.rows),
            next=None if found.after is None else found.after.to_text(),
            count=None if count is None else min(count, COUNT_CAP),
            count_is_least=count is not None and count > COUNT_CAP,
        )


def asked_of(wanted: Wanted, now: datetime) -> Asked:
    """As a table takes it; raises `Refused`."""
    if wanted.status is not None and wanted.status not in STATUSES:
        raise Refused(f"a job's status is {', '.join(STATUSES)}")
    return Asked(
        lane=wanted.lane,
        status=cast("Status | None", wanted.status),
        code=wanted.code,
        labels={} if wanted.label is None else dict((wanted.label,)),
        id_prefix=wanted.prefix,
        since=None if wanted.since is None else now - wanted.since,
    )


def _cursor(after: str | None) -> Cursor | None:
    try:
        return None if after is None else Cursor.from_text(after)
    except ValueError as error:
        raise Refused(f"the link to this page {error}") from None


def _row(row: TableRow) -> Row:
    tokens = None if row.prompt_tokens is None else row.prompt_tokens + (row.completion_tokens or 0)
    return Row(
        id=row.id,
        finished_at=row.finished_at,
        status=row.status,
        lane=row.lane,
        code=row.code,
        queued_seconds=row.queued_seconds,
        run_seconds=row.run_seconds,
        tokens=tokens,
        usd=row.usd,
        labels=row.labels,
    )


class TableWaits:
    """How long jobs waited, by the table's series."""

    def __init__(self, rows: Rows, clock: Clock) -> None:
        """Nothing is asked yet."""
        self._rows = rows
        self._clock = clock
        self._answers: Remembered[tuple[str, timedelta, int], tuple[Point, ...]] = Remembered(clock, SUMS_FRESH)

    def waits(self, lane: str, span: timedelta, points: int) -> tuple[Point, ...]:
        """The mean of each part; one without jobs has no value."""
        return self._answers.get((lane, span, points), lambda: self._waits(lane, span, points))

    def _waits(self, lane: str, span: timedelta, points: int) -> tuple[Point, ...]:
        step, now = span / points, self._clock.now()
        since = (now - span).replace(microsecond=0)  # a table's spans begin with a whole second
        sums: dict[datetime, tuple[float, int]] = defaultdict(lambda: (0.0, 0))
        with in_words():
            series = self._rows.table.series(self._rows.pool, since, now, round(step.total_seconds()), lane)
        for each in series:
            seconds, jobs = sums[each.at]
            sums[each.at] = seconds + each.queued_seconds, jobs + each.jobs
        begins = [since + step * number for number in range(points)]
        return tuple(Point(begin, _mean(*sums[begin])) for begin in begins) if sums else ()


def _mean(seconds: float, jobs: int) -> float | None:
    return seconds / jobs if jobs else None


class TableToday:
    """What ended since midnight, UTC."""

    def __init__(self, rows: Rows, clock: Clock) -> None:
        """Nothing is asked yet."""
        self._rows = rows
        self._clock = clock
        self._answers: Remembered[datetime, tuple[Totals, ...]] = Remembered(clock, SUMS_FRESH)

    def totals(self) -> tuple[datetime, tuple[Totals, ...]]:
        """Midnight, and the sums since then by lane and status. Raises `Refused` and `Unavailable`."""
        now = self._clock.now()
        since = now.replace(hour=0, minute=0, second=0, microsecond=0)
        table, pool = self._rows.table, self._rows.pool
        with in_words():
            return since, self._answers.get(since, lambda: table.totals(pool, since, since + DAY))


def today_of(since: datetime, totals: tuple[Totals, ...]) -> Today:
    """Their sum."""
    jobs: dict[str, int] = defaultdict(int)
    for each in totals:
        jobs[each.status] += each.jobs
    usd = sum(each.usd for each in totals)
    return Today(
        since=since,
        succeeded=jobs["succeeded"],
        failed=jobs["failed"],
        other=jobs["expired"] + jobs["cancelled"],
        usd=usd or None,
        tokens=sum(each.prompt_tokens + each.completion_tokens for each in totals),
        gpu_seconds=sum(each.gpu_seconds for each in totals),
    )
