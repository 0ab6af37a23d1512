from __future__ import annotations

import shutil
import socket
import tempfile
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import AF_INET, IPPROTO_TCP, SO_KEEPALIVE, SOCK_STREAM, SOL_SOCKET, TCP_KEEPIDLE, TCP_USER_TIMEOUT
from typing import TYPE_CHECKING
from urllib.parse import quote

import psycopg
import pytest

from laneway_table.adapters.sql.migrations import Migration
from laneway_table.adapters.sql.postgres import PostgresTable
from laneway_table.adapters.sql.postgres_access import by_url
from laneway_table.errors import TableUnavailable, TableUnusable
from laneway_table.rows.asked import Filter
from support.processes import free_port
from support.table.benches import table_in, url_file_of
from support.table.postgres import VERSIONS, programs_of, started
from support.table.rows import POOL, row
from support.waiting import eventually, in_thread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.table.postgres import Server


@pytest.fixture(params=VERSIONS)
def server(request: pytest.FixtureRequest) -> Server:
    found: Server = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def table(server: Server, tmp_path: Path) -> Iterator[PostgresTable]:
    made = table_in(tmp_path, server)
    yield made
    made.close()


def of(url: str, folder: Path) -> PostgresTable:
    path = folder / "other-url"
    path.write_text(url)
    return PostgresTable(by_url(str(path), None))


def sql(url: str, *statements: str) -> None:
    with psycopg.connect(url.strip(), autocommit=True) as connection:
        for each in statements:
            connection.execute(each.encode())


def test_many_that_begin_at_once_make_one_schema(server: Server, tmp_path: Path) -> None:
    path = url_file_of(tmp_path, server)
    tables = [PostgresTable(by_url(str(path), None)) for _ in range(6)]
    for each in [in_thread(table.prepare) for table in tables]:
        each.result(60)
    assert tables[0].upsert([row()]) == 1
    for table in tables:
        table.close()


def test_a_newer_schema_is_refused_by_name_and_one_that_serves_is_taken(server: Server, tmp_path: Path) -> None:
    path = url_file_of(tmp_path, server)
    table = PostgresTable(by_url(str(path), None))
    table.prepare()
    sql(path.read_text(), "INSERT INTO laneway_schema VALUES (2, '0002_more.sql', 1)")
    table.prepare()
    sql(path.read_text(), "INSERT INTO laneway_schema VALUES (3, '0003_other.sql', 2)")
    with pytest.raises(TableUnusable, match=r"0003_other\.sql of a newer Laneway"):
        table.prepare()
    table.close()


def test_a_migration_does_not_keep_everybody_waiting_for_a_long_reader(server: Server, tmp_path: Path) -> None:
    path = url_file_of(tmp_path, server)
    table, other = (PostgresTable(by_url(str(path), None)) for _ in range(2))
    table.prepare()
    more = Migration(2, "0002_more.sql", 1, "ALTER TABLE laneway_results ADD COLUMN more text")
    table._known = (*table._known, more)
    with psycopg.connect(path.read_text().strip()) as backup:
        backup.execute("SELECT count(*) FROM laneway_results")  # holds its lock until the block ends
        with pytest.raises(TableUnavailable, match="lock timeout"):
            in_thread(table.prepare).result(60)
        assert other.upsert([row()]) == 1
    table.prepare()
    assert len(other.page(POOL, Filter()).rows) == 1
    for each in (table, other):
        each.close()


def test_an_empty_database_that_is_only_read_says_what_to_do(table: PostgresTable) -> None:
    with pytest.raises(TableUnusable, match="laneway table migrate"):
        table.page(POOL, Filter())


def test_a_wrong_password_is_said_and_the_right_one_is_taken_when_it_comes(server: Server, tmp_path: Path) -> None:
    path = url_file_of(tmp_path, server)
    right = path.read_text()
    path.write_text(right.replace(":of-tests", ":not-of-tests"))
    table = PostgresTable(by_url(str(path), None))
    with pytest.raises(TableUnavailable, match="password authentication failed") as refused:
        table.prepare()
    assert "not-of-tests" not in str(refused.value)
    path.write_text(right)
    eventually(lambda: _prepared(table))
    table.close()


def test_options_of_the_url_count_beside_our_own(server: Server, tmp_path: Path) -> None:
    url = url_file_of(tmp_path, server).read_text().strip()
    sql(url, "CREATE SCHEMA elsewhere")
    table = of(f"{url}{'&' if '?' in url else '?'}options=-csearch_path%3Delsewhere", tmp_path)
    table.prepare()
    table.close()
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT schemaname FROM pg_tables WHERE tablename = 'laneway_results'").fetchall()
    assert found == [("elsewhere",)]


def _prepared(table: PostgresTable) -> bool:
    try:
        table.prepare()
    except TableUnavailable:
        return False
    return True


def test_roles_that_write_and_read_need_no_more(server: Server, tmp_path: Path) -> None:
    path = url_file_of(tmp_path, server)
    owner = PostgresTable(by_url(str(path), None))
    owner.prepare()
    database = path.read_text().strip().rpartition("/")[2]
    sql(
        path.read_text(),
        f"CREATE ROLE writer_{database} LOGIN PASSWORD 'w'",
        f"CREATE ROLE reader_{database} LOGIN PASSWORD 'r'",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON laneway_results TO writer_{database}",
        f"GRANT SELECT ON laneway_results, laneway_schema TO writer_{database}, reader_{database}",
    )
    writer = of(server.url(database, f"writer_{database}", "w"), tmp_path)
    writer.prepare()
    assert writer.upsert([row()]) == 1
    writer.close()
    reader = of(server.url(database, f"reader_{database}", "r"), tmp_path)
    assert len(reader.page(POOL, Filter()).rows) == 1
    with pytest.raises(TableUnusable, match="permission denied"):
        reader.upsert([row("other")])
    for each in (reader, owner):
        each.close()


def test_a_server_that_went_and_came_back_is_used_again(tmp_path: Path) -> None:
    folder = Path(tempfile.mkdtemp(prefix="laneway-postgres-"))
    folder.chmod(0o755)
    try:
        programs, port = programs_of("postgres15", folder), free_port()
        with started(programs, folder / "data", port) as server:
            table = table_in(tmp_path, server)
            table.prepare()
            table.upsert([row("a")])
        with pytest.raises(TableUnavailable):
            table.upsert([row("b")])
        with started(programs, folder / "data", port):
            eventually(lambda: _written(table))
            assert set(table.etags(POOL, ["a", "b"])) == {"a", "b"}
        table.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _written(table: PostgresTable) -> bool:
    try:
        table.upsert([row("b")])
    except TableUnavailable:
        return False
    return True


def test_a_question_that_takes_too_long_ends(table: PostgresTable) -> None:
    with table._connection() as connection:
        (limit,) = connection.execute("SHOW statement_timeout").fetchone() or ("",)
    assert limit == "15s"


def test_a_connection_that_something_between_forgets_is_noticed(table: PostgresTable) -> None:
    with table._connection() as connection, socket.fromfd(connection.fileno(), AF_INET, SOCK_STREAM) as found:
        assert found.getsockopt(SOL_SOCKET, SO_KEEPALIVE)
        assert found.getsockopt(IPPROTO_TCP, TCP_KEEPIDLE) <= 60  # AWS forgets after 350 s
        assert found.getsockopt(IPPROTO_TCP, TCP_USER_TIMEOUT) == 30_000


def test_a_server_that_became_a_standby_is_left_for_the_one_that_writes(server: Server, tmp_path: Path) -> None:
    path = url_file_of(tmp_path, server)
    database = path.read_text().strip().rpartition("/")[2]
    table = PostgresTable(by_url(str(path), None))
    table.prepare()
    table.close()
    sql(path.read_text(), f"ALTER DATABASE {database} SET default_transaction_read_only = on")
    table = PostgresTable(by_url(str(path), None))
    with pytest.raises(TableUnavailable, match="read-only transaction"):
        table.upsert([row()])
    server.run(f"ALTER DATABASE {database} RESET default_transaction_read_only")
    eventually(lambda: _written(table))
    table.close()


def test_a_standby_is_read(server: Server, tmp_path: Path) -> None:
    path = url_file_of(tmp_path, server)
    database = path.read_text().strip().rpartition("/")[2]
    table = PostgresTable(by_url(str(path), None))
    table.prepare()
    table.upsert([row()])
    table.close()
    sql(path.read_text(), f"ALTER DATABASE {database} SET default_transaction_read_only = on")
    standby = PostgresTable(by_url(str(path), None))
    standby.prepare()
    assert len(standby.page(POOL, Filter()).rows) == 1
    standby.close()


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_that_lacks_letters_is_refused_before_it_refuses_rows(
    server: Server, tmp_path: Path, encoding: str
) -> None:
    name = f"test_{uuid.uuid4().hex}"
    server.run(f"CREATE DATABASE {name} ENCODING '{encoding}' TEMPLATE template0")
    table = of(server.url(name), tmp_path)
    with pytest.raises(TableUnusable, match=f"encoding is {encoding}, and should be UTF8"):
        table.prepare()
    table.close()


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
def test_a_database_that_isolates_more_is_written_by_two_at_once(server: Server, tmp_path: Path, level: str) -> None:
    path = url_file_of(tmp_path, server)
    database = path.read_text().strip().rpartition("/")[2]
    sql(path.read_text(), f"ALTER DATABASE {database} SET default_transaction_isolation = '{level}'")
    tables = [PostgresTable(by_url(str(path), None)) for _ in range(4)]
    for each in [in_thread(table.prepare) for table in tables]:
        each.result(60)
    assert sum(table.upsert([row()]) for table in tables) == 1
    for table in tables:
        table.close()


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "<+0330>-03:30"])
def test_a_database_of_another_zone_counts_the_days_of_utc(server: Server, tmp_path: Path, zone: str) -> None:
    path = url_file_of(tmp_path, server)
    database = path.read_text().strip().rpartition("/")[2]
    sql(path.read_text(), f"ALTER DATABASE {database} SET timezone = '{zone}'")
    table = PostgresTable(by_url(str(path), None))
    table.prepare()
    midnight = datetime(2026, 11, 29, tzinfo=UTC)
    rows = [row(name, finished_at=midnight + timedelta(minutes=at)) for name, at in (("a", -1), ("b", 0), ("c", 1439))]
    table.upsert(rows)
    assert sorted(each.finished_at for each in table.page(POOL, Filter()).rows) == [each.finished_at for each in rows]
    assert sum(each.jobs for each in table.totals(POOL, midnight, midnight + timedelta(days=1))) == 2
    spans = table.series(POOL, midnight, midnight + timedelta(days=1), 3600)
    assert [each.at for each in spans] == [midnight, midnight + timedelta(hours=23)]
    table.close()


@pytest.mark.parametrize("user", ["Team-A", "owner of all"])
def test_a_schema_of_capitals_that_another_role_owns_is_found_by_its_path(
    server: Server, tmp_path: Path, user: str
) -> None:
    path = url_file_of(tmp_path, server)
    database = path.read_text().strip().rpartition("/")[2]
    role = f"{user} {database}"
    sql(
        path.read_text(),
        f"CREATE ROLE \"{role}\" LOGIN PASSWORD 'p@/?#%: w'",
        f'CREATE SCHEMA "Team-A" AUTHORIZATION "{role}"',
        f'ALTER ROLE "{role}" SET search_path = "Team-A"',
    )
    table = of(server.url(database, quote(role, ""), quote("p@/?#%: w", "")), tmp_path)
    table.prepare()
    assert table.upsert([row()]) == 1
    table.close()
    with psycopg.connect(path.read_text().strip()) as connection:
        found = connection.execute("SELECT schemaname FROM pg_tables WHERE tablename = 'laneway_results'").fetchall()
    assert found == [("Team-A",)]
