"""A table in DynamoDB: conditional puts, two indexes, and an age at which it deletes items itself."""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from heapq import merge
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, NoReturn, get_args

from botocore.exceptions import BotoCoreError, ClientError

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.result import Status
from laneway_table.adapters.aws import FETCHERS
from laneway_table.adapters.dynamodb import items
from laneway_table.errors import NotOffered, RowsRefused, TableUnavailable, TableUnusable
from laneway_table.rows.asked import Cause, Cursor, Filter, Offer, Offers, Page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from mypy_boto3_dynamodb import DynamoDBClient

    from laneway_table.rows.asked import Point, Quantiles, Totals
    from laneway_table.rows.row import Row

TIMES = frozenset({"since", "until"})
OFFERS = Offers(
    (Offer(frozenset({"lane"}), TIMES | {"status"}), Offer(frozenset({"code"}), TIMES)), figures=False, walks=False
)
MOST_KEYS = 100  # DynamoDB: of one BatchGetItem
MOST_FAILURES = 10_000  # of a code, the newest, are grouped; each costs a read
NEWER = "attribute_not_exists(pk) OR revision < :revision"
RIGHT = "attribute_not_exists(pk) OR (etag <> :etag AND (revision <= :revision OR written_at < :before))"
REFUSED = frozenset({"ValidationException", "ItemCollectionSizeLimitExceededException"})
UNUSABLE = frozenset({"AccessDeniedException", "ResourceNotFoundException", "UnrecognizedClientException"})


class DynamoDBTable:
    """Of any thread."""

    offers = OFFERS

    def __init__(self, client: DynamoDBClient, name: str, retention_seconds: int) -> None:
        """Nothing is asked yet."""
        self._client = client
        self._name = name
        self._retention_seconds = retention_seconds
        self._threads = ThreadPoolExecutor(FETCHERS, thread_name_prefix="dynamodb")

    def prepare(self) -> None:
        """It is made by others; says what it lacks."""
        with self._in_words():
            found = self._client.describe_table(TableName=self._name)["Table"]
        wanted = items.definition(self._name)
        there = {each["IndexName"]: each["KeySchema"] for each in found.get("GlobalSecondaryIndexes", ())}
        lacks = [
            each["IndexName"]
            for each in wanted["GlobalSecondaryIndexes"]
            if there.get(each["IndexName"]) != each["KeySchema"]
        ]
        if found["KeySchema"] != wanted["KeySchema"]:
            raise TableUnusable(f"the table {self._name} should have the key pk alone, a text; make another one")
        if lacks:
            raise TableUnusable(f"the table {self._name} lacks the index {' and '.join(lacks)}")

    def upsert(self, rows: Sequence[Row]) -> int:
        """Each by itself."""
        return sum(self._threads.map(lambda row: self._put(row, NEWER, {}), rows))

    def mend(self, rows: Sequence[Row], before: datetime) -> int:
        """Each by itself."""
        at = {"S": items.instant(before)}
        return sum(
            self._threads.map(lambda row: self._put(row, RIGHT, {":etag": {"S": row.etag}, ":before": at}), rows)
        )

    def _put(self, row: Row, condition: str, also: items.Item) -> bool:
        item = items.item_of(row, datetime.now(UTC), self._retention_seconds)
        values = {":revision": item["revision"], **also}
        with self._in_words():
            try:
                self._client.put_item(
                    TableName=self._name, Item=item, ConditionExpression=condition, ExpressionAttributeValues=values
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                return False
        return True

    def get(self, pool: str, job_id: str) -> Row | None:
        """One that is due to be deleted is not there any more."""
        with self._in_words():
            answer = self._client.get_item(TableName=self._name, Key=items.key(pool, job_id), ConsistentRead=True)
        item = answer.get("Item")
        if item is None or int(item["expires_at"].get("N", "0")) <= datetime.now(UTC).timestamp():
            return None
        return items.row_of_item(item)

    def page(self, pool: str, wanted: Filter, after: Cursor | None = None, limit: int = 50) -> Page:
        """Of a lane's four partitions, or of a code's one."""
        until = items.LAST if after is None else items.ended(after.finished_at, after.id)
        lists = [self._newest(*each, wanted, until, limit + 2) for each in self._partitions(pool, wanted)]
        found = list(islice(merge(*lists, key=lambda each: each["ended"]["S"], reverse=True), limit + 1))
        rows = tuple(items.row_of_item(each) for each in found[:limit])
        last = rows[-1] if len(found) > limit else None
        return Page(rows, None if last is None else Cursor(last.finished_at, last.id))

    def _partitions(self, pool: str, wanted: Filter) -> list[tuple[str, str, str]]:
        """Index, the name of its key, and the key."""
        if not OFFERS.cover(wanted):
            raise NotOffered("a table in DynamoDB lists the jobs of a lane, or those with a code; name one of the two")
        if wanted.code is not None:
            return [(items.BY_CODE, "pool_code", items.pool_code(pool, wanted.code))]
        statuses = get_args(Status) if wanted.status is None else (wanted.status,)
        return [(items.BY_LANE, "lane_status", items.lane_status(pool, str(wanted.lane), each)) for each in statuses]

    def _newest(
        self, index: str, name: str, partition: str, wanted: Filter, before: str, most: int | None = None
    ) -> Iterator[Mapping[str, Any]]:
        """In order; pages are asked for as they are needed, of `most` items, or of a megabyte: what is read is paid."""
        since = items.FIRST if wanted.since is None else items.instant(wanted.since)
        until = items.LAST if wanted.until is None else items.instant(wanted.until)
        arguments: dict[str, Any] = {
            "TableName": self._name,
            "IndexName": index,
            "KeyConditionExpression": f"{name} = :key AND ended BETWEEN :since AND :until",
            "FilterExpression": "expires_at > :now",
            "ExpressionAttributeValues": {
                ":key": {"S": partition},
                ":since": {"S": since},
                ":until": {"S": min(until, before)},
                ":now": {"N": str(int(datetime.now(UTC).timestamp()))},
            },
            "ScanIndexForward": False,
        }
        if min(until, before) < since:
            return
        of_so_many: Any = {} if most is None else {"PageSize": most}
        with self._in_words():
            for page in self._client.get_paginator("query").paginate(**arguments, PaginationConfig=of_so_many):
                yield from (each for each in page["Items"] if each["ended"]["S"] != before)

    def count(self, pool: str, wanted: Filter, cap: int) -> int:
        """By reading them."""
        lists = [self._newest(*each, wanted, items.LAST) for each in self._partitions(pool, wanted)]
        return sum(1 for _ in islice(chain.from_iterable(lists), cap + 1))

    def failed(self, pool: str, since: datetime, until: datetime, lane: str | None = None) -> tuple[Cause, ...]:
        """Of each code the newest `MOST_FAILURES`."""
        kinds: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
        for code in ErrorCode:
            wanted = Filter(code=code.value, since=since, until=until)
            found = self._newest(items.BY_CODE, "pool_code", items.pool_code(pool, code.value), wanted, items.LAST)
            for row in map(items.row_of_item, islice(found, MOST_FAILURES)):
                if row.status == "failed" and lane in (None, row.lane):
                    kinds[code.value, row.cause or "", row.lane].append(row)
        causes = [Cause(*kind, len(rows), rows[0].finished_at, rows[0].id) for kind, rows in kinds.items()]
        return tuple(sorted(causes, key=lambda each: (-each.jobs, each.code, each.cause, each.lane)))

    def totals(self, pool: str, since: datetime, until: datetime) -> tuple[Totals, ...]:
        """It adds up nothing."""
        self._adds_up_nothing(pool, since, until)

    def series(
        self, pool: str, since: datetime, until: datetime, step_seconds: int, lane: str | None = None
    ) -> tuple[Point, ...]:
        """It adds up nothing."""
        self._adds_up_nothing(pool, since, until, step_seconds, lane)

    def quantiles(self, pool: str, since: datetime, until: datetime, lane: str | None = None) -> Quantiles:
        """It adds up nothing."""
        self._adds_up_nothing(pool, since, until, lane)

    def _adds_up_nothing(self, *_: object) -> NoReturn:
        raise NotOffered("a table in DynamoDB adds up nothing; Prometheus has such figures")

    def etags(self, pool: str, ids: Sequence[str]) -> Mapping[str, str]:
        """A hundred at once."""
        batches = [ids[begin : begin + MOST_KEYS] for begin in range(0, len(ids), MOST_KEYS)]
        found: dict[str, str] = {}
        for each in self._threads.map(lambda batch: self._etags(pool, batch), batches):
            found |= each
        return found

    def _etags(self, pool: str, ids: Sequence[str]) -> dict[str, str]:
        asked: Any = {self._name: {"Keys": [items.key(pool, each) for each in ids], "ProjectionExpression": "id, etag"}}
        found: dict[str, str] = {}
        with self._in_words():
            while asked:
                answer = self._client.batch_get_item(RequestItems=asked)
                found |= {each["id"]["S"]: each["etag"]["S"] for each in answer["Responses"].get(self._name, ())}
                asked = answer.get("UnprocessedKeys")
        return found

    def ids(self, pool: str, after: str, until: str | None) -> Sequence[str]:
        """It doesn't walk."""
        raise NotOffered(f"a table in DynamoDB doesn't list the ids of {pool} from {after!r} to {until!r}")

    def delete(self, pool: str, ids: Sequence[str], before: datetime) -> int:
        """Each by itself."""
        return sum(self._threads.map(lambda each: self._delete(pool, each, before), ids))

    def _delete(self, pool: str, job_id: str, before: datetime) -> bool:
        with self._in_words():
            try:
                self._client.delete_item(
                    TableName=self._name,
                    Key=items.key(pool, job_id),
                    ConditionExpression="written_at < :before",
                    ExpressionAttributeValues={":before": {"S": items.instant(before)}},
                )
            except self._client.exceptions.ConditionalCheckFailedException:
                return False
        return True

    def expire(self, pool: str, before: datetime, most: int) -> int:
        """DynamoDB does, within days; nobody sees such a row meanwhile."""
        del pool, before, most
        return 0

    def close(self) -> None:
        """Its threads and connections."""
        self._threads.shutdown()
        self._client.close()

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "an error")
            if code in REFUSED:
                raise RowsRefused(f"DynamoDB refuses a row: {code}") from error
            kind = TableUnusable if code in UNUSABLE else TableUnavailable
            raise kind(f"DynamoDB answers {code} for the table {self._name}") from error
        except BotoCoreError as error:
            raise TableUnavailable(f"DynamoDB can't be reached: {type(error).__name__}") from error
