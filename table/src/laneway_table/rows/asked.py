"""What is asked of a table, and its answers. Filters and sorts are these and no others."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

    from laneway.schema.job.result import Status
    from laneway_table.rows.row import Row

MOST_ROWS = 500  # of a page
COUNT_CAP = 10_000
"""More than so many are not counted: "10,000+" is as good an answer, and costs milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which rows of a pool; every field that is given narrows them."""

    lane: str | None = None
    status: Status | None = None
    code: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    """All of these."""
    id_prefix: str | None = None
    since: datetime | None = None
    """Ended then or later."""
    until: datetime | None = None
    """Ended before."""

    @property
    def given(self) -> frozenset[str]:
        """The names of the fields that narrow."""
        return frozenset(each.name for each in fields(self) if getattr(self, each.name))


ALL_FILTERS = frozenset(each.name for each in fields(Filter))


@dataclass(frozen=True, slots=True)
class Offer:
    """A question that a table answers quickly."""

    needs: frozenset[str]
    """Filters that have to be given."""
    may: frozenset[str]
    """And those that may be."""

    def covers(self, given: frozenset[str]) -> bool:
        """Whether this is such a question."""
        return self.needs <= given <= self.needs | self.may


@dataclass(frozen=True, slots=True)
class Offers:
    """What a kind of table can do: nobody is shown a filter that it can't."""

    questions: tuple[Offer, ...]
    figures: bool = True
    """Whether it adds up: totals, series, quantiles."""
    walks: bool = True
    """Whether it lists its rows by their ids, so that one that S3 has not is found."""

    def cover(self, wanted: Filter) -> bool:
        """Whether rows of this filter can be had."""
        return any(each.covers(wanted.given) for each in self.questions)


EVERYTHING = Offers((Offer(frozenset(), ALL_FILTERS),))


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of a page; the next page begins after it."""

    finished_at: datetime
    id: str

    def to_text(self) -> str:
        """For an address or a command line."""
        document = json.dumps([self.finished_at.isoformat(), self.id])
        return base64.urlsafe_b64encode(document.encode()).decode().rstrip("=")

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Raises ValueError, whatever the text."""
        try:
            at, job_id = json.loads(base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4)))
            found = cls(datetime.fromisoformat(at), str(job_id))
        except (binascii.Error, TypeError, ValueError):
            raise ValueError("is no place in a list; begin at its first page") from None
        if found.finished_at.tzinfo is None:
            raise ValueError("is no place in a list; begin at its first page")
        return found


@dataclass(frozen=True, slots=True)
class Page:
    """Rows without their answers, the newest end first."""

    rows: tuple[Row, ...]
    after: Cursor | None
    """Where the next page begins; none: this is the last."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Failures of one kind."""

    code: str
    cause: str
    lane: str
    jobs: int
    last_at: datetime
    """The newest end."""
    example: str
    """The id of that job."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What a lane's jobs of one status sum up to."""

    lane: str
    status: Status
    jobs: int
    usd: float
    gpu_seconds: float
    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class Point:
    """The same of one span of time, by its begin."""

    at: datetime
    lane: str
    status: Status
    jobs: int
    usd: float
    completion_tokens: int
    queued_seconds: float
    """Their sum."""
    run_seconds: float
    """Their sum."""


@dataclass(frozen=True, slots=True)
class Quantiles:
    """Of jobs that ran: by nearest rank, so each is a time that a job took."""

    jobs: int
    queued_seconds: tuple[float, ...]
    """In the order of `QUANTILES`; empty where no job ran."""
    run_seconds: tuple[float, ...]


QUANTILES = (0.5, 0.9, 0.99)


def rank(quantile: float, count: int) -> int:
    """Nearest rank, from 0."""
    return max(0, -int(-quantile * count // 1) - 1)
