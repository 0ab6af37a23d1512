"""Rows as DynamoDB's items, and back. Pure.

`row` holds what lists show, as one map, beside the answer, which they don't read. `pk` is pool and id; `lane_status`
and `pool_code` are the keys of the two indexes, `ended` is the order in both.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from laneway_table.errors import RowsRefused
from laneway_table.rows.row import COLUMNS, LISTED, OUTPUT_COLUMNS, REQUIRED, Row

if TYPE_CHECKING:
    from collections.abc import Mapping

Item = dict[str, Any]
BY_LANE, BY_CODE = "by_lane", "by_code"
MOMENTS = frozenset({"submitted_at", "started_at", "first_token_at", "finished_at"})
FLOATS = frozenset({"queued_seconds", "run_seconds", "gpu_seconds", "usd"})
FIRST, LAST = "0", "~"
"""Before and after whatever `ended` may be."""


def key(pool: str, job_id: str) -> Item:
    """Of a row."""
    return {"pk": {"S": f"{pool}#{job_id}"}}


def lane_status(pool: str, lane: str, status: str) -> str:
    """A partition of the one index."""
    return f"{pool}#{lane}#{status}"


def pool_code(pool: str, code: str) -> str:
    """A partition of the other."""
    return f"{pool}#{code}"


def instant(at: datetime) -> str:
    """Of one length, so that texts are in the order of times."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def ended(at: datetime, job_id: str) -> str:
    """The order of both indexes."""
    return f"{instant(at)}#{job_id}"


def item_of(row: Row, now: datetime, retention_seconds: int) -> Item:
    """Raises `RowsRefused`."""
    if any(getattr(row, each) is None for each in REQUIRED):
        raise RowsRefused("a row is refused: a value is missing")
    given = {each: _value(getattr(row, each)) for each in COLUMNS if getattr(row, each) is not None}
    found = {
        **key(row.pool, row.id),
        **{each: given[each] for each in ("id", "revision", "etag")},
        **{each: given[each] for each in OUTPUT_COLUMNS if each in given},
        "row": {"M": {each: given[each] for each in LISTED if each in given}},
        "lane_status": {"S": lane_status(row.pool, row.lane, row.status)},
        "ended": {"S": ended(row.finished_at, row.id)},
        "written_at": {"S": instant(now)},
        "expires_at": {"N": str(int(row.finished_at.timestamp()) + retention_seconds)},
    }
    return found | ({} if row.code is None else {"pool_code": {"S": pool_code(row.pool, row.code)}})


def _value(value: Any) -> Item:
    match value:
        case datetime():
            return {"S": instant(value)}
        case str():
            return {"S": value}
        case int() | float():
            return {"N": repr(value)}
        case _:
            return {"M": {name: {"S": each} for name, each in value.items()}}


def row_of_item(item: Mapping[str, Any]) -> Row:
    """With its answer where that was read."""
    given = {**item["row"]["M"], **{each: item[each] for each in OUTPUT_COLUMNS if each in item}}
    read = {each: _read(each, value) for each, value in given.items() if each in COLUMNS}
    return Row(**{**dict.fromkeys(COLUMNS), **read})


def _read(name: str, value: Item) -> Any:
    if name in MOMENTS:
        return datetime.fromisoformat(value["S"])
    if "N" in value:
        return float(value["N"]) if name in FLOATS else int(value["N"])
    return value["S"] if "S" in value else {each: said["S"] for each, said in value["M"].items()}


def definition(name: str) -> dict[str, Any]:
    """How the table is made, as `CreateTable` takes it; it bills by the request."""
    listed = {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["row", "expires_at"]}  # of 20 that an index may have
    return {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": each, "AttributeType": "S"} for each in ("pk", "lane_status", "pool_code", "ended")
        ],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": index,
                "KeySchema": [
                    {"AttributeName": partition, "KeyType": "HASH"},
                    {"AttributeName": "ended", "KeyType": "RANGE"},
                ],
                "Projection": listed,
            }
            for index, partition in ((BY_LANE, "lane_status"), (BY_CODE, "pool_code"))
        ],
    }
