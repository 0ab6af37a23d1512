"""Failed jobs by code and cause: pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from laneway.schema.job import cause

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from laneway_dashboard.ports.failed import FailedSeen

NO_CAUSE = "no cause is told"


@dataclass(frozen=True)
class Group:
    """Jobs that failed for one cause."""

    code: str
    cause: str
    count: int
    lanes: tuple[str, ...]
    first: datetime
    last: datetime
    example: str
    """The id of the one that failed last."""


@dataclass(frozen=True)
class Chosen:
    """Which failed jobs are meant; empty texts mean any."""

    code: str = ""
    cause: str = ""
    lane: str = ""
    id: str = ""

    def wants(self, job: FailedSeen) -> bool:
        """Whether this one is."""
        return (
            self.code in ("", job.code)
            and self.lane in ("", job.lane)
            and self.id in ("", job.id)
            and self.cause in ("", cause_of(job))
        )

    @classmethod
    def of(cls, values: Mapping[str, str]) -> Chosen:
        """Which ones a query or a form means."""
        return cls(**{name: values.get(name, "").strip() for name in ("code", "cause", "lane", "id")})

    @property
    def told(self) -> str:
        """In words."""
        parts = [f"{name} {each}" for name, each in vars(self).items() if each]
        return ", ".join(parts) or "every failed job"


def cause_of(job: FailedSeen) -> str:
    """Never empty: that would mean any."""
    return cause.cause_of(job.message, job.id) or NO_CAUSE


def groups(jobs: Iterable[FailedSeen]) -> list[Group]:
    """The largest first."""
    found: dict[tuple[str, str], list[FailedSeen]] = {}
    for job in jobs:
        found.setdefault((job.code, cause_of(job)), []).append(job)
    return sorted((_group(*key, each) for key, each in found.items()), key=lambda each: (-each.count, each.code))


def _group(code: str, cause: str, jobs: Sequence[FailedSeen]) -> Group:
    last = max(jobs, key=lambda each: each.failed_at)
    return Group(
        code=code,
        cause=cause,
        count=len(jobs),
        lanes=tuple(sorted({each.lane for each in jobs})),
        first=min(each.failed_at for each in jobs),
        last=last.failed_at,
        example=last.id,
    )
