"""The table of a pool on one machine: a row for each result, without anybody asking for one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from laneway.client.connection import CONNECTION_FILE
from laneway.schema.shared.names import PROJECTOR_FILE
from support.local.pool import environment, laneway
from support.waiting import eventually

if TYPE_CHECKING:
    from support.local.pool import Done, LocalPool

SECONDS = 60.0


def of_table(shared: LocalPool, *arguments: str) -> Done:
    return laneway(*arguments, "--table", shared.state / PROJECTOR_FILE, variables=environment())


def test_a_job_has_a_row_and_rows_are_what_s3_has(shared: LocalPool) -> None:
    assert (shared.state / CONNECTION_FILE).exists()
    shared.pool.submit("Capital of France?", id="in-a-table", options={"num_predict": 4}).result(SECONDS)

    def rows() -> list[dict[str, object]]:
        found = of_table(shared, "jobs", "list", "--id", "in-a-table", "--json")
        return list(json.loads(found.stdout)["jobs"])

    (row,) = eventually(rows, SECONDS)
    assert (row["id"], row["status"]) == ("in-a-table", "succeeded")
    assert "text" not in json.dumps(row)
    found = json.loads(of_table(shared, "table", "check", "--json").stdout)
    assert found["seen"] >= 1
    told = [each for kind, ids in found.items() if isinstance(ids, list) for each in ids]
    assert "in-a-table" not in told  # others' tests plant results that are none
