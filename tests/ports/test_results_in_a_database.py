from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from laneway_table.adapters.dynamodb.items import definition
from laneway_table.adapters.sql.postgres import PostgresTable
from laneway_table.adapters.sql.postgres_access import by_url
from laneway_table.rows.row import COLUMNS
from support.table.benches import url_file_of
from support.table.rows import failed_row, row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.table.postgres import Server

PAGE = (Path(__file__).parents[2] / "docs" / "howto" / "results-in-a-database.md").read_text()
ROLES = ("laneway_owner", "laneway_writer", "laneway_reader")
POOL = "team-a/documents"
QUERIES = 6


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(params=["postgres15"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Of a database whose roles are gone at the end: they are the server's."""
    server: Server = request.getfixturevalue(request.param)
    found = url_file_of(tmp_path, server).read_text().strip()
    yield found
    with psycopg.connect(found, autocommit=True) as connection:
        for each in ROLES:
            connection.execute(f"DROP OWNED BY {each} CASCADE".encode())
            connection.execute(f"DROP ROLE {each}".encode())


def of(url: str, role: str, folder: Path) -> PostgresTable:
    path = folder / f"{role}-url"
    path.write_text(re.sub(r"//[^@]+@", f"//{role}:one-of-your-own@", url))
    return PostgresTable(by_url(str(path), None))


def test_the_pages_sql_is_true_word_for_word(url: str, tmp_path: Path) -> None:
    roles, grants, *queries = blocks("sql")
    assert len(queries) == QUERIES
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(roles.encode())
        owner = of(url, "laneway_owner", tmp_path)
        owner.prepare()
        owner.close()
        connection.execute(grants.encode())

    writer = of(url, "laneway_writer", tmp_path)
    writer.prepare()
    now = datetime.now(UTC)
    told: dict[str, Any] = {"pool": POOL, "labels": {"team": "claims"}}
    writer.upsert(
        [
            row("invoice-4711", text="An answer.", finished_at=now - timedelta(hours=1), **told),
            row("letter-1", finished_at=datetime(2026, 11, 22, 11, tzinfo=UTC), **told),
            failed_row("letter-2", finished_at=now - timedelta(minutes=5), **told),
        ]
    )
    writer.close()

    answers = []
    reader = re.sub(r"//[^@]+@", "//laneway_reader:one-of-your-own@", url)
    with psycopg.connect(reader, autocommit=True) as connection:
        for each in queries:
            cursor = connection.execute(each.encode())
            assert cursor.description is not None
            answers.append(cursor.fetchall())
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DELETE FROM laneway_results")
    one, team, following, failing, cost, _ = answers
    assert one[0][:2] == ("succeeded", "An answer.")
    assert [each[0] for each in team if each[0] != "letter-1"] == ["letter-2", "invoice-4711"]
    assert "letter-1" in [each[0] for each in following]
    assert [each[:4] for each in failing] == [("stalled", "no token for N s", "fast", 1)]
    assert {each[1] for each in cost} == {"claims"}


def test_the_page_names_every_column() -> None:
    table = PAGE.partition("## Columns")[2].partition("## Ask")[0]
    assert set(COLUMNS) - {"pool", "id"} <= set(re.findall(r"`([a-z_]+)`", table))


def test_the_table_of_dynamodb_is_the_one_that_is_expected() -> None:
    (document,) = blocks("json")
    assert json.loads(document) == definition("laneway-documents")
