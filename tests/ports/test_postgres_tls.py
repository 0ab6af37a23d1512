"""A real server's certificate is verified, by name and by its authority."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from laneway_table.adapters.sql.postgres import PostgresTable
from laneway_table.adapters.sql.postgres_access import by_url
from laneway_table.errors import TableError, TableUnavailable, TableUnusable
from support.processes import free_port
from support.table.postgres import PASSWORD, programs_of, started
from support.table.tls import self_signed

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "jobs.example"


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="laneway-tls-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def port(folder: Path) -> Iterator[int]:
    """Of a server whose certificate is `HOST`'s."""
    signed = self_signed(folder, HOST)
    with started(programs_of("postgres15", folder), folder / "data", free_port(), *signed.settings) as server:
        yield server.port


def prepared(folder: Path, url: str, ca: Path | None) -> TableError | None:
    path = folder / "url"
    path.write_text(url)
    table = PostgresTable(by_url(str(path), None if ca is None else str(ca)))
    try:
        table.prepare()
    except TableError as error:
        return error
    finally:
        table.close()
    return None


def url(host: str, port: int, more: str = "") -> str:
    return f"postgresql://laneway:{PASSWORD}@{host}:{port}/postgres?hostaddr=127.0.0.1{more}"


def test_the_right_name_of_the_right_authority_is_entered(folder: Path, port: int) -> None:
    assert prepared(folder, url(HOST, port), folder / f"{HOST}.pem") is None


def test_another_name_is_not(folder: Path, port: int) -> None:
    error = prepared(folder, url("other.example", port), folder / f"{HOST}.pem")
    assert isinstance(error, TableUnavailable)
    assert 'does not match host name "other.example"' in str(error)


def test_another_authority_is_not(folder: Path, port: int) -> None:
    other = self_signed(folder, "another.example")
    error = prepared(folder, url(HOST, port), other.certificate)
    assert isinstance(error, TableUnavailable)
    assert "certificate verify failed" in str(error)


def test_the_machines_own_authorities_know_it_not(folder: Path, port: int) -> None:
    error = prepared(folder, url(HOST, port), None)
    assert isinstance(error, TableUnavailable)
    assert "certificate" in str(error)


def test_certificates_that_are_not_there_yet_are_waited_for(folder: Path, port: int) -> None:
    error = prepared(folder, url(HOST, port), folder / "none.pem")
    assert isinstance(error, TableUnavailable)
    assert f'root certificate file "{folder}/none.pem" does not exist' in str(error)


def test_who_asks_for_less_is_told_to_leave_it_out(folder: Path, port: int) -> None:
    error = prepared(folder, url(HOST, port, "&sslmode=require"), None)
    assert isinstance(error, TableUnusable)
    assert PASSWORD not in str(error)
