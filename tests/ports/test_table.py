from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from laneway_table.errors import NotOffered, RowsRefused, TableError
from laneway_table.rows import clean
from laneway_table.rows.asked import COUNT_CAP, Filter
from laneway_table.rows.row import row_of
from support.inputs.offers import result
from support.table.benches import BENCHES, DYNAMODB
from support.table.rows import AT, POOL, failed_row, row
from support.waiting import in_thread

if TYPE_CHECKING:
    from laneway_table.ports.table import Table
    from laneway_table.rows.asked import Cursor
    from laneway_table.rows.row import Row

HOUR = timedelta(hours=1)
FAST = Filter(lane="fast")
DAY = (AT - HOUR, AT + 23 * HOUR)
LATER, EARLIER = datetime(2100, 1, 1, tzinfo=UTC), datetime(2000, 1, 1, tzinfo=UTC)
NASTY = [
    "a\"b'c",
    "Robert'); DROP TABLE laneway_results;--",
    "<b>&amp;",
    "%_\\",
    "ж́ 漢字 🜚",
    "\uffff",
    "\u2028",
    "$.x",
    ":lane",
]


def adds_up(table: Table) -> bool:
    if not table.offers.figures:
        for ask in (
            lambda: table.totals(POOL, *DAY),
            lambda: table.series(POOL, *DAY, 60),
            lambda: table.quantiles(POOL, *DAY),
        ):
            with pytest.raises(NotOffered):
                ask()
    return table.offers.figures


@pytest.fixture(params=BENCHES)
def bench(request: pytest.FixtureRequest) -> str:
    chosen: str = request.param
    return chosen


def names(table: Table, limit: int = 50, after: Cursor | None = None, **wanted: Any) -> list[str]:
    return [each.id for each in table.page(POOL, Filter(**wanted), after, limit).rows]


def test_a_row_is_read_as_it_was_written(table: Table) -> None:
    whole = row(labels={"team": "claims"}, text="An answer.", parsed='{"lines":[1.5,"two"]}', output_url=None)
    bare = failed_row(
        "bare", started_at=None, first_token_at=None, prompt_tokens=None, completion_tokens=None, usd=None
    )
    assert table.upsert([whole, bare]) == 2
    assert (table.get(POOL, whole.id), table.get(POOL, "bare")) == (whole, bare)
    assert table.get(POOL, "another") is None
    assert table.get("nlp/other", whole.id) is None


def test_a_list_has_no_answers(table: Table) -> None:
    table.upsert([row(text="An answer.", parsed="{}")])
    (found,) = table.page(POOL, FAST).rows
    assert (found.text, found.parsed) == (None, None)


@pytest.mark.parametrize("nasty", NASTY, ids=range(len(NASTY)))
def test_whatever_a_result_says_is_kept_and_found(table: Table, nasty: str) -> None:
    hostile = row_of(
        result(text=nasty, parsed={nasty: [nasty]}, labels={nasty: nasty}),
        url="s3://acme-llm/x",
        etag='"1"',
        output=True,
    )
    assert table.upsert([hostile]) == 1
    assert table.get(hostile.pool, hostile.id) == hostile
    assert table.page(hostile.pool, Filter(lane=nasty)).rows == ()
    if table.offers.cover(Filter(labels=hostile.labels, id_prefix=nasty)):
        assert len(table.page(hostile.pool, Filter(labels=hostile.labels)).rows) == 1
        assert table.page(hostile.pool, Filter(labels=hostile.labels, lane=nasty)).rows == ()
        assert table.page(hostile.pool, Filter(id_prefix=nasty)).rows == ()


def test_the_greatest_numbers_and_times_are_kept_and_summed(table: Table) -> None:
    most: dict[str, Any] = {
        "revision": clean.MOST_INTEGER,
        "prompt_tokens": clean.MOST_TOKENS,
        "completion_tokens": clean.MOST_TOKENS,
        "queued_seconds": clean.MOST_SECONDS,
        "gpu_seconds": clean.MOST_SECONDS,
        "usd": clean.MOST_USD,
        "submitted_at": clean.EARLIEST,
        "started_at": clean.LATEST,
    }
    rows = [row(f"job-{number}", **most) for number in range(3)]
    assert table.upsert(rows) == 3
    assert table.get(POOL, "job-0") == rows[0]
    if not table.offers.figures:
        return
    (totals,) = table.totals(POOL, *DAY)
    assert (totals.prompt_tokens, totals.usd) == (3 * clean.MOST_TOKENS, 3 * clean.MOST_USD)
    assert table.series(POOL, *DAY, 3600)[0].queued_seconds == 3 * clean.MOST_SECONDS


@pytest.mark.parametrize("order", [(0, 1), (1, 0), (0, 1, 0, 1), (1, 1, 0)])
def test_the_greatest_revision_stays_in_whatever_order_they_come(table: Table, order: tuple[int, ...]) -> None:
    for revision in order:
        table.upsert([failed_row("job") if revision == 0 else row("job", revision=1, etag='"2"')])
    found = table.get(POOL, "job")
    assert found is not None
    assert (found.revision, found.status, found.etag) == (1, "succeeded", '"2"')


def test_what_was_written_is_counted(table: Table) -> None:
    assert table.upsert([row("a"), row("b")]) == 2
    assert table.upsert([row("a"), row("b", revision=1), row("c")]) == 2
    assert table.upsert([]) == 0


def test_a_batch_may_hold_a_job_twice(table: Table) -> None:
    table.upsert([row("a", revision=1, etag='"2"'), row("a")])
    found = table.get(POOL, "a")
    assert found is not None
    assert found.revision == 1


def test_one_bad_row_is_told_of_without_its_words(table: Table, bench: str) -> None:
    with pytest.raises(RowsRefused) as refused:
        table.upsert([row("good"), row("bad", model=None)])
    assert "invoice" not in str(refused.value)
    assert bench == DYNAMODB or table.get(POOL, "good") is None
    table.upsert([row("good")])
    assert table.get(POOL, "good") == row("good")


def test_pages_follow_each_other_though_many_jobs_end_at_once(table: Table) -> None:
    rows = [row(f"job-{number:02}", minutes=number // 4) for number in range(23)]
    table.upsert(rows)
    seen: list[str] = []
    after: Cursor | None = None
    while True:
        page = table.page(POOL, FAST, after, 5)
        assert len(page.rows) <= 5
        seen += [each.id for each in page.rows]
        if (after := page.after) is None:
            break
    assert seen == [each.id for each in sorted(rows, key=lambda each: (each.finished_at, each.id), reverse=True)]


def test_a_last_page_that_is_full_is_the_last(table: Table) -> None:
    table.upsert([row("a"), row("b")])
    assert table.page(POOL, FAST, limit=2).after is None


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, ["d", "c", "b", "a-2", "a-1"]),
        ({"lane": "slow"}, ["b"]),
        ({"status": "failed"}, ["d", "c"]),
        ({"code": "stalled"}, ["d"]),
        ({"code": "stalled", "lane": "slow"}, []),
        ({"labels": {"team": "claims"}}, ["b", "a-1"]),
        ({"labels": {"team": "claims", "kind": "letter"}}, ["b"]),
        ({"labels": {"kind": "claims"}}, []),
        ({"id_prefix": "a-"}, ["a-2", "a-1"]),
        ({"id_prefix": "%"}, []),
        ({"since": AT + timedelta(minutes=3)}, ["d", "c"]),
        ({"until": AT + timedelta(minutes=1)}, ["a-1"]),
        ({"since": AT + timedelta(minutes=1), "until": AT + timedelta(minutes=3), "lane": "fast"}, ["a-2"]),
    ],
)
def test_filters_narrow(table: Table, wanted: dict[str, Any], found: list[str]) -> None:
    table.upsert(
        [
            row("a-1", 0, labels={"team": "claims"}),
            row("a-2", 1, labels={"team": "legal"}),
            row("b", 2, lane="slow", labels={"team": "claims", "kind": "letter"}),
            failed_row("c", 3, code="poison"),
            failed_row("d", 4),
            row("e", 5, pool="nlp/other", labels={"team": "claims"}),
        ]
    )
    if not table.offers.cover(Filter(**wanted)):
        with pytest.raises(NotOffered):
            names(table, **wanted)
        return
    assert names(table, **wanted) == found
    assert table.count(POOL, Filter(**wanted), COUNT_CAP) == len(found)
    if found:
        first = table.page(POOL, Filter(**wanted), limit=1)
        assert [each.id for each in first.rows] == found[:1]
        assert names(table, after=first.after, **wanted) == found[1:] if first.after else found[1:] == []


def test_a_count_ends_at_its_cap(table: Table) -> None:
    table.upsert([row(f"job-{number}") for number in range(7)])
    assert [table.count(POOL, FAST, cap) for cap in (5, 6, 7, 8)] == [6, 7, 7, 7]


def test_failures_are_grouped_by_what_is_wrong(table: Table) -> None:
    table.upsert(
        [
            *(failed_row(f"stalled-{number}", number) for number in range(3)),
            failed_row("slow", 4, lane="slow"),
            failed_row("poison", 5, code="poison", cause="received N times"),
            failed_row("old", -90),
            row("fine"),
            failed_row("late", 1, status="expired", code="expired"),
        ]
    )
    found = table.failed(POOL, *DAY)
    assert [(each.code, each.lane, each.jobs, each.example) for each in found] == [
        ("stalled", "fast", 3, "stalled-2"),
        ("poison", "fast", 1, "poison"),
        ("stalled", "slow", 1, "slow"),
    ]
    assert (found[0].cause, found[0].last_at) == ("no token for N s", AT + timedelta(minutes=2))
    assert [each.example for each in table.failed(POOL, *DAY, "slow")] == ["slow"]


def test_totals_are_of_a_time_by_lane_and_status(table: Table) -> None:
    if not adds_up(table):
        return
    table.upsert(
        [row("a"), row("b", 1), row("c", 2, lane="slow"), failed_row("d", usd=None, prompt_tokens=None), row("e", -90)]
    )
    found = table.totals(POOL, *DAY)
    assert [(each.lane, each.status, each.jobs, each.usd) for each in found] == [
        ("fast", "failed", 1, 0),
        ("fast", "succeeded", 2, 0.5),
        ("slow", "succeeded", 1, 0.25),
    ]
    assert (found[1].gpu_seconds, found[1].prompt_tokens, found[1].completion_tokens) == (3, 24, 10)
    assert table.totals("nlp/other", *DAY) == ()


def test_a_series_has_the_spans_with_jobs(table: Table) -> None:
    if not adds_up(table):
        return
    table.upsert([row("a", 0), row("b", 59.99), row("c", 60), row("d", 185, lane="slow"), row("e", -1)])
    found = table.series(POOL, AT, AT + 6 * HOUR, 3600)
    assert [(each.at, each.lane, each.jobs, each.run_seconds) for each in found] == [
        (AT, "fast", 2, 6),
        (AT + HOUR, "fast", 1, 3),
        (AT + 3 * HOUR, "slow", 1, 3),
    ]
    assert [each.lane for each in table.series(POOL, AT, AT + 6 * HOUR, 3600, "slow")] == ["slow"]


def test_quantiles_are_of_jobs_that_ran(table: Table) -> None:
    if not adds_up(table):
        return
    rows = [
        row(f"job-{number}", run_seconds=float(number), queued_seconds=float(2 * number)) for number in range(1, 101)
    ]
    table.upsert([*rows, row("never", started_at=None, run_seconds=900.0)])
    found = table.quantiles(POOL, *DAY)
    assert (found.jobs, found.run_seconds, found.queued_seconds) == (100, (50, 90, 99), (100, 180, 198))
    assert table.quantiles(POOL, *DAY, "slow") == type(found)(0, (), ())


def test_ids_are_listed_in_the_order_of_s3(table: Table) -> None:
    table.upsert([row(each) for each in ("b", "B", "a.1", "a-1", "a_1", "0", "a")])
    if not table.offers.walks:
        with pytest.raises(NotOffered):
            table.ids(POOL, "", None)
        return
    assert list(table.ids(POOL, "", None)) == ["0", "B", "a", "a-1", "a.1", "a_1", "b"]
    assert list(table.ids(POOL, "B", "a.1")) == ["a", "a-1", "a.1"]


def test_etags_are_those_of_the_jobs_that_are_there(table: Table) -> None:
    table.upsert([row("a"), row("b", etag='"2"'), row("c")])
    assert dict(table.etags(POOL, ["a", "b", "x'y"])) == {"a": '"1"', "b": '"2"'}
    assert dict(table.etags(POOL, [])) == {}


@pytest.mark.parametrize(
    ("there", "right", "before", "written"),
    [
        (row(), row(), LATER, 0),
        (row(), row(etag='"2"'), EARLIER, 1),
        (row(revision=1), row(etag='"2"'), EARLIER, 0),
        (row(revision=1), row(etag='"2"'), LATER, 1),
        (None, row(), EARLIER, 1),
    ],
)
def test_what_is_wrong_is_mended(table: Table, there: Row | None, right: Row, before: datetime, written: int) -> None:
    if there is not None:
        table.upsert([there])
    assert table.mend([right], before) == written
    found = table.get(POOL, right.id)
    assert found == (right if written else there)


def test_rows_are_deleted_by_name_unless_they_are_new(table: Table) -> None:
    table.upsert([row("a"), row("b"), row("a", pool="nlp/other")])
    assert table.delete(POOL, ["a", "x"], EARLIER) == 0
    assert table.delete(POOL, ["a", "x"], LATER) == 1
    assert (names(table, lane="fast"), table.get("nlp/other", "a") is None) == (["b"], False)


def test_old_rows_expire_in_batches(table: Table, bench: str) -> None:
    if bench == DYNAMODB:
        assert table.expire(POOL, LATER, 2) == 0
        return
    table.upsert([row(f"job-{number}", minutes=number) for number in range(5)])
    table.upsert([row("other", pool="nlp/other")])
    assert [table.expire(POOL, AT + timedelta(minutes=3), 2) for _ in range(3)] == [2, 1, 0]
    assert names(table) == ["job-4", "job-3"]
    assert table.get("nlp/other", "other") is not None


def test_writers_at_once_leave_the_greatest_revision_of_each(table: Table) -> None:
    ids = [f"job-{number}" for number in range(20)]

    def write(revision: int) -> None:
        ordered = ids if revision % 2 else ids[::-1]
        table.upsert([row(each, revision=revision, etag=f'"{revision}"') for each in ordered])

    for each in [in_thread(lambda revision=revision: write(revision)) for revision in range(8)]:  # type: ignore[misc] # mypy infers no lambda with a default
        each.result(60)
    assert set(table.etags(POOL, ids).values()) == {'"7"'}


def test_who_has_closed_it_is_told(table: Table, bench: str) -> None:
    if bench in ("memory", DYNAMODB):
        return
    table.close()
    with pytest.raises(TableError):
        table.get(POOL, "a")
