"""A table in a file: SQLite, as Python brings it."""

from __future__ import annotations

import json
import sqlite3
import threading
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from laneway_table.adapters.sql import statements
from laneway_table.adapters.sql.answers import cause_of, page_of
from laneway_table.adapters.sql.base import SQLTable
from laneway_table.adapters.sql.migrations import NOTE, READ, SCHEMA_TABLE, Migration, migrations, missing
from laneway_table.errors import RowsRefused, TableError, TableUnavailable, TableUnusable
from laneway_table.rows.asked import QUANTILES, Quantiles, rank
from laneway_table.rows.row import COLUMNS, LISTED, Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from laneway_table.adapters.sql.statements import Statement
    from laneway_table.rows.asked import Cause, Cursor, Filter, Page

BUSY_SECONDS = 10.0  # another process writes: the projector, a rebuild
MOMENTS = frozenset({"submitted_at", "started_at", "first_token_at", "finished_at"})
SCHEMA = "sqlite_schema"
REFUSALS = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.InterfaceError, sqlite3.ProgrammingError, OverflowError)

DIALECT = statements.Dialect(
    given=f"VALUES ({', '.join(f':{each}' for each in (*COLUMNS, 'now'))})",
    bucket="(CAST(strftime('%s', finished_at) AS INTEGER) - CAST(strftime('%s', :since) AS INTEGER)) / :step",
    one_of="id IN (SELECT value FROM json_each(:ids))",
    has_labels=(
        "NOT EXISTS (SELECT 1 FROM json_each(:labels) AS asked WHERE NOT EXISTS (SELECT 1 FROM json_each(labels) AS "
        "own WHERE own.key = asked.key AND own.value = asked.value))"
    ),
)


class SQLiteTable(SQLTable):
    """One connection, which threads take in turn; other processes may have the file open, too."""

    dialect = DIALECT

    def __init__(self, path: Path) -> None:
        """Opens the file, or makes it."""
        self._path = path
        self._lock = threading.RLock()
        self._known = migrations(SCHEMA)
        with self._in_words():
            self._connection = sqlite3.connect(path, BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")  # a lost last second comes from the queue again

    def prepare(self) -> None:
        """In one transaction."""
        with self._transaction() as connection:
            connection.execute(SCHEMA_TABLE)
            had = [Migration(*found) for found in connection.execute(READ)]
            for each in missing(self._known, had):
                for statement in filter(str.strip, each.sql.split(";")):
                    connection.execute(statement)
                connection.execute(NOTE, {"version": each.version, "name": each.name, "serves": each.serves})

    def _write(self, sql: str, rows: Sequence[Row], also: dict[str, Any]) -> int:
        with self._transaction() as connection:
            now = datetime.now(UTC)
            counts = [connection.execute(sql, _bound(_values(row) | also | {"now": now})).rowcount for row in rows]
            return sum(counts)

    def page(self, pool: str, wanted: Filter, after: Cursor | None = None, limit: int = 50) -> Page:
        """By keyset."""
        found = self._all(DIALECT.page(pool, wanted, after, limit))
        return page_of([self._row(each, LISTED) for each in found], limit)

    def failed(self, pool: str, since: datetime, until: datetime, lane: str | None = None) -> tuple[Cause, ...]:
        """Grouped by the database."""
        found = self._all(statements.failed(pool, since, until, lane))
        return tuple(cause_of((*each[:4], _moment(each[4]), each[5])) for each in found)

    def quantiles(self, pool: str, since: datetime, until: datetime, lane: str | None = None) -> Quantiles:
        """By rank: SQLite has no function for it."""
        where, values = statements.ran(pool, since, until, lane)
        with self._lock:
            sql = f"SELECT count(*) FROM {statements.TABLE} WHERE {where}"
            jobs = int(self._all(statements.Statement(sql, values))[0][0])
            queued, run = (self._ranked(each, where, values, jobs) for each in ("queued_seconds", "run_seconds"))
        return Quantiles(jobs, queued, run)

    def _ranked(self, column: str, where: str, values: dict[str, Any], jobs: int) -> tuple[float, ...]:
        sql = f"SELECT {column} FROM {statements.TABLE} WHERE {where} ORDER BY {column} LIMIT 1 OFFSET :place"
        places = [rank(each, jobs) for each in QUANTILES] if jobs else []
        found = (self._all(statements.Statement(sql, values | {"place": place})) for place in places)
        return tuple(float(each[0][0]) for each in found if each)

    def expire(self, pool: str, before: datetime, most: int) -> int:
        """By the place of each in the file."""
        inner = f"SELECT rowid FROM {statements.TABLE} WHERE pool = :pool AND finished_at < :before LIMIT :most"
        sql = f"DELETE FROM {statements.TABLE} WHERE rowid IN ({inner})"
        return self._change(statements.Statement(sql, {"pool": pool, "before": before, "most": most}))

    def close(self) -> None:
        """Its own connection."""
        with self._lock:
            self._connection.close()

    def _ids(self, ids: Sequence[str]) -> Any:
        return json.dumps(list(ids))

    def _row(self, found: Sequence[Any], columns: Sequence[str]) -> Row:
        values: dict[str, Any] = {**dict.fromkeys(COLUMNS), **dict(zip(columns, found, strict=True))}
        values |= {name: _moment(values[name]) for name in MOMENTS if values[name] is not None}
        return Row(**values | {"labels": json.loads(values["labels"])})

    def _all(self, statement: Statement) -> list[Any]:
        with self._lock, self._in_words():
            return self._connection.execute(statement.sql, _bound(statement.values)).fetchall()

    def _change(self, statement: Statement) -> int:
        with self._transaction() as connection:
            return connection.execute(statement.sql, _bound(statement.values)).rowcount

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._in_words():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):  # a full disk has ended the transaction itself
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except TableError:
            raise
        except REFUSALS as error:
            raise RowsRefused(f"{self._path} refuses a row: {type(error).__name__}") from error
        except UnicodeError as error:
            raise RowsRefused(f"{self._path} refuses a row: it is no text") from error
        except sqlite3.OperationalError as error:
            raise TableUnavailable(f"{self._path}: {error}") from error
        except sqlite3.DatabaseError as error:
            remedy = "move it away, and `laneway table rebuild` makes it anew"
            raise TableUnusable(f"{self._path}: {error}; {remedy}") from error


def _values(row: Row) -> dict[str, Any]:
    found = {name: getattr(row, name) for name in COLUMNS}
    return found | {"labels": json.dumps(dict(row.labels), ensure_ascii=False)}


def _bound(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _text(each) if isinstance(each, datetime) else each for name, each in values.items()}


def _text(at: datetime) -> str:
    """Of one length, so that texts are in the order of times."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
