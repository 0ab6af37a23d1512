"""The pure pieces behind failed jobs: pacing, selecting, and how a row looks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from laneway.cli.failed_view import Row, age, attempts, causes, rows_table
from laneway.client.failed_entries import Selection
from laneway.client.pacing import CONCURRENT_CALLS, Pace, paced
from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.failed_job import FailedJob
from laneway.schema.job.history import Failure
from laneway.schema.job.result import ErrorDetail

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0
        self.passes: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def pace(self, per_second: float) -> Pace:
        return Pace(per_second, lambda: self.now, self.sleep)


def failed(code: ErrorCode = ErrorCode.TIMED_OUT, attempts_before: int = 0, **fields: object) -> FailedJob:
    failures = tuple(
        Failure(attempt=number, code=code, message="too slow", worker="w", at=NOW)
        for number in range(1, attempts_before + 1)
    )
    document = {
        "id": "a",
        "lane": "fast",
        "error": ErrorDetail.of(code, "too slow"),
        "failures": failures,
        "submitted_at": NOW,
        "failed_at": NOW,
        "result_etag": '"1"',
        "body": "{}",
    }
    return FailedJob.model_validate(document | fields)


def test_callers_pass_evenly() -> None:
    clock = Clock()
    pace = clock.pace(4)
    passes = []
    for _ in range(5):
        pace.wait()
        passes.append(clock.now)
    assert passes == [100.0, 100.25, 100.5, 100.75, 101.0]


def test_a_pause_is_not_made_up_for_by_a_burst() -> None:
    clock = Clock()
    pace = clock.pace(2)
    pace.wait()
    clock.now += 60
    pace.wait()
    pace.wait()
    assert clock.now == 160.5


def test_results_come_in_order_and_wait_for_the_pace() -> None:
    clock = Clock()
    numbers = range(3 * CONCURRENT_CALLS)
    assert list(paced(numbers, lambda number: number * 2, clock.pace(10))) == [number * 2 for number in numbers]
    assert clock.now == pytest.approx(100 + (len(numbers) - 1) / 10)


@pytest.mark.parametrize(
    ("selection", "wanted"),
    [
        (Selection(), True),
        (Selection(code="timed_out", lane="fast"), True),
        (Selection(code="stalled"), False),
        (Selection(lane="slow"), False),
        (Selection(before=NOW), True),
        (Selection(before=NOW - timedelta(seconds=1)), False),
        (Selection(after=NOW), True),
        (Selection(after=NOW + timedelta(seconds=1)), False),
    ],
)
def test_everything_that_is_named_has_to_be_met(selection: Selection, wanted: bool) -> None:  # noqa: FBT001 - pytest's parameters are positional
    assert selection.wants(failed()) is wanted


def test_what_was_written_long_before_is_not_even_read() -> None:
    since = Selection(after=NOW)
    assert since.may_want(NOW - timedelta(minutes=10))  # clocks differ
    assert not since.may_want(NOW - timedelta(hours=1))
    assert Selection().may_want(NOW - timedelta(days=100))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0s"),
        (0, "0s"),
        (59, "59s"),
        (60, "1m"),
        (192, "3m12s"),
        (7500, "2h5m"),
        (86400, "1d"),
        (100 * 86400 + 3600, "100d1h"),
    ],
)
def test_an_age_has_two_units_at_most(seconds: int, text: str) -> None:
    assert age(NOW - timedelta(seconds=seconds), NOW) == text


@pytest.mark.parametrize(
    ("code", "before", "count"),
    [
        (ErrorCode.TIMED_OUT, 2, 3),  # the last one counted as well
        (ErrorCode.INVALID_JOB, 0, 0),
        (ErrorCode.POISON, 1, 1),
    ],
)
def test_attempts_are_those_that_failed_for_a_reason_of_the_job(code: ErrorCode, before: int, count: int) -> None:
    assert attempts(failed(code, before)) == count


def test_causes_come_with_the_most_frequent_first() -> None:
    rows = [Row.of(failed(code)) for code in (ErrorCode.POISON, ErrorCode.TIMED_OUT, ErrorCode.TIMED_OUT)]
    assert [(each["code"], each["jobs"]) for each in causes(rows)] == [("timed_out", 2), ("poison", 1)]


def test_a_row_is_one_line_that_a_terminal_need_not_obey() -> None:
    error = ErrorDetail.of(ErrorCode.ENGINE_ERROR, "\x1b[31mred\nsecond line" + "x" * 100)
    table = rows_table([Row.of(failed(error=error))], NOW)
    assert table.splitlines()[1].split() == ["a", "fast", "engine_error", "1", "0s", "[31mred"]
