"""Five-field cron as KEDA's cron scaler reads it (github.com/robfig/cron/v3): an instant matches by what the wall clock
shows, so a time that a change of the clocks skips does not come, and one that it repeats comes twice. Pure.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import tzinfo
    from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
YEARS = range(2026, 2054)  # 28 of them: every date falls on every day of the week
MAX_TURNS = 370  # of what comes every day, a year; of what comes every minute, half a day
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
DAYS_OF_MONTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

ANY = ("*", "?")

FORM = (
    "should be five-field cron such as 0 8 * * 1-5: minute 0-59, hour 0-23, day of month 1-31, month 1-12 or jan-dec, "
    "day of week 0-6 or sun-sat; a field is *, or a list of numbers and ranges such as 8,12-18, or steps such as */2 "
    "or 5/15"
)
ONE_DAY_FIELD = "should leave day of month or day of week at *: with both, cron takes a day that meets either"


@dataclass(frozen=True)
class _Field:
    number: str
    low: int
    high: int
    names: tuple[str, ...] = ()

    @property
    def pattern(self) -> str:
        """A list of numbers, ranges and steps."""
        one = f"({'|'.join((self.number, *self.names))})"
        each = rf"([*?]|{one}(-{one})?)(/[1-9][0-9]?)?"
        return f"{each}(,{each})*"


_FIELDS = (
    _Field("[0-5]?[0-9]", 0, 59),
    _Field("2[0-3]|[01]?[0-9]", 0, 23),
    _Field("3[01]|[12][0-9]|0?[1-9]", 1, 31),
    _Field("1[0-2]|0?[1-9]", 1, 12, MONTHS),
    _Field("[0-6]", 0, 6, WEEKDAYS),
)
PATTERN = f"(?i)^ *{' +'.join(field.pattern for field in _FIELDS)} *$"
ONE_DAY_FIELD_PATTERN = r"^ *[^ ]+ +[^ ]+ +([*?] +[^ ]+ +[^ ]+|[^ ]+ +[^ ]+ +[*?]) *$"
_EXPRESSION = re.compile(PATTERN, re.ASCII)


@dataclass(frozen=True)
class Cron:
    """The minutes at which something happens."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    """0 is Sunday."""

    def next_after(self, after: datetime, zone: tzinfo) -> datetime:
        """The first match later than `after`, which has a zone; in UTC."""
        at = after.astimezone(UTC).replace(second=0, microsecond=0) + MINUTE
        while not self.matches(at.astimezone(zone)):
            at = max(self._skip(at.astimezone(zone)).astimezone(UTC), at + MINUTE)
        return at

    def matches(self, wall: datetime) -> bool:
        """Whether it happens when the clocks show this."""
        return self._on(wall) and wall.hour in self.hours and wall.minute in self.minutes

    def _on(self, wall: datetime) -> bool:
        return wall.month in self.months and wall.day in self.days and wall.isoweekday() % 7 in self.weekdays

    def _skip(self, wall: datetime) -> datetime:
        """Not later than the next match."""
        if not self._on(wall):
            return datetime.combine(wall.date() + DAY, datetime.min.time(), wall.tzinfo)
        if wall.hour not in self.hours:
            return wall.astimezone(UTC) + (60 - wall.minute) * MINUTE
        return wall.astimezone(UTC) + MINUTE


@lru_cache(maxsize=64)
def skipped_minutes(zone: ZoneInfo) -> tuple[datetime, ...]:
    """What clocks never show, because they are put forward: each minute of it, in the zone's own time."""
    days = (datetime(YEARS.start, 1, 1, tzinfo=UTC) + number * DAY for number in range(len(YEARS) * 366))
    return tuple(minute for day in days for minute in _skipped_on(day, zone))


def _skipped_on(day: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    minutes = range(DAY // MINUTE + 1)
    before, after = (_offset(day + number * MINUTE, zone) for number in (minutes[0], minutes[-1]))
    if after > before:
        change = bisect_left(minutes, after, key=lambda number: _offset(day + number * MINUTE, zone))
        first = day.replace(tzinfo=None) + change * MINUTE + before
        yield from (first + number * MINUTE for number in range((after - before) // MINUTE))


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


@lru_cache(maxsize=256)
def out_of_turn(first: Cron, second: Cron) -> datetime | None:
    """After which moment the same one comes again, and not the other, by clocks that never change."""
    at = first.next_after(datetime(YEARS.start, 1, 1, tzinfo=UTC), UTC)
    for _ in range(MAX_TURNS):
        then = second.next_after(at, UTC)
        if first.next_after(at, UTC) <= then:
            return at
        again = first.next_after(then, UTC)
        if second.next_after(then, UTC) <= again:
            return then
        if again.year >= YEARS.stop:
            break
        at = again
    return None


@lru_cache(maxsize=256)
def parse_cron(text: str) -> Cron:
    """ValueError says what to change."""
    if not _EXPRESSION.fullmatch(text):
        raise ValueError(FORM)
    if not re.fullmatch(ONE_DAY_FIELD_PATTERN, text):
        raise ValueError(ONE_DAY_FIELD)
    found = Cron(*(_numbers(part, field) for part, field in zip(text.lower().split(), _FIELDS, strict=True)))
    if min(found.days) > max(DAYS_OF_MONTHS[month - 1] for month in found.months):
        raise ValueError("should name a day that one of its months has")
    return found


def _numbers(text: str, field: _Field) -> frozenset[int]:
    return frozenset().union(*(_range(each, field) for each in text.split(",")))


def _range(text: str, field: _Field) -> range:
    limits, _, step = text.partition("/")
    low, _, high = limits.partition("-")
    if low in ANY:
        return range(field.low, field.high + 1, int(step or 1))
    first = _number(low, field)
    last = field.high if step and not high else _number(high or low, field)
    if first > last:
        raise ValueError("has a range that goes down: write 22-23,0-5 instead of 22-5")
    return range(first, last + 1, int(step or 1))


def _number(text: str, field: _Field) -> int:
    return field.names.index(text) + field.low if text in field.names else int(text)
