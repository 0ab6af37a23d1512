"""A table behind a real PgBouncer that lends a session for a transaction, and keeps Debian's settings."""

from __future__ import annotations

import shutil
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from laneway_table.adapters.sql.postgres import PostgresTable
from laneway_table.adapters.sql.postgres_access import by_url
from laneway_table.rows.asked import Filter
from support.table.poolers import pgbouncer
from support.table.postgres import VERSIONS
from support.table.rows import POOL, row
from support.waiting import in_thread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.table.postgres import Server


@pytest.fixture(params=VERSIONS)
def behind(request: pytest.FixtureRequest) -> Server:
    found: Server = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def url(behind: Server) -> Iterator[str]:
    folder = Path(tempfile.mkdtemp(prefix="laneway-pooler-"))
    folder.chmod(0o755)
    try:
        with pgbouncer(behind, folder) as pooler:
            yield pooler.url(behind.database().rpartition("/")[2])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def of(url: str, folder: Path) -> PostgresTable:
    path = folder / "url"
    path.write_text(url)
    return PostgresTable(by_url(str(path), None))


def test_tables_are_made_written_and_asked_through_it(url: str, tmp_path: Path) -> None:
    tables = [of(url, tmp_path) for _ in range(4)]
    for each in [in_thread(table.prepare) for table in tables]:
        each.result(60)
    rows = [row(f"job-{place}") for place in range(40)]
    writing = [in_thread(partial(table.upsert, rows)) for table in tables]
    assert sum(each.result(60) for each in writing) == 40
    assert {each.id for each in tables[0].page(POOL, Filter()).rows} == {each.id for each in rows}
    for table in tables:
        table.close()


def test_what_a_question_may_cost_is_bound_and_no_other_clients_is(url: str, tmp_path: Path) -> None:
    table = of(url, tmp_path)
    with table._connection() as connection:
        found = connection.execute("SHOW statement_timeout").fetchone()
    with table._pool.connection() as connection:
        left = connection.execute("SHOW statement_timeout").fetchone()
    assert (found, left) == (("15s",), ("0",))
    table.close()
