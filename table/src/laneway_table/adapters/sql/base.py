"""What both dialects ask in the same way."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from laneway_table.adapters.sql import statements
from laneway_table.adapters.sql.answers import point_of, totals_of
from laneway_table.rows.asked import EVERYTHING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from laneway_table.rows.asked import Filter, Point, Totals


class SQLTable(ABC):
    """A table that is asked by statements."""

    offers = EVERYTHING
    dialect: ClassVar[statements.Dialect]

    @abstractmethod
    def _all(self, statement: statements.Statement) -> list[Any]:
        """The whole answer; raises what the port says."""

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
