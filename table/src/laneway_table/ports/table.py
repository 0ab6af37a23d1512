"""The table: rows are written by revision and read by the filters that it offers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from laneway_table.rows.asked import Cause, Cursor, Filter, Offers, Page, Point, Quantiles, Totals
    from laneway_table.rows.row import Row


class Table(Protocol):
    """Rows of results; of any thread. Everything raises `TableUnavailable` or `TableUnusable`, and what it can't answer
    `NotOffered`.
    """

    @property
    def offers(self) -> Offers:
        """What can be asked."""

    def prepare(self) -> None:
        """Bring the schema up to date, or wait for who does. Raises `TableUnusable` where it is a newer one's."""

    def upsert(self, rows: Sequence[Row]) -> int:
        """Write those that are not there or whose revision is greater than the one there; says how many. Raises
        `RowsRefused` where one can't be written: the others are then to be written again.
        """

    def mend(self, rows: Sequence[Row], before: datetime) -> int:
        """The same for rows that are known to be right: one with another ETag is written, too, if its revision is not
        less, or if what stands there was written before.
        """

    def get(self, pool: str, job_id: str) -> Row | None:
        """A row with its answer."""

    def page(self, pool: str, wanted: Filter, after: Cursor | None = None, limit: int = 50) -> Page:
        """Rows by the end of their jobs, the newest first."""

    def count(self, pool: str, wanted: Filter, cap: int) -> int:
        """How many there are, up to `cap` + 1, which says "more"."""

    def failed(self, pool: str, since: datetime, until: datetime, lane: str | None = None) -> tuple[Cause, ...]:
        """Jobs that failed, by code and cause and lane, the most first."""

    def totals(self, pool: str, since: datetime, until: datetime) -> tuple[Totals, ...]:
        """Counts, money and tokens of jobs that ended in a time, by lane and status."""

    def series(
        self, pool: str, since: datetime, until: datetime, step_seconds: int, lane: str | None = None
    ) -> tuple[Point, ...]:
        """The same by spans of time from `since` on, those with jobs only, in order."""

    def quantiles(self, pool: str, since: datetime, until: datetime, lane: str | None = None) -> Quantiles:
        """How long jobs waited and ran that ended in a time."""

    def etags(self, pool: str, ids: Sequence[str]) -> Mapping[str, str]:
        """The ETags of those of these jobs that are there."""

    def ids(self, pool: str, after: str, until: str | None) -> Sequence[str]:
        """Where it walks: the first thousand ids greater than `after` (bytewise), none greater than `until`."""

    def delete(self, pool: str, ids: Sequence[str], before: datetime) -> int:
        """Delete rows of these ids that were written before; says how many."""

    def expire(self, pool: str, before: datetime, most: int) -> int:
        """Delete at most so many rows whose jobs ended before; says how many, none where the database does it."""

    def close(self) -> None:
        """Let go of connections."""
