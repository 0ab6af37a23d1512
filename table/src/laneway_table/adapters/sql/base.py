"""What both dialects ask in the same way."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from laneway_table.adapters.sql import statements
from laneway_table.adapters.sql.answers import point_of, totals_of
from laneway_table.rows.asked import EVERYTHING
from laneway_table.rows.row import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from laneway_table.rows.asked import Filter, Point, Totals
    from laneway_table.rows.row import Row


class SQLTable(ABC):
    """A table that is asked by statements."""

    offers = EVERYTHING
    dialect: ClassVar[statements.Dialect]

    @abstractmethod
    def _all(self, statement: statements.Statement) -> list[Any]:
        """The whole answer; raises what the port says."""

    @abstractmethod
    def _change(self, statement: statements.Statement) -> int:
        """How many rows it changed; raises what the port says."""

    @abstractmethod
    def _write(self, sql: str, rows: Sequence[Row], also: dict[str, Any]) -> int:
        """Insert rows in one transaction, by a statement with these parameters beside theirs."""

    @abstractmethod
    def _ids(self, ids: Sequence[str]) -> Any:
        """As a parameter that the dialect's `one_of` takes."""

    @abstractmethod
    def _row(self, found: Sequence[Any], columns: Sequence[str]) -> Row:
        """A row of the database, whose other columns were not asked for."""

    def upsert(self, rows: Sequence[Row]) -> int:
        """By revision."""
        return self._write(self.dialect.upsert, rows, {})

    def mend(self, rows: Sequence[Row], before: datetime) -> int:
        """Of rows that are right."""
        return self._write(self.dialect.mend, rows, {"before": before})

    def get(self, pool: str, job_id: str) -> Row | None:
        """By its key."""
        found = self._all(statements.Statement(statements.GET, {"pool": pool, "id": job_id}))
        return self._row(found[0], COLUMNS) if found else None

    def etags(self, pool: str, ids: Sequence[str]) -> Mapping[str, str]:
        """By their keys."""
        return dict(self._all(self.dialect.etags(pool, self._ids(ids))))

    def delete(self, pool: str, ids: Sequence[str], before: datetime) -> int:
        """By their keys."""
        return self._change(self.dialect.delete(pool, self._ids(ids), before))

    def count(self, pool: str, wanted: Filter, cap: int) -> int:
        """Capped."""
        return int(self._all(self.dialect.count(pool, wanted, cap))[0][0])

    def totals(self, pool: str, since: datetime, until: datetime) -> tuple[Totals, ...]:
        """Summed by the database."""
        return tuple(totals_of(each) for each in self._all(statements.totals(pool, since, until)))

    def series(
        self, pool: str, since: datetime, until: datetime, step_seconds: int, lane: str | None = None
    ) -> tuple[Point, ...]:
        """From the whole second on."""
        begin = since.replace(microsecond=0)
        found = self._all(self.dialect.series(pool, begin, until, step_seconds, lane))
        return tuple(point_of(each, begin, step_seconds) for each in found)

    def ids(self, pool: str, after: str, until: str | None) -> Sequence[str]:
        """Bytewise: SQLite compares so, and so does PostgreSQL's collation "C"."""
        return [each[0] for each in self._all(statements.ids(pool, after, until))]
