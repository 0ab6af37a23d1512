"""The sweep: results in S3 are the truth, rows are compared with them, and mended where that is asked for.

Whatever it is stopped at, it goes on from the id that it said last; events go on becoming rows meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from laneway_table.project.halving import write
from laneway_table.rows.row import row_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from laneway_table.ports.results import Fetched, Listed, Results
    from laneway_table.ports.table import Table
    from laneway_table.project.reading import Source
    from laneway_table.rows.row import Row

MOST_FETCHED = 100  # results in memory at once: each may hold an answer of a megabyte


@dataclass(frozen=True)
class Step:
    """A page of S3's list."""

    seen: int
    """Results that a row is wanted for."""
    missing: tuple[str, ...] = ()
    """Without a row."""
    differing: tuple[str, ...] = ()
    """Whose row is of another result."""
    extra: tuple[str, ...] = ()
    """Rows whose result is not in S3."""
    unreadable: tuple[str, ...] = ()
    """Results that make no row: of another pool, or no results."""
    written: int = 0
    token: str | None = None
    """Where to go on."""

    @property
    def wrong(self) -> tuple[str, ...]:
        """All that differs."""
        return (*self.missing, *self.differing, *self.extra)


@dataclass
class Sweep:
    """One walk."""

    results: Results
    table: Table
    source: Source
    began: datetime
    """Rows that were written later are the projector's, and right."""
    retention_seconds: int
    mend: bool = False
    prune: bool = False
    """Whether rows are deleted whose result is not in S3; S3 may keep results for a shorter time than the table."""
    _seen: set[int] = field(default_factory=set)
    """Hashes of ids: very many fit into memory."""

    def run(self, after: str | None = None) -> Iterator[Step]:
        """A step for each page; the rows that S3 has no result for come last, and only of a walk from the begin."""
        for page in self.results.pages(after):
            self._seen.update(hash(each.id) for each in page)
            yield self._step(page)
        if after is None and self.table.offers.walks:
            yield from self._extra()

    def _step(self, page: Sequence[Listed]) -> Step:
        oldest = self.began - timedelta(seconds=self.retention_seconds)
        wanted = [each for each in page if each.at >= oldest]
        there = self.table.etags(self.source.pool, [each.id for each in wanted])
        missing = tuple(each.id for each in wanted if each.id not in there)
        differing = tuple(each.id for each in wanted if there.get(each.id, each.etag) != each.etag)
        step = Step(len(wanted), missing, differing, token=page[-1].id if page else None)
        return self._mended(step) if self.mend and (missing or differing) else step

    def _mended(self, step: Step) -> Step:
        ids = [*step.missing, *step.differing]
        batches = [self._written(ids[begin : begin + MOST_FETCHED]) for begin in range(0, len(ids), MOST_FETCHED)]
        unreadable = tuple(each for _, refused in batches for each in refused)
        return replace(step, unreadable=unreadable, written=sum(rows for rows, _ in batches))

    def _written(self, ids: Sequence[str]) -> tuple[int, list[str]]:
        """How many rows were, and of which results there is none."""
        rows, unreadable = self._rows(self.results.fetch(ids))
        done = write(lambda batch: self.table.mend(batch, self.began), rows)
        return done.rows, unreadable + [rows[place].id for place in done.refused]

    def _rows(self, fetched: Sequence[Fetched]) -> tuple[list[Row], list[str]]:
        rows, unreadable = [], []
        for each in fetched:
            if each.result is not None and each.etag is not None and each.result.pool == self.source.pool:
                url = self.source.results.result_url(each.id)
                rows.append(row_of(each.result, url=url, etag=each.etag, output=self.source.output))
            elif each.etag is not None:
                unreadable.append(each.id)
        return rows, unreadable

    def _extra(self) -> Iterator[Step]:
        """One that came while we walked is looked for by its name."""
        after = ""
        while found := self.table.ids(self.source.pool, after, None):
            after = found[-1]
            unseen = [each for each in found if hash(each) not in self._seen]
            gone = tuple(each.id for each in self.results.fetch(unseen) if each.etag is None)
            if not gone:
                continue
            deleted = self.table.delete(self.source.pool, gone, self.began) if self.mend and self.prune else 0
            yield Step(0, extra=gone, written=deleted)
