from __future__ import annotations

from pathlib import Path

import boto3
import pytest

from laneway.schema.pool.documents.projector_config import PostgresIAM
from laneway_table.adapters.sql.postgres_access import by_token, by_url, secured
from laneway_table.errors import TableUnavailable, TableUnusable

HOST = "jobs.abc123.eu-west-1.rds.amazonaws.com"


def test_tls_is_verified_by_the_certificates_that_are_named(tmp_path: Path) -> None:
    url = tmp_path / "url"
    url.write_text(f"postgresql://laneway:p%40ss@{HOST}:5433/jobs\n")
    found = by_url(str(url), "/etc/ca.pem")()
    assert dict(found) == {
        "user": "laneway",
        "password": "p@ss",
        "host": HOST,
        "port": "5433",
        "dbname": "jobs",
        "sslmode": "verify-full",
        "sslrootcert": "/etc/ca.pem",
    }
    machines = Path(by_url(str(url), None)()["sslrootcert"])
    assert machines.read_text().count("BEGIN CERTIFICATE") > 50


@pytest.mark.parametrize("mode", ["disable", "prefer", "require", "verify-ca"])
def test_less_is_refused(mode: str) -> None:
    with pytest.raises(TableUnusable, match=f"sslmode={mode}: leave it out"):
        secured({"host": HOST, "sslmode": mode}, None)


@pytest.mark.parametrize("host", ["", "/run/postgresql", "localhost", "127.0.0.1", "::1"])
def test_this_machines_own_need_none(host: str) -> None:
    assert secured({"host": host}, None) == {"host": host}


@pytest.mark.parametrize(
    "given",
    [
        {"host": f"localhost,{HOST}"},
        {"host": "localhost", "hostaddr": "10.0.0.1"},
        {"host": "localhost.example"},
        {"service": "jobs"},
    ],
)
def test_one_that_only_looks_like_it_is_verified(given: dict[str, str]) -> None:
    assert secured(given, None)["sslmode"] == "verify-full"


def test_a_file_that_is_missing_is_waited_for_and_one_that_is_wrong_is_not(tmp_path: Path) -> None:
    with pytest.raises(TableUnavailable, match="can't be read"):
        by_url(str(tmp_path / "none"), None)()
    wrong = tmp_path / "url"
    wrong.write_text("mysql:pass-word-here")
    with pytest.raises(TableUnusable, match="should hold one line") as refused:
        by_url(str(wrong), None)()
    assert "pass-word" not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://laneway:hunter@2hunter@db.example/jobs",
        "postgresql://laneway:hunter/2hunter@db.example/jobs",
        "postgresql://laneway:hunter%2hunter@db.example/jobs",
        "postgresql://laneway:hunter2@db.example/jobs?pgbouncer=true",
        "postgresql+psycopg://laneway:hunter2@db.example/jobs",
        "'postgresql://laneway:hunter2@db.example/jobs'",
        "\ufeffpostgresql://laneway:hunter2@db.example/jobs",
    ],
)
def test_a_url_that_is_read_by_luck_is_refused_and_its_password_is_not_said(tmp_path: Path, text: str) -> None:
    url = tmp_path / "url"
    url.write_text(text)
    with pytest.raises(TableUnusable, match="in user and password write @ as %40") as refused:
        by_url(str(url), None)()
    assert "hunter" not in str(refused.value)


@pytest.mark.parametrize("hosts", ["db.example", "a_b.example,[2001:db8::1]:5433", "%2Frun%2Fpostgresql", "10.0.0.1"])
def test_hosts_that_are_ones_are_taken(tmp_path: Path, hosts: str) -> None:
    url = tmp_path / "url"
    url.write_text(f"postgresql://laneway:p%40%2F%3F%25%23%3A@{hosts}/jobs")
    assert "p@/?%#:" in by_url(str(url), None)().values()


def test_the_machines_certificates_are_those_that_the_wheel_of_libpq_lacks() -> None:
    assert Path(secured({"host": HOST, "sslrootcert": "system"}, None)["sslrootcert"]).is_file()
    assert secured({"host": HOST, "sslrootcert": "system"}, "/etc/ca.pem")["sslrootcert"] == "/etc/ca.pem"
    assert secured({"host": HOST, "sslrootcert": "/own.pem"}, "/etc/ca.pem")["sslrootcert"] == "/own.pem"


def test_a_token_is_made_for_each_connection() -> None:
    client = boto3.client("rds", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")  # noqa: S106 - nobody's
    connect = by_token(PostgresIAM(host=HOST, database="jobs", user="laneway"), None, client, "eu-west-1")
    found = connect()
    assert found["password"].startswith(f"{HOST}:5432/?Action=connect&DBUser=laneway")
    assert (found["sslmode"], found["user"], found["dbname"]) == ("verify-full", "laneway", "jobs")
