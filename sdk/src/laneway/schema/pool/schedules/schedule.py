"""Schedules: when a lane keeps a floor of workers, and when it is quiet. Pure: the clock arrives as a value."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from laneway.schema.pool.schedules.cron import (
    FORM,
    ONE_DAY_FIELD,
    ONE_DAY_FIELD_PATTERN,
    PATTERN,
    out_of_turn,
    parse_cron,
    skipped_minutes,
)
from laneway.schema.shared.base import Alias, KubernetesModel, Pattern, Record, cel

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_SCHEDULES = 16
MAX_WAKES = 64  # ends that may lie in other periods; a lane that never wakes is told the last one
MAX_CRON = 100  # characters
MAX_TIMEZONE = 64
TIMEZONE = "should be the name of a time zone, such as Europe/Paris or UTC"
ONE_EFFECT = "give exactly one of minReplicas and suspend: true"
SAME_TIMES = "start and end should differ"


def _check_cron(text: str) -> str:
    parse_cron(text)
    return text


@lru_cache(maxsize=1)
def _timezones() -> frozenset[str]:
    """The names of the IANA database; a machine may have more, such as `localtime`, that KEDA does not know."""
    return frozenset(resources.files("tzdata").joinpath("zones").read_text().split())


def _check_timezone(value: object) -> object:
    if isinstance(value, str) and value not in _timezones():
        raise ValueError(TIMEZONE)
    return value


CronText = Annotated[str, StringConstraints(max_length=MAX_CRON), AfterValidator(_check_cron)]
"""Minute, hour, day of month, month, day of week."""

Timezone = Annotated[
    str,
    StringConstraints(max_length=MAX_TIMEZONE),
    Pattern(r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$", TIMEZONE),
    BeforeValidator(_check_timezone),  # its words come before those of the pattern, which is for Kubernetes
]
"""A name in the IANA database."""

CRON_RULES = cel(
    (f"self.matches(r'{PATTERN}')", FORM),
    (f"self.matches(r'{ONE_DAY_FIELD_PATTERN}')", ONE_DAY_FIELD),
)
TIMEZONE_RULES = cel(("timestamp('2026-01-01T00:00:00Z').getHours(self) >= 0", TIMEZONE))


class Schedule(KubernetesModel):
    """A period that comes again: from each `start` to the next `end`. It does one thing to its lane."""

    model_config = ConfigDict(
        json_schema_extra=cel(
            ("has(self.minReplicas) != self.suspend", ONE_EFFECT), ("self.start != self.end", SAME_TIMES)
        )
    )

    name: Alias
    """Unique in the lane."""
    timezone: Annotated[Timezone, Field(json_schema_extra=TIMEZONE_RULES)]
    """Whose clocks `start` and `end` go by, such as `Europe/Paris`."""
    start: Annotated[CronText, Field(json_schema_extra=CRON_RULES)]
    """When it begins: five-field cron, such as `0 8 * * 1-5`."""
    end: Annotated[CronText, Field(json_schema_extra=CRON_RULES)]
    """When it ends: five-field cron, such as `0 19 * * 1-5`."""
    min_replicas: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Workers that are kept meanwhile, with or without jobs."""
    suspend: bool = False
    """The lane sleeps meanwhile: it finishes what it runs, and jobs wait. It wins over every `minReplicas`."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.min_replicas is not None) == self.suspend:
            raise ValueError(ONE_EFFECT)
        if parse_cron(self.start) == parse_cron(self.end):
            raise ValueError(SAME_TIMES)
        self._check_turns()
        self._refuse_skipped("start", self.start)
        self._refuse_skipped("end", self.end)
        return self

    def _check_turns(self) -> None:
        """Where one comes twice, KEDA takes the period for one that never begins, or that never ends."""
        wrong = out_of_turn(parse_cron(self.start), parse_cron(self.end))
        if wrong is not None:
            name = "start" if parse_cron(self.start).matches(wrong) else "end"
            when = f"{wrong:%a %Y-%m-%d %H:%M}"
            raise ValueError(
                f"start and end should take turns: after {when} {name} is next again; give both the same days"
            )

    def _refuse_skipped(self, name: str, text: str) -> None:
        """A start or an end that does not come one day a year would make the period a day longer, or drop it."""
        cron = parse_cron(text)
        for wall in skipped_minutes(ZoneInfo(self.timezone)):
            if cron.matches(wall):
                when = f"{wall:%H:%M}, as on {wall:%Y-%m-%d}"
                raise ValueError(
                    f"{name}: clocks in {self.timezone} skip {when}; take a time before or after that hour"
                )


class Period(Record):
    """A quiet schedule, for the worker."""

    timezone: Timezone
    """Whose clocks."""
    start: CronText
    """When it begins."""
    end: CronText
    """When it ends."""


def quiet_periods(schedules: Iterable[Schedule]) -> tuple[Period, ...]:
    """When the lane sleeps."""
    return tuple(Period(timezone=each.timezone, start=each.start, end=each.end) for each in schedules if each.suspend)


def asleep(suspended: bool, quiet: Iterable[Period], now: datetime) -> bool:  # noqa: FBT001 - a fact, as its name says
    """Whether a lane starts nothing at `now`, which has a zone. Cheap: it is worked out once a minute."""
    minute = now.astimezone(UTC).replace(second=0, microsecond=0)
    return suspended or any(_inside(each.timezone, each.start, each.end, minute) for each in quiet)


def wakes(quiet: Iterable[Period], now: datetime) -> datetime:
    """When a lane that sleeps at `now` by these periods begins again: each end may lie in another period."""
    periods, at = tuple(quiet), now.astimezone(UTC).replace(second=0, microsecond=0)
    for _ in range(MAX_WAKES):
        inside = [each for each in periods if _inside(each.timezone, each.start, each.end, at)]
        if not inside:
            return at
        at = max(parse_cron(each.end).next_after(at, ZoneInfo(each.timezone)) for each in inside)
    return at


@lru_cache(maxsize=1024)
def _inside(timezone: str, start: str, end: str, now: datetime) -> bool:
    """KEDA's rule: inside is where the next end does not come after the next start."""
    zone = ZoneInfo(timezone)
    return parse_cron(end).next_after(now, zone) <= parse_cron(start).next_after(now, zone)
