"""A table in PostgreSQL, through psycopg 3."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import errors
from psycopg_pool import ConnectionPool, PoolTimeout

from laneway_table.adapters.sql import statements
from laneway_table.adapters.sql.answers import cause_of, page_of
from laneway_table.adapters.sql.base import SQLTable
from laneway_table.adapters.sql.migrations import NOTE, READ, SCHEMA_TABLE, Migration, migrations, missing
from laneway_table.errors import RowsRefused, TableError, TableUnavailable, TableUnusable
from laneway_table.rows.asked import QUANTILES, Filter, Quantiles
from laneway_table.rows.row import COLUMNS, LISTED, Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from laneway_table.adapters.sql.statements import Statement
    from laneway_table.rows.asked import Cause, Cursor, Page

MOST_CONNECTIONS = 4
FEW = 5000  # rows with a label: sorted in a few milliseconds
PATIENCE_SECONDS = 5.0  # for a connection of the pool
SCHEMA = "postgres_schema"
TEXT = "text"
LOCK = 0x4C616E65776179  # "Laneway": of migrations, for all programs of one database
MIGRATION_WAITS = "3s"
"""For a table that a long question or a backup reads: whoever comes after it waits behind the migration."""
UNUSABLE = (errors.InsufficientPrivilege, errors.UndefinedTable, errors.UndefinedColumn, errors.InvalidCatalogName)
REFUSALS = (psycopg.DataError, psycopg.IntegrityError, errors.ProgramLimitExceeded)
BOUNDS = "; ".join(
    f"SET LOCAL {name} = '{value}'"
    for name, value in (
        ("statement_timeout", "15s"),
        ("lock_timeout", "10s"),
        ("idle_in_transaction_session_timeout", "60s"),
        ("TimeZone", "UTC"),
    )
)
"""What a question may cost. Of each transaction: poolers refuse such settings as a connection begins (PgBouncer,
RDS Proxy), and lend a session to whoever comes next.
"""
ALIVE = {"keepalives_idle": 60, "keepalives_interval": 10, "keepalives_count": 3, "tcp_user_timeout": 30_000}
"""Seconds, and one of milliseconds: what stands between forgets connections, and the kernel alone waits for a quarter
of an hour.
"""
ENCODING = "UTF8"
TYPES = {
    **dict.fromkeys(("revision", "prompt_tokens", "completion_tokens"), "bigint"),
    **dict.fromkeys(("submitted_at", "started_at", "first_token_at", "finished_at"), "timestamptz"),
    **dict.fromkeys(("queued_seconds", "run_seconds", "gpu_seconds", "usd"), "double precision"),
    "attempts_failed": "integer",
    "labels": "jsonb",
}
"""Of columns that are no text; `parsed` comes as text that is JSON."""

_VALUES = ", ".join("parsed::jsonb" if each == "parsed" else each for each in COLUMNS)
_TYPED = ", ".join(f"{each} {TYPES.get(each, TEXT)}" for each in COLUMNS)

DIALECT = statements.Dialect(
    given=(
        f"SELECT {_VALUES}, clock_timestamp() FROM json_to_recordset(:rows::json) AS given({_TYPED}) "
        "ORDER BY pool, id"  # so that two writers never wait for each other in a circle
    ),
    bucket="floor(extract(epoch from finished_at - :since) / :step)::bigint",
    one_of="id = ANY(:ids)",
    has_labels="labels @> :labels::jsonb",
)

_PARAMETER = re.compile(r"(?<!:):([a-z_]+)")


class PostgresTable(SQLTable):
    """A pool of connections, of any thread."""

    dialect = DIALECT

    def __init__(self, connect: Callable[[], Mapping[str, Any]]) -> None:
        """`connect` says how, each time anew: passwords are replaced, and tokens live for minutes."""
        self._connect = connect
        self._known = migrations(SCHEMA)
        self._pool = ConnectionPool(
            kwargs=self._arguments,
            min_size=0,
            max_size=MOST_CONNECTIONS,
            timeout=PATIENCE_SECONDS,
            reconnect_timeout=PATIENCE_SECONDS,
            configure=_configured,
            check=ConnectionPool.check_connection,
            open=True,
            name="table",
        )

    def _arguments(self) -> dict[str, Any]:
        own = {"connect_timeout": int(PATIENCE_SECONDS), "application_name": "laneway-table", **ALIVE}
        return own | dict(self._connect()) | {"prepare_threshold": None}  # poolers keep no statements

    def prepare(self) -> None:
        """Under a lock of the database: several programs may begin at once."""
        with self._connection() as connection:
            _encoded(connection)
            if not _missing(connection, self._known):
                return
            connection.execute("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            connection.execute(f"SET LOCAL lock_timeout = '{MIGRATION_WAITS}'".encode())
            connection.execute(SCHEMA_TABLE)
            for each in _missing(connection, self._known):
                connection.execute(each.sql.encode())
                note = {"version": each.version, "name": each.name, "serves": each.serves}
                connection.execute(_query(NOTE), note)

    def _write(self, sql: str, rows: Sequence[Row], also: dict[str, Any]) -> int:
        """One statement, of whatever size: a statement for each row costs three times as much."""
        if not rows:
            return 0
        document = json.dumps([_values(each) for each in _each_once(rows)], ensure_ascii=False)
        return self._change(statements.Statement(sql, also | {"rows": document}))

    def page(self, pool: str, wanted: Filter, after: Cursor | None = None, limit: int = 50) -> Page:
        """By keyset."""
        few = wanted.labels and self.count(pool, Filter(labels=wanted.labels), FEW) <= FEW
        statement = DIALECT.labelled if few else DIALECT.page
        found = self._all(statement(pool, wanted, after, limit))
        return page_of([self._row(each, LISTED) for each in found], limit)

    def failed(self, pool: str, since: datetime, until: datetime, lane: str | None = None) -> tuple[Cause, ...]:
        """Grouped by the database."""
        return tuple(cause_of(each) for each in self._all(statements.failed(pool, since, until, lane)))

    def quantiles(self, pool: str, since: datetime, until: datetime, lane: str | None = None) -> Quantiles:
        """By nearest rank."""
        where, values = statements.ran(pool, since, until, lane)
        ranked = ", ".join(
            f"percentile_disc(:quantiles::float8[]) WITHIN GROUP (ORDER BY {each})"
            for each in ("queued_seconds", "run_seconds")
        )
        sql = f"SELECT count(*), {ranked} FROM {statements.TABLE} WHERE {where}"
        jobs, queued, run = self._all(statements.Statement(sql, values | {"quantiles": list(QUANTILES)}))[0]
        return Quantiles(jobs, tuple(queued or ()), tuple(run or ()))

    def expire(self, pool: str, before: datetime, most: int) -> int:
        """By the place of each on the disk."""
        inner = f"SELECT ctid FROM {statements.TABLE} WHERE pool = :pool AND finished_at < :before LIMIT :most"
        sql = f"DELETE FROM {statements.TABLE} WHERE ctid = ANY(ARRAY({inner}))"
        return self._change(statements.Statement(sql, {"pool": pool, "before": before, "most": most}))

    def close(self) -> None:
        """The pool's connections and its threads."""
        self._pool.close()

    def _ids(self, ids: Sequence[str]) -> Any:
        return list(ids)

    def _row(self, found: Sequence[Any], columns: Sequence[str]) -> Row:
        values: dict[str, Any] = {**dict.fromkeys(COLUMNS), **dict(zip(columns, found, strict=True))}
        if values["parsed"] is not None:
            values["parsed"] = json.dumps(values["parsed"], ensure_ascii=False, separators=(",", ":"))
        return Row(**values)

    def _all(self, statement: Statement) -> list[Any]:
        with self._connection() as connection:
            return connection.execute(_query(statement.sql), statement.values).fetchall()

    def _change(self, statement: Statement) -> int:
        with self._connection() as connection:
            return connection.execute(_query(statement.sql), statement.values).rowcount

    @contextmanager
    def _connection(self) -> Iterator[psycopg.Connection[Any]]:
        """In a transaction."""
        try:
            with self._pool.connection() as connection, _left_where_read_only(connection):
                connection.execute(BOUNDS)
                yield connection
        except TableError:
            raise
        except PoolTimeout:
            raise self._why() from None
        except REFUSALS as error:
            raise RowsRefused(f"PostgreSQL refuses a row: {type(error).__name__}") from error
        except UnicodeError as error:
            raise RowsRefused("PostgreSQL refuses a row: it is no text") from error
        except UNUSABLE as error:
            words = f"PostgreSQL: {_line(error)}; `laneway table migrate` with a role that may make tables makes them"
            raise TableUnusable(words) from error
        except psycopg.Error as error:
            raise TableUnavailable(f"PostgreSQL: {_line(error)}") from error

    def _why(self) -> TableUnavailable:
        """The pool says only that it has waited."""
        try:
            with psycopg.connect(**self._arguments()):
                return TableUnavailable("PostgreSQL: all connections are in use")
        except psycopg.Error as error:
            return TableUnavailable(f"PostgreSQL: {_line(error)}")


def _configured(connection: psycopg.Connection[Any]) -> None:
    connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED  # whatever the database's own is


@contextmanager
def _left_where_read_only(connection: psycopg.Connection[Any]) -> Iterator[None]:
    """The server has become a standby: the next connection finds the one that writes."""
    try:
        yield
    except errors.ReadOnlySqlTransaction:
        connection.close()
        raise


def _encoded(connection: psycopg.Connection[Any]) -> None:
    """Any other encoding lacks letters of answers and labels, and would refuse their rows. Raises `TableUnusable`."""
    found = connection.info.parameter_status("server_encoding")
    if found != ENCODING:
        words = f"the database's encoding is {found}, and should be {ENCODING}"
        raise TableUnusable(f"{words}: make another (CREATE DATABASE … ENCODING '{ENCODING}' TEMPLATE template0)")


def _missing(connection: psycopg.Connection[Any], known: Sequence[Migration]) -> tuple[Migration, ...]:
    there = connection.execute("SELECT to_regclass('laneway_schema')").fetchone()
    had = connection.execute(READ).fetchall() if there and there[0] else []
    return missing(known, [Migration(*each) for each in had])


def _query(sql: str) -> bytes:
    return _PARAMETER.sub(r"%(\1)s", sql).encode()


def _each_once(rows: Sequence[Row]) -> Iterator[Row]:
    """A statement may write a row once."""
    greatest: dict[tuple[str, str], Row] = {}
    for row in rows:
        there = greatest.get((row.pool, row.id))
        if there is None or there.revision < row.revision:
            greatest[row.pool, row.id] = row
    return iter(greatest.values())


def _values(row: Row) -> dict[str, Any]:
    found = {name: getattr(row, name) for name in COLUMNS}
    return {name: each.isoformat() if isinstance(each, datetime) else each for name, each in found.items()}


def _line(error: psycopg.Error) -> str:
    """What it says in its first line: the second quotes rows."""
    said = error.diag.message_primary or str(error).partition("\n")[0]
    return said or type(error).__name__
