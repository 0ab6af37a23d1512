"""When a lane sleeps: cron in a time zone, where clocks change too. KEDA's half is in tests/cluster/test_cron.py."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from laneway.schema.pool.documents.lane_documents import lane_documents
from laneway.schema.pool.documents.live_config import LiveConfig
from laneway.schema.pool.pool import parse_pool
from laneway.schema.pool.schedules.cron import PATTERN, parse_cron, skipped_minutes
from laneway.schema.pool.schedules.schedule import Period, Schedule, asleep, quiet_periods
from support.inputs.bad_schedules import pool_of, schedule
from support.inputs.jobs import PROPERTY
from support.inputs.pools import SETTINGS, pool_with

PARIS = ZoneInfo("Europe/Paris")
NIGHT = Period(timezone="Europe/Paris", start="0 1 * * *", end="0 5 * * *")
LATE = Period(timezone="Europe/Paris", start="0 22 * * *", end="30 3 * * *")
WEEKEND = Period(timezone="Europe/Paris", start="0 20 * * fri", end="0 6 * * mon")


def at(text: str, zone: ZoneInfo = PARIS, *, second: bool = False) -> datetime:
    """A moment by the clocks of a zone; the second one where they show it twice."""
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=int(second))


def sleeps(period: Period, text: str, *, second: bool = False) -> bool:
    return asleep(suspended=False, quiet=[period], now=at(text, second=second))


def live_of(document: dict[str, object]) -> LiveConfig:
    pool = parse_pool(document)
    return lane_documents(pool, pool.spec.lanes[0], SETTINGS).live


@pytest.mark.parametrize(
    ("period", "text", "inside"),
    [
        (NIGHT, "2026-11-22 00:59:59", False),
        (NIGHT, "2026-11-22 01:00:00", True),
        (NIGHT, "2026-11-22 04:59:59.999999", True),
        (NIGHT, "2026-11-22 05:00:00", False),
        (LATE, "2026-11-22 21:59", False),
        (LATE, "2026-11-22 22:00", True),
        (LATE, "2026-11-23 00:00", True),
        (LATE, "2026-11-23 03:30", False),
        (WEEKEND, "2026-11-20 19:59", False),  # a Friday
        (WEEKEND, "2026-11-20 20:00", True),
        (WEEKEND, "2026-11-22 12:00", True),
        (WEEKEND, "2026-11-23 05:59", True),
        (WEEKEND, "2026-11-23 06:00", False),
    ],
)
def test_a_lane_sleeps_from_each_start_to_the_next_end(period: Period, text: str, inside: bool) -> None:  # noqa: FBT001 - pytest passes it by name
    assert sleeps(period, text) is inside


def test_the_zone_is_the_schedules_and_not_the_callers() -> None:
    assert asleep(suspended=False, quiet=[NIGHT], now=datetime(2026, 11, 22, 0, 0, tzinfo=UTC))
    assert asleep(suspended=False, quiet=[NIGHT], now=at("2026-11-21 20:00", ZoneInfo("America/New_York")))
    assert not asleep(suspended=False, quiet=[NIGHT], now=datetime(2026, 11, 22, 4, 0, tzinfo=UTC))


def test_a_suspended_lane_sleeps_always_and_one_without_schedules_never() -> None:
    assert asleep(suspended=True, quiet=(), now=at("2026-11-22 12:00"))
    assert not asleep(suspended=False, quiet=(), now=at("2026-11-22 12:00"))


@pytest.mark.parametrize(("hour", "inside"), [(0, False), (2, True), (4, True), (7, True), (8, False)])
def test_periods_that_overlap_add_up(hour: int, inside: bool) -> None:  # noqa: FBT001 - pytest passes it by name
    morning = Period(timezone="Europe/Paris", start="0 4 * * *", end="0 8 * * *")
    assert asleep(suspended=False, quiet=[NIGHT, morning], now=at(f"2026-11-22 0{hour}:30")) is inside


def test_the_night_in_which_clocks_go_forward_is_an_hour_shorter() -> None:
    begins, ends = at("2027-03-28 01:00").astimezone(UTC), at("2027-03-28 05:00").astimezone(UTC)
    assert ends - begins == timedelta(hours=3)
    assert edges(NIGHT, "2027-03-27 12:00", hours=24) == [begins, ends]


def test_the_night_in_which_clocks_go_back_is_an_hour_longer() -> None:
    begins, ends = at("2027-10-31 01:00").astimezone(UTC), at("2027-10-31 05:00").astimezone(UTC)
    assert ends - begins == timedelta(hours=5)
    assert edges(NIGHT, "2027-10-30 12:00", hours=24) == [begins, ends]


def test_what_begins_in_the_hour_that_comes_twice_begins_the_second_time() -> None:
    period = Period(timezone="Europe/Paris", start="30 2 * * *", end="0 5 * * *")
    begins, ends = at("2027-10-31 02:30", second=True), at("2027-10-31 05:00")
    assert edges(period, "2027-10-30 12:00", hours=24) == [begins.astimezone(UTC), ends.astimezone(UTC)]


def test_what_ends_in_the_hour_that_comes_twice_ends_the_second_time() -> None:
    period = Period(timezone="Europe/Paris", start="0 22 * * *", end="30 2 * * *")
    begins, ends = at("2027-10-30 22:00"), at("2027-10-31 02:30", second=True)
    assert edges(period, "2027-10-30 12:00", hours=24) == [begins.astimezone(UTC), ends.astimezone(UTC)]


def edges(period: Period, since: str, *, hours: int) -> list[datetime]:
    """When it begins and ends, to the minute."""
    first = at(since).astimezone(UTC)
    minutes = [first + number * timedelta(minutes=1) for number in range(hours * 60)]
    states = [(minute, asleep(suspended=False, quiet=[period], now=minute)) for minute in minutes]
    return [later for (_, before), (later, after) in pairwise(states) if before != after]


@pytest.mark.parametrize(
    ("zone", "first", "many"),
    [
        ("Europe/Paris", "2026-03-29 02:00", 60),
        ("America/New_York", "2026-03-08 02:00", 60),
        ("Africa/Cairo", "2026-04-24 00:00", 60),
        ("Australia/Lord_Howe", "2026-10-04 02:00", 30),
    ],
)
def test_what_clocks_skip_is_known(zone: str, first: str, many: int) -> None:
    found = skipped_minutes(ZoneInfo(zone))
    assert (found[0], len(found)) == (datetime.fromisoformat(first), 28 * many)
    assert len({each.date() for each in found}) == 28


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata"])
def test_clocks_that_never_change_skip_nothing(zone: str) -> None:
    assert skipped_minutes(ZoneInfo(zone)) == ()


@pytest.mark.parametrize(
    ("text", "after", "expected"),
    [
        ("0 8 * * 1-5", "2026-11-20 08:00", "2026-11-23 08:00"),
        ("0 8 * * 1-5", "2026-11-20 07:59:59", "2026-11-20 08:00"),
        ("*/15 * * * *", "2026-11-22 23:45", "2026-11-23 00:00"),
        ("5,50 9-17/4 * * *", "2026-11-22 13:50", "2026-11-22 17:05"),
        ("0 0 29 2 *", "2026-11-22 12:00", "2028-02-29 00:00"),
        ("0 0 1 JAN *", "2026-11-22 12:00", "2027-01-01 00:00"),
        ("0 2 * * *", "2027-03-27 12:00", "2027-03-29 02:00"),  # which the Sunday between them has not
    ],
)
def test_the_next_match_is_what_clocks_show_next(text: str, after: str, expected: str) -> None:
    assert parse_cron(text).next_after(at(after), PARIS) == at(expected)


def fields(low: int, high: int) -> st.SearchStrategy[str]:
    """Of the form, though a range may go down."""
    number = st.integers(low, high).map(str)
    span = st.tuples(number, number).map("-".join)
    steps = st.tuples(st.just("*") | span, st.integers(1, 99).map(str)).map("/".join)
    return st.lists(st.just("*") | number | span | steps, min_size=1, max_size=2).map(",".join)


CRON = st.tuples(*(fields(*bounds) for bounds in ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6)))).map(" ".join)
MOMENTS = st.datetimes(
    at("2026-01-01").replace(tzinfo=None), at("2035-01-01").replace(tzinfo=None), timezones=st.just(UTC)
)
REFUSALS = "range that goes down|day of month or day of week|a day that its months"


@given(text=CRON, after=MOMENTS)
@settings(PROPERTY, suppress_health_check=[HealthCheck.too_slow])
def test_every_cron_that_has_the_form_is_read_or_refused_in_words(text: str, after: datetime) -> None:
    try:
        cron = parse_cron(text)
    except ValueError as error:
        refusal = str(error)
    else:
        found = cron.next_after(after, PARIS)
        assert cron.matches(found.astimezone(PARIS))
        assert found > after
        return
    assert re.search(REFUSALS, refusal)


@given(text=st.text("0159*/-,? L#7satn", max_size=20))
@settings(PROPERTY, suppress_health_check=[HealthCheck.too_slow])
def test_any_other_text_is_refused_in_words(text: str) -> None:
    if not re.fullmatch(PATTERN, text, re.ASCII):
        with pytest.raises(ValueError, match="should be five-field cron"):
            parse_cron(text)


def test_a_worker_learns_when_its_lane_is_quiet_and_no_floors() -> None:
    floor = schedule(name="office", suspend=None, minReplicas=2)
    live = live_of(pool_of(schedule(), floor))
    assert (live.suspended, live.quiet) == (False, (NIGHT,))
    assert live_of(pool_with(suspend=True)).suspended
    assert LiveConfig.model_validate_json(live.model_dump_json()) == live


def test_an_older_workers_document_has_no_schedules() -> None:
    live = live_of(pool_with())
    older = live.model_dump(mode="json", exclude={"suspended", "quiet"})
    assert LiveConfig.model_validate(older, strict=False) == live


def test_a_worker_refuses_periods_that_it_cannot_read() -> None:
    for wrong in ({"start": "0 25 * * *"}, {"timezone": "Mars/Base"}):
        with pytest.raises(ValidationError):
            Period.model_validate(NIGHT.model_dump() | wrong)


def test_only_schedules_that_suspend_are_quiet() -> None:
    floor = Schedule.model_validate(schedule(name="office", suspend=None, minReplicas=2))
    assert quiet_periods([floor]) == ()
    assert quiet_periods([floor, Schedule.model_validate(schedule())]) == (NIGHT,)
