"""The statements, once for both dialects: values are parameters only, sorts and filters are these. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from laneway_table.rows.row import COLUMNS, LISTED

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from laneway_table.rows.asked import Cursor, Filter

TABLE = "laneway_results"
AFTER_EVERY_ID = "~"
"""Greater than whatever an id may have in it."""
MOST_IDS = 1000

_COLUMNS = ", ".join(COLUMNS)
_LISTED = ", ".join(LISTED)
_SET = ", ".join(f"{each} = excluded.{each}" for each in (*COLUMNS, "written_at") if each not in ("pool", "id"))
_CONFLICT = f"ON CONFLICT (pool, id) DO UPDATE SET {_SET} WHERE"
_SUMS = "count(*), coalesce(sum(usd), 0)"
_ENDED = "pool = :pool AND finished_at >= :since AND finished_at < :until"


class Statement(NamedTuple):
    """A statement and its parameters by name."""

    sql: str
    values: dict[str, Any]


@dataclass(frozen=True)
class Dialect:
    """What the two say differently."""

    given: str
    """Rows that are written: `COLUMNS`, and when that is."""
    bucket: str
    """Which span of `:step` seconds since `:since` a job ended in."""
    one_of: str
    """Whether `id` is one of `:ids`."""
    has_labels: str
    """Whether a row has all of `:labels`."""

    @property
    def insert(self) -> str:
        """Before its conflict is solved."""
        return f"INSERT INTO {TABLE} ({_COLUMNS}, written_at) {self.given}"

    @property
    def upsert(self) -> str:
        """By revision."""
        return f"{self.insert} {_CONFLICT} {TABLE}.revision < excluded.revision"

    @property
    def mend(self) -> str:
        """Of rows that are right."""
        older = f"{TABLE}.revision <= excluded.revision OR {TABLE}.written_at < :before"
        return f"{self.insert} {_CONFLICT} {TABLE}.etag <> excluded.etag AND ({older})"

    def page(self, pool: str, wanted: Filter, after: Cursor | None, limit: int) -> Statement:
        """One row more than asked for tells whether there is another page."""
        where, values = self._where(pool, wanted)
        if after is not None:
            where += " AND (finished_at, id) < (:after_at, :after_id)"
            values |= {"after_at": after.finished_at, "after_id": after.id}
        order = "ORDER BY finished_at DESC, id DESC LIMIT :most"
        return Statement(f"SELECT {_LISTED} FROM {TABLE} WHERE {where} {order}", values | {"most": limit + 1})

    def labelled(self, pool: str, wanted: Filter, after: Cursor | None, limit: int) -> Statement:
        """The same page, of the few rows with such labels: a database reckons that it meets one soon as it walks from
        the newest row on, and walks through all of them.
        """
        sql, values = self.page(pool, wanted, after, limit)
        few = f"(SELECT * FROM {TABLE} WHERE pool = :pool AND {self.has_labels} OFFSET 0) AS {TABLE}"
        return Statement(sql.replace(f"FROM {TABLE} ", f"FROM {few} ", 1), values)

    def count(self, pool: str, wanted: Filter, cap: int) -> Statement:
        """Capped."""
        where, values = self._where(pool, wanted)
        inner = f"SELECT 1 FROM {TABLE} WHERE {where} LIMIT :most"
        return Statement(f"SELECT count(*) FROM ({inner}) AS found", values | {"most": cap + 1})

    def series(self, pool: str, since: datetime, until: datetime, step_seconds: int, lane: str | None) -> Statement:
        """By span, lane and status."""
        what = f"{_SUMS}, coalesce(sum(completion_tokens), 0), sum(queued_seconds), sum(run_seconds)"
        where, values = _ended(pool, since, until, lane)
        sql = f"SELECT {self.bucket} AS span, lane, status, {what} FROM {TABLE} WHERE {where}"
        return Statement(f"{sql} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3", values | {"step": step_seconds})

    def etags(self, pool: str, ids: Any) -> Statement:
        """Of those that are there."""
        sql = f"SELECT id, etag FROM {TABLE} WHERE pool = :pool AND {self.one_of}"
        return Statement(sql, {"pool": pool, "ids": ids})

    def delete(self, pool: str, ids: Any, before: datetime) -> Statement:
        """Those of these ids that were written before."""
        sql = f"DELETE FROM {TABLE} WHERE pool = :pool AND {self.one_of} AND written_at < :before"
        return Statement(sql, {"pool": pool, "ids": ids, "before": before})

    def _where(self, pool: str, wanted: Filter) -> tuple[str, dict[str, Any]]:
        conditions = ["pool = :pool"]
        values: dict[str, Any] = {"pool": pool, **_equal(wanted)}
        conditions += [f"{name} = :{name}" for name in _equal(wanted)]
        if wanted.id_prefix:
            conditions.append("id >= :id_from AND id < :id_to")
            values |= {"id_from": wanted.id_prefix, "id_to": wanted.id_prefix + AFTER_EVERY_ID}
        if wanted.since is not None:
            conditions.append("finished_at >= :since")
            values["since"] = wanted.since
        if wanted.until is not None:
            conditions.append("finished_at < :until")
            values["until"] = wanted.until
        if wanted.labels:
            conditions.append(self.has_labels)
            values["labels"] = json.dumps(dict(wanted.labels), ensure_ascii=False)
        return " AND ".join(conditions), values


GET = f"SELECT {_COLUMNS} FROM {TABLE} WHERE pool = :pool AND id = :id"


def ids(pool: str, after: str, until: str | None) -> Statement:
    """In bytewise order, as S3 lists."""
    last = "" if until is None else " AND id <= :until"
    sql = f"SELECT id FROM {TABLE} WHERE pool = :pool AND id > :after{last} ORDER BY id LIMIT {MOST_IDS}"
    return Statement(sql, {"pool": pool, "after": after} | ({} if until is None else {"until": until}))


def failed(pool: str, since: datetime, until: datetime, lane: str | None) -> Statement:
    """By code, cause and lane, the most first; the example is the greatest id of the newest end."""
    where, values = _ended(pool, since, until, lane)
    inner = (
        f"SELECT code, cause, lane, finished_at, id, count(*) OVER same AS jobs, "
        "row_number() OVER (PARTITION BY code, cause, lane ORDER BY finished_at DESC, id DESC) AS place "
        f"FROM {TABLE} WHERE {where} AND status = 'failed' AND code IS NOT NULL "
        "WINDOW same AS (PARTITION BY code, cause, lane)"
    )
    what = "code, cause, lane, jobs, finished_at, id"
    return Statement(
        f"SELECT {what} FROM ({inner}) AS kinds WHERE place = 1 ORDER BY jobs DESC, code, cause, lane", values
    )


def totals(pool: str, since: datetime, until: datetime) -> Statement:
    """By lane and status."""
    where, values = _ended(pool, since, until, None)
    tokens = "coalesce(sum(prompt_tokens), 0), coalesce(sum(completion_tokens), 0)"
    sql = f"SELECT lane, status, {_SUMS}, coalesce(sum(gpu_seconds), 0), {tokens} FROM {TABLE} WHERE {where}"
    return Statement(f"{sql} GROUP BY 1, 2 ORDER BY 1, 2", values)


def ran(pool: str, since: datetime, until: datetime, lane: str | None) -> tuple[str, dict[str, Any]]:
    """The condition for jobs that ran and ended in a time."""
    where, values = _ended(pool, since, until, lane)
    return f"{where} AND started_at IS NOT NULL", values


def _ended(pool: str, since: datetime, until: datetime, lane: str | None) -> tuple[str, dict[str, Any]]:
    values: dict[str, Any] = {"pool": pool, "since": since, "until": until}
    return (_ENDED, values) if lane is None else (f"{_ENDED} AND lane = :lane", values | {"lane": lane})


def _equal(wanted: Filter) -> Mapping[str, str]:
    given = {"lane": wanted.lane, "status": wanted.status, "code": wanted.code}
    return {name: value for name, value in given.items() if value}
