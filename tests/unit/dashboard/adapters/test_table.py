"""What a dashboard makes of a table."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from laneway_dashboard.adapters.table import FRESH, SUMS_FRESH, Rows, TableJobs, TableToday, TableWaits, today_of
from laneway_dashboard.errors import Refused, Unavailable
from laneway_dashboard.ports.jobs import FILTERS, Wanted
from laneway_dashboard.testing.clock import ManualClock
from laneway_table.errors import TableUnavailable
from laneway_table.rows.asked import Offer, Offers
from laneway_table.rows.row import Row
from laneway_table.testing.memory import MemoryTable

if TYPE_CHECKING:
    from laneway.schema.job.result import Status

POOL = "nlp/documents"


def row(number: int, clock: ManualClock, status: Status = "succeeded", **fields: object) -> Row:
    ended = clock.now() - timedelta(minutes=number)
    made = Row(
        pool=POOL, id=f"job-{number:03}", revision=0, status=status, lane="slow" if number % 2 else "fast",
        code=None if status == "succeeded" else "timed_out", cause=None, message=None, model="gemma3:4b",
        model_digest=None, finish_reason="stop", attempts_failed=0, submitted_at=ended, started_at=ended,
        first_token_at=None, finished_at=ended, queued_seconds=float(number), run_seconds=1.0, prompt_tokens=10,
        completion_tokens=5, gpu_seconds=1.0, usd=0.01, labels={"team": "claims"}, url="s3://a/b", etag='"e"',
        output_url=None, text=None, parsed=None,
    )  # fmt: skip
    return replace(made, **fields)  # type: ignore[arg-type] # because these are fields by name


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def table(clock: ManualClock) -> MemoryTable:
    found = MemoryTable(now=clock.now)
    found.upsert([row(number, clock, "failed" if number % 10 == 9 else "succeeded") for number in range(60)])
    found.upsert([row(1, clock, pool="other/pool", id="not-ours")])
    return found


def test_a_table_that_can_be_asked_everything(table: MemoryTable, clock: ManualClock) -> None:
    jobs = TableJobs(Rows(table, POOL), clock)
    assert jobs.filters == set(FILTERS)
    first = jobs.page(Wanted(), None, 50)
    assert (len(first.rows), first.count, first.count_is_least) == (50, 60, False)
    assert first.rows[0].id == "job-000"
    second = jobs.page(Wanted(), first.next, 50)
    assert ([each.id for each in second.rows][-1], second.next, second.count) == ("job-059", None, None)


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (Wanted(lane="slow"), 30), (Wanted(status="failed"), 6), (Wanted(code="timed_out", lane="fast"), 0),
        (Wanted(prefix="job-01"), 10), (Wanted(label=("team", "claims")), 60), (Wanted(label=("team", "x")), 0),
        (Wanted(since=timedelta(minutes=5)), 6),
    ],
)  # fmt: skip
def test_each_filter(table: MemoryTable, clock: ManualClock, wanted: Wanted, count: int) -> None:
    assert len(TableJobs(Rows(table, POOL), clock).page(wanted, None, 100).rows) == count


def test_a_table_that_can_be_asked_less(table: MemoryTable, clock: ManualClock) -> None:
    table.offers = Offers((Offer(frozenset({"lane", "status"}), frozenset({"since"})),))
    jobs = TableJobs(Rows(table, POOL), clock)
    assert jobs.filters == {"lane", "status", "since"}
    assert jobs.page(Wanted(lane="slow", status="failed"), None, 10).rows
    with pytest.raises(Refused, match="filters together"):
        jobs.page(Wanted(lane="slow"), None, 10)


def test_what_no_table_is_asked(table: MemoryTable, clock: ManualClock) -> None:
    jobs = TableJobs(Rows(table, POOL), clock)
    for wanted, after in ((Wanted(status="pending"), None), (Wanted(), "junk")):
        with pytest.raises(Refused):
            jobs.page(wanted, after, 10)


def test_a_database_that_is_down_is_named(table: MemoryTable, clock: ManualClock) -> None:
    table.trouble = TableUnavailable("connection refused")
    rows = Rows(table, POOL)
    for ask in (
        lambda: TableJobs(rows, clock).page(Wanted(), None, 10),
        lambda: TableWaits(rows, clock).waits("fast", timedelta(hours=1), 60),
        lambda: TableToday(rows, clock).totals(),
    ):
        with pytest.raises(Unavailable, match="the table: connection refused"):
            ask()


def test_tabs_cost_the_table_nothing(table: MemoryTable, clock: ManualClock) -> None:
    jobs, today = TableJobs(Rows(table, POOL), clock), TableToday(Rows(table, POOL), clock)
    for _ in range(20):
        jobs.page(Wanted(), None, 50)
        today.totals()
    assert (table.calls["page"], table.calls["totals"]) == (1, 1)
    clock.sleep(FRESH.total_seconds())
    jobs.page(Wanted(), None, 50)
    today.totals()
    assert (table.calls["page"], table.calls["totals"]) == (2, 1)
    clock.sleep(SUMS_FRESH.total_seconds())
    today.totals()
    assert table.calls["totals"] == 2


def test_waits_are_means_with_gaps(table: MemoryTable, clock: ManualClock) -> None:
    found = TableWaits(Rows(table, POOL), clock).waits("slow", timedelta(hours=1), 12)
    assert len(found) == 12
    assert [each.at for each in found] == sorted(each.at for each in found)
    known = [each.value for each in found if each.value is not None]
    assert known == sorted(known, reverse=True)
    assert TableWaits(Rows(table, POOL), clock).waits("none", timedelta(hours=1), 12) == ()


@pytest.mark.parametrize("microseconds", [0, 1, 999_999])
def test_waits_are_found_at_every_part_of_a_second(clock: ManualClock, microseconds: int) -> None:
    table = MemoryTable(now=clock.now)
    table.upsert([row(number, clock) for number in range(1, 50, 2)])
    clock.sleep(microseconds / 1e6)
    found = TableWaits(Rows(table, POOL), clock).waits("slow", timedelta(hours=1), 60)
    assert [each.value for each in found if each.value is not None] == [float(each) for each in range(49, 0, -2)]


def test_a_day_is_counted_from_midnight(table: MemoryTable, clock: ManualClock) -> None:
    since, totals = TableToday(Rows(table, POOL), clock).totals()
    today = today_of(since, totals)
    assert (since.hour, today.succeeded, today.failed, today.other) == (0, 54, 6, 0)
    assert today.usd == pytest.approx(0.6)
    assert today.tokens == 60 * 15
    assert today_of(since, ()).usd is None
