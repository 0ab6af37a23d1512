"""A table in memory: what the others are measured by."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from laneway_table.errors import RowsRefused, TableError
from laneway_table.rows.asked import EVERYTHING, QUANTILES, Cause, Cursor, Page, Point, Quantiles, Totals, rank
from laneway_table.rows.row import REQUIRED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from laneway_table.rows.asked import Filter, Offers
    from laneway_table.rows.row import Row

MOST_IDS = 1000


class MemoryTable:
    """Rows in a dict; trouble is told to it."""

    def __init__(self, offers: Offers = EVERYTHING, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Empty."""
        self.offers = offers
        self.rows: dict[tuple[str, str], Row] = {}
        self.trouble: TableError | None = None
        """Raised by every call, while it is set."""
        self.calls: Counter[str] = Counter()
        self._written: dict[tuple[str, str], datetime] = {}
        self._now = now

    def prepare(self) -> None:
        """Nothing."""
        self._called("prepare")

    def upsert(self, rows: Sequence[Row]) -> int:
        """As the port says."""
        self._called("upsert")
        return self._write(rows, lambda there, row: there.revision < row.revision)

    def mend(self, rows: Sequence[Row], before: datetime) -> int:
        """As the port says."""
        self._called("mend")
        return self._write(
            rows,
            lambda there, row: (
                there.etag != row.etag
                and (there.revision <= row.revision or self._written[there.pool, there.id] < before)
            ),
        )

    def _write(self, rows: Sequence[Row], gives_way: Callable[[Row, Row], bool]) -> int:
        for row in rows:
            if any(getattr(row, name) is None for name in REQUIRED):
                raise RowsRefused("a row is refused: a value is missing")
        written = 0
        for row in rows:
            key = (row.pool, row.id)
            if key not in self.rows or gives_way(self.rows[key], row):
                self.rows[key], self._written[key] = row, self._now()
                written += 1
        return written

    def get(self, pool: str, job_id: str) -> Row | None:
        """As the port says."""
        self._called("get")
        return self.rows.get((pool, job_id))

    def page(self, pool: str, wanted: Filter, after: Cursor | None = None, limit: int = 50) -> Page:
        """As the port says."""
        self._called("page")
        found = sorted(self._matching(pool, wanted), key=_place, reverse=True)
        if after is not None:
            found = [each for each in found if _place(each) < (after.finished_at, after.id)]
        shown = tuple(replace(each, text=None, parsed=None) for each in found[:limit])
        return Page(shown, Cursor(shown[-1].finished_at, shown[-1].id) if len(found) > limit else None)

    def count(self, pool: str, wanted: Filter, cap: int) -> int:
        """As the port says."""
        self._called("count")
        return min(cap + 1, len(self._matching(pool, wanted)))

    def failed(self, pool: str, since: datetime, until: datetime, lane: str | None = None) -> tuple[Cause, ...]:
        """As the port says."""
        self._called("failed")
        kinds: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
        for row in self._ended(pool, since, until, lane):
            if row.status == "failed" and row.code is not None:
                kinds[row.code, row.cause or "", row.lane].append(row)
        found = [
            Cause(*kind, len(rows), max(rows, key=_place).finished_at, max(rows, key=_place).id)
            for kind, rows in kinds.items()
        ]
        return tuple(sorted(found, key=lambda each: (-each.jobs, each.code, each.cause, each.lane)))

    def totals(self, pool: str, since: datetime, until: datetime) -> tuple[Totals, ...]:
        """As the port says."""
        self._called("totals")
        kinds: dict[tuple[str, str], list[Row]] = defaultdict(list)
        for row in self._ended(pool, since, until, None):
            kinds[row.lane, row.status].append(row)
        return tuple(
            Totals(
                lane,
                rows[0].status,
                len(rows),
                sum(each.usd or 0 for each in rows),
                sum(each.gpu_seconds or 0 for each in rows),
                sum(each.prompt_tokens or 0 for each in rows),
                sum(each.completion_tokens or 0 for each in rows),
            )
            for (lane, _), rows in sorted(kinds.items())
        )

    def series(
        self, pool: str, since: datetime, until: datetime, step_seconds: int, lane: str | None = None
    ) -> tuple[Point, ...]:
        """As the port says."""
        self._called("series")
        begin, step = since.replace(microsecond=0), timedelta(seconds=step_seconds)
        kinds: dict[tuple[int, str, str], list[Row]] = defaultdict(list)
        for row in self._ended(pool, begin, until, lane):
            kinds[(row.finished_at - begin) // step, row.lane, row.status].append(row)
        return tuple(
            Point(
                begin + span * step,
                name,
                rows[0].status,
                len(rows),
                sum(each.usd or 0 for each in rows),
                sum(each.completion_tokens or 0 for each in rows),
                sum(each.queued_seconds for each in rows),
                sum(each.run_seconds for each in rows),
            )
            for (span, name, _), rows in sorted(kinds.items())
        )

    def quantiles(self, pool: str, since: datetime, until: datetime, lane: str | None = None) -> Quantiles:
        """As the port says."""
        self._called("quantiles")
        ran = [each for each in self._ended(pool, since, until, lane) if each.started_at is not None]
        queued, run = (
            _ranked(values) for values in ([each.queued_seconds for each in ran], [each.run_seconds for each in ran])
        )
        return Quantiles(len(ran), queued, run)

    def etags(self, pool: str, ids: Sequence[str]) -> Mapping[str, str]:
        """As the port says."""
        self._called("etags")
        return {each: self.rows[pool, each].etag for each in ids if (pool, each) in self.rows}

    def ids(self, pool: str, after: str, until: str | None) -> Sequence[str]:
        """As the port says."""
        self._called("ids")
        found = sorted(name for own, name in self.rows if own == pool and name > after)
        return [each for each in found if until is None or each <= until][:MOST_IDS]

    def delete(self, pool: str, ids: Sequence[str], before: datetime) -> int:
        """As the port says."""
        self._called("delete")
        gone = [(pool, each) for each in ids if (pool, each) in self.rows and self._written[pool, each] < before]
        return self._remove(gone)

    def expire(self, pool: str, before: datetime, most: int) -> int:
        """As the port says."""
        self._called("expire")
        gone = [key for key, row in self.rows.items() if row.pool == pool and row.finished_at < before]
        return self._remove(gone[:most])

    def close(self) -> None:
        """Nothing."""
        self.calls["close"] += 1

    def _remove(self, keys: Sequence[tuple[str, str]]) -> int:
        for key in keys:
            del self.rows[key], self._written[key]
        return len(keys)

    def _called(self, name: str) -> None:
        self.calls[name] += 1
        if self.trouble is not None:
            raise self.trouble

    def _matching(self, pool: str, wanted: Filter) -> list[Row]:
        return [each for (own, _), each in self.rows.items() if own == pool and _matches(each, wanted)]

    def _ended(self, pool: str, since: datetime, until: datetime, lane: str | None) -> Iterable[Row]:
        rows = (each for (own, _), each in self.rows.items() if own == pool and lane in (None, each.lane))
        return [each for each in rows if since <= each.finished_at < until]


def _matches(row: Row, wanted: Filter) -> bool:
    same = all(
        value in (None, own)
        for value, own in ((wanted.lane, row.lane), (wanted.status, row.status), (wanted.code, row.code))
    )
    in_time = (wanted.since is None or row.finished_at >= wanted.since) and (
        wanted.until is None or row.finished_at < wanted.until
    )
    return (
        same and in_time and wanted.labels.items() <= row.labels.items() and row.id.startswith(wanted.id_prefix or "")
    )


def _place(row: Row) -> tuple[datetime, str]:
    return row.finished_at, row.id


def _ranked(values: list[float]) -> tuple[float, ...]:
    ordered = sorted(values)
    return tuple(ordered[rank(each, len(ordered))] for each in QUANTILES) if ordered else ()
