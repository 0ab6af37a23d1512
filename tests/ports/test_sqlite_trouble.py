from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from laneway_table.adapters.sql.sqlite import SQLiteTable
from laneway_table.errors import TableUnavailable, TableUnusable
from laneway_table.rows.asked import Filter
from support.table.rows import POOL, row

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WRITER = """\
import sys
from pathlib import Path
from laneway_table.adapters.sql.sqlite import SQLiteTable
from support.table.rows import row
table = SQLiteTable(Path(sys.argv[1]))
table.prepare()
for number in range(100):
    table.upsert([row(f"{sys.argv[2]}-{number}"), row("both", revision=number)])
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "table.sqlite"


@pytest.fixture
def table(path: Path) -> Iterator[SQLiteTable]:
    made = SQLiteTable(path)
    made.prepare()
    yield made
    made.close()


def test_a_full_disk_takes_no_rows_and_loses_none(table: SQLiteTable) -> None:
    table.upsert([row("before")])
    (pages,) = table._connection.execute("PRAGMA page_count").fetchone()
    table._connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(TableUnavailable, match="full"):
        table.upsert([row(f"job-{number}", text="x" * 10_000) for number in range(100)])
    assert [each.id for each in table.page(POOL, Filter()).rows] == ["before"]
    table._connection.execute(f"PRAGMA max_page_count = {pages + 1000}")
    assert table.upsert([row("after")]) == 1


def test_a_file_that_is_no_database_says_how_to_get_one(path: Path) -> None:
    path.write_bytes(b"no database at all, " * 100)
    with pytest.raises(TableUnusable, match="move it away, and `laneway table rebuild` makes it anew"):
        SQLiteTable(path)


def test_a_folder_that_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(TableUnavailable, match="unable to open database file"):
        SQLiteTable(tmp_path / "none" / "table.sqlite")


def test_a_newer_schema_is_refused_by_name_and_one_that_serves_is_taken(table: SQLiteTable) -> None:
    table._connection.execute("INSERT INTO laneway_schema VALUES (2, '0002_more.sql', 1)")
    table.prepare()
    table._connection.execute("INSERT INTO laneway_schema VALUES (3, '0003_other.sql', 2)")
    with pytest.raises(TableUnusable, match=r"0003_other\.sql of a newer Laneway"):
        table.prepare()


def test_two_processes_write_one_file(path: Path, pytestconfig: pytest.Config) -> None:
    tests = pytestconfig.rootpath / "tests"
    code = f"import sys; sys.path.insert(0, {str(tests)!r})\n{WRITER}"
    writers = [subprocess.Popen([sys.executable, "-c", code, str(path), name]) for name in ("a", "b")]
    assert [each.wait(120) for each in writers] == [0, 0]
    table = SQLiteTable(path)
    assert table.count(POOL, Filter(), 1000) == 201
    both = table.get(POOL, "both")
    assert both is not None
    assert both.revision == 99
    table.close()
