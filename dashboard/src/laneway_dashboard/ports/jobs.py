"""Jobs that have ended, as a list that can be asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

Filter = Literal["lane", "status", "code", "label", "prefix", "since"]
FILTERS: tuple[Filter, ...] = ("lane", "status", "code", "label", "prefix", "since")


@dataclass(frozen=True)
class Wanted:
    """Which jobs are meant; everything that is not None has to be met."""

    lane: str | None = None
    status: str | None = None
    code: str | None = None
    label: tuple[str, str] | None = None
    prefix: str | None = None
    """How their ids begin."""
    since: timedelta | None = None


@dataclass(frozen=True)
class Row:
    """A job in the list; what is None the source can't tell without reading every result."""

    id: str
    finished_at: datetime
    status: str | None = None
    lane: str | None = None
    code: str | None = None
    queued_seconds: float | None = None
    run_seconds: float | None = None
    tokens: int | None = None
    usd: float | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Page:
    """Some rows, and where the next ones begin."""

    rows: tuple[Row, ...]
    next: str | None = None
    count: int | None = None
    """How many there are in all, as far as they were counted."""
    count_is_least: bool = False


class Jobs(Protocol):
    """A pool's."""

    @property
    def filters(self) -> frozenset[Filter]:
        """What can be asked."""

    @property
    def order(self) -> str:
        """In words: `newest first`."""

    def page(self, wanted: Wanted, after: str | None, limit: int) -> Page:
        """Raises `Unavailable`, and `Refused` where `after` is none that it gave."""
