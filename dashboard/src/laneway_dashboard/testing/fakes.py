"""Every port in memory."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from laneway_dashboard.errors import Refused, Unavailable
from laneway_dashboard.ports.failed import Done, FailedList
from laneway_dashboard.ports.job import JobSeen, Texts
from laneway_dashboard.ports.jobs import FILTERS, Page

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import timedelta

    from laneway_dashboard.ports.actions import Plan, Progress
    from laneway_dashboard.ports.clock import Clock
    from laneway_dashboard.ports.failed import FailedSeen, Verb
    from laneway_dashboard.ports.history import Point
    from laneway_dashboard.ports.jobs import Filter, Row, Wanted
    from laneway_dashboard.ports.watching import PoolSeen


@dataclass
class FakeWatched:
    """Counts how often it is looked at."""

    seen: PoolSeen
    looks: int = 0

    def look(self) -> PoolSeen:
        """As it was set."""
        self.looks += 1
        return self.seen

    def set_paused(self, lane: str, *, paused: bool) -> None:
        """As a lane's own document would say."""
        lanes = tuple(replace(each, paused=paused) if each.name == lane else each for each in self.seen.lanes)
        self.seen = replace(self.seen, lanes=lanes)


@dataclass
class FakePauses:
    """Pauses what the fake shows."""

    watched: FakeWatched

    def pause(self, lane: str, who: str) -> None:
        """At once."""
        del who
        self.watched.set_paused(lane, paused=True)

    def resume(self, lane: str, who: str) -> None:
        """At once."""
        del who
        self.watched.set_paused(lane, paused=False)


class FakeFailed:
    """Failed jobs that can be acted on once."""

    def __init__(self, jobs: Iterable[FailedSeen] = (), *, complete: bool = True) -> None:
        """In the order that is shown."""
        self.jobs = list(jobs)
        self.acted: list[tuple[Verb, str]] = []
        self.trouble: str | None = None
        self.other_bodies: set[str] = set()
        self.gate: threading.Event | None = None
        """Before each job, where it is set."""
        self.complete = complete
        self._lock = threading.Lock()

    def list(self) -> FailedList:
        """Those that are left."""
        self._reach()
        return FailedList(tuple(self.jobs), self.complete, told="" if self.complete else "These are some of them.")

    def act(self, verb: Verb, job_id: str, etag: str) -> Done:
        """Refused where the failure is another one."""
        if self.gate is not None:
            self.gate.wait()
        self._reach()
        with self._lock:
            found = next((each for each in self.jobs if each.id == job_id and each.etag == etag), None)
            if found is None:
                raise Refused(f"{job_id} was retried, dropped, or failed again just now: look at it first")
            self.jobs.remove(found)
            self.acted.append((verb, job_id))
        return Done(other_body=job_id in self.other_bodies)

    def _reach(self) -> None:
        if self.trouble is not None:
            raise Unavailable(self.trouble)


@dataclass
class FakeJobs:
    """A list that can be asked by everything, or by less."""

    rows: Sequence[Row] = ()
    filters: frozenset[Filter] = frozenset(FILTERS)
    order: str = "newest first"
    trouble: str | None = None
    clock: Clock | None = None

    def page(self, wanted: Wanted, after: str | None, limit: int) -> Page:
        """By position."""
        if self.trouble is not None:
            raise Unavailable(self.trouble)
        if after is not None and not after.isdigit():
            raise Refused("the link to this page is of another list: begin at its first page")
        rows = [each for each in self.rows if self._meets(each, wanted)]
        start = int(after or 0)
        more = str(start + limit) if start + limit < len(rows) else None
        return Page(tuple(rows[start : start + limit]), more, len(rows))

    def _meets(self, row: Row, wanted: Wanted) -> bool:
        label = wanted.label
        recent = wanted.since is None or (self.clock is not None and self.clock.now() - row.finished_at <= wanted.since)
        return (
            recent
            and wanted.lane in (None, row.lane)
            and wanted.status in (None, row.status)
            and wanted.code in (None, row.code)
            and (label is None or row.labels.get(label[0]) == label[1])
            and row.id.startswith(wanted.prefix or "")
        )


@dataclass
class FakeOneJob:
    """Jobs by their ids."""

    jobs: dict[str, JobSeen] = field(default_factory=dict)
    words: dict[str, Texts] = field(default_factory=dict)
    refused: str | None = None
    trouble: str | None = None

    def get(self, job_id: str) -> JobSeen | None:
        """As it was set."""
        if self.trouble is not None:
            raise Unavailable(self.trouble)
        return self.jobs.get(job_id)

    def texts(self, job_id: str) -> Texts:
        """As they were set."""
        if self.refused is not None:
            raise Refused(self.refused)
        return self.words.get(job_id, Texts(None, None))


@dataclass
class FakeWaits:
    """One line for every lane."""

    points: tuple[Point, ...] = ()

    def waits(self, lane: str, span: timedelta, points: int) -> tuple[Point, ...]:
        """Whatever is asked."""
        del lane, span
        return self.points[-points:]


class MemoryActions:
    """Actions, as long as the test runs."""

    def __init__(self) -> None:
        """None."""
        self.plans: dict[str, Plan] = {}
        self.progress: dict[str, Progress] = {}

    def load(self) -> list[tuple[Plan, Progress]]:
        """Those that were begun and saved since."""
        return [(plan, self.progress[name]) for name, plan in self.plans.items() if name in self.progress]

    def begin(self, plan: Plan) -> None:
        """Keep it."""
        self.plans[plan.id] = plan

    def save(self, action_id: str, progress: Progress) -> None:
        """Over what was there."""
        self.progress[action_id] = progress
