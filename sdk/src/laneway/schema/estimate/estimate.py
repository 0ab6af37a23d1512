"""The estimate: the range of time until a job begins, and what is told with it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, StringConstraints

from laneway.schema.job.result import Count, Seconds
from laneway.schema.pool.documents.lane_estimate import Depth, Standing
from laneway.schema.shared.base import Record

Known = Literal["range", "asleep", "too_few", "no_start_times", "unread", "held_up"]
"""`too_few` jobs have ended to tell; `unread`: the lane's document could not be read, or there is none; `held_up`:
every worker waits for something.
"""

MINUTE, HOUR = 60, 3600
SECONDS_UNTIL = 90  # from here on in minutes
MINUTES_UNTIL = 90 * MINUTE  # from here on in hours


class Estimate(Record):
    """When a job that is sent now begins, or why nobody can say."""

    lane: Annotated[str, StringConstraints(max_length=63)]
    """The lane."""
    known: Known
    """Whether there is a range, or why there is none."""
    ahead: Count
    """About how many jobs wait before it."""
    low_seconds: Seconds | None = None
    """In eight of ten cases it begins after that,"""
    high_seconds: Seconds | None = None
    """and before this."""
    median_seconds: Seconds | None = None
    """As likely later as sooner."""
    raw_seconds: Seconds | None = None
    """The median before it was corrected by how earlier estimates came out: what they are held against."""
    depth: Depth = "few"
    """Of the line."""
    standing: Standing = "ready"
    """Of the lane."""
    wakes_at: AwareDatetime | None = None
    """When a lane that sleeps by its schedule begins again."""
    note: Annotated[str, StringConstraints(max_length=300)] = ""
    """What else a person should know, such as `node starting`."""

    @property
    def ahead_words(self) -> str:
        """Such as `about 41 ahead`."""
        return f"about {self.ahead} ahead" if self.ahead else "nobody ahead"

    @property
    def range_words(self) -> str:
        """Such as `3-5 min`; empty where there is no range."""
        if self.low_seconds is None or self.high_seconds is None:
            return ""
        return range_words(self.low_seconds, self.high_seconds)

    def __str__(self) -> str:
        """As people say it: `about 41 ahead, 3-5 min, node starting`."""
        return ", ".join(each for each in (self.ahead_words, self.range_words, self.note) if each)


def range_words(low: float, high: float) -> str:
    """Two times in one unit, such as `3-5 min`."""
    if high < 1:
        return "at once"
    unit, name = _unit(high)
    first, last = _whole(low / unit), max(1, _whole(high / unit))
    return f"{last} {name}" if first == last else f"{first}-{last} {name}"


def _unit(seconds: float) -> tuple[int, str]:
    if seconds < SECONDS_UNTIL:
        return 1, "s"
    return (MINUTE, "min") if seconds < MINUTES_UNTIL else (HOUR, "h")


def _whole(number: float) -> int:
    return int(number + 0.5)
