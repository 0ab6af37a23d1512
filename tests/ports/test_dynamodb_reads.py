"""DynamoDB is paid for what a question reads, whatever it shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from laneway_table.rows.asked import Filter
from support.table.benches import dynamodb_table
from support.table.rows import POOL, failed_row, row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from laneway_table.adapters.dynamodb.table import DynamoDBTable

ROWS = 120


@pytest.fixture
def table(dynamodb: str, _credentials: None) -> Iterator[DynamoDBTable]:
    made = dynamodb_table(dynamodb)
    made.upsert([row(f"job-{place}", place) for place in range(ROWS)])
    made.upsert([failed_row(f"failed-{place}", place) for place in range(ROWS)])
    yield made
    made.close()


def test_a_page_reads_few_rows_of_each_partition_and_the_pages_are_all_rows(table: DynamoDBTable) -> None:
    read: list[int] = []

    def answered(parsed: dict[str, Any], **_: object) -> None:
        read.append(parsed["ScannedCount"])

    table._client.meta.events.register("after-call.dynamodb.Query", answered)
    wanted, after, found, most = Filter(lane="fast"), None, [], 0
    while True:
        read.clear()
        page = table.page(POOL, wanted, after, 10)
        most = max(most, sum(read))
        found += [each.id for each in page.rows]
        after = page.after
        if after is None:
            break
    assert len(found) == len(set(found)) == 2 * ROWS
    assert most <= 4 * 12, "of four partitions"
