"""How a pool stands: what one look at it finds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True)
class RunningJob:
    """A job in the hands of a worker."""

    id: str
    since: datetime
    attempt: int = 1
    tokens: int = 0
    """Written so far."""


@dataclass(frozen=True)
class WorkerSeen:
    """A worker, as it says of itself."""

    name: str
    state: str
    """`starting`, `loading`, `serving`, `draining`, or `waits`."""
    slots: int
    reported_at: datetime
    jobs: tuple[RunningJob, ...] = ()
    tokens_per_second: float | None = None
    model: str | None = None
    digest: str | None = None
    words: str = ""
    """The state for people, with what to do where something is wrong."""
    rests: bool = False
    """Whether it waits because its lane does."""

    @property
    def is_held_up(self) -> bool:
        """Whether it waits for something that somebody has to mend."""
        return self.state == "waits" and not self.rests

    @property
    def told(self) -> str:
        """Its state, in the best words there are."""
        return self.words or self.state


@dataclass(frozen=True)
class Estimated:
    """When a job that is sent now would begin."""

    ahead: int
    least_seconds: float
    most_seconds: float


@dataclass(frozen=True)
class SleepSeen:
    """A schedule in which a lane sleeps."""

    timezone: str
    start: str
    """Cron."""
    end: str
    asleep: bool
    turns_at: datetime | None
    """When it next falls asleep, or wakes where it sleeps."""


@dataclass(frozen=True)
class Today:
    """What a table tells of a day."""

    since: datetime
    succeeded: int
    failed: int
    other: int
    """Expired and cancelled."""
    usd: float | None
    """None where no price is known."""
    tokens: int
    gpu_seconds: float


@dataclass(frozen=True)
class LaneSeen:
    """How a lane stands; what is None can't be told by the sources of this pool."""

    name: str
    model: str
    queued: int | None = None
    running: int | None = None
    delayed: int | None = None
    """Backing off before another attempt."""
    oldest_seconds: float | None = None
    workers: tuple[WorkerSeen, ...] | None = None
    stage: str | None = None
    """Before a worker is there: `node starting`, …"""
    estimate: Estimated | None = None
    no_estimate: str | None = None
    """Why there is none."""
    paused: bool | None = None
    sleeps: tuple[SleepSeen, ...] = ()
    today: Today | None = None
    trouble: str | None = None
    """Why its figures can't be read."""

    @property
    def is_asleep(self) -> bool:
        """Whether a schedule has it sleep now."""
        return any(each.asleep for each in self.sleeps)


@dataclass(frozen=True)
class PoolSeen:
    """How a pool stands."""

    name: str
    """`namespace/name`."""
    url: str
    lanes: tuple[LaneSeen, ...] = ()
    failed: int | None = None
    """Jobs that wait for a person."""
    failed_is_least: bool = False
    """Whether there may be more."""
    today: Today | None = None
    troubles: tuple[str, ...] = field(default=())
    """What could not be read, and what to do about it."""
    knows_schedules: bool = True
    """Whether `LaneSeen.sleeps` tells all of them."""


class Watched(Protocol):
    """A pool that is looked at."""

    def look(self) -> PoolSeen:
        """How it stands now. What can't be read is among its troubles: nothing is raised."""
