from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from laneway.cli.main import app
from laneway.cli.output import Exit
from laneway.cli.rows.opening import keys_of
from laneway.client.connection import CONNECTION_FILE, Connection
from laneway.schema.shared.names import PROJECTOR_FILE
from laneway_table.adapters.sql.sqlite import SQLiteTable
from support.table.events import PLACE
from support.table.rows import POOL, failed_row, row

if TYPE_CHECKING:
    from pathlib import Path

MINUTE = timedelta(minutes=1)
WITHOUT = """\
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "laneway_table" else found(name, *rest)
from laneway.cli.main import app
app({!r})
"""


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / PROJECTOR_FILE
    told: dict[str, Any] = {
        "pool": POOL,
        "events_queue_url": "http://127.0.0.1:9/123456789012/events",
        "region": "eu-central-1",
        "endpoint": "http://127.0.0.1:9",
        "results": PLACE.model_dump(),
        "retention_seconds": 3600,
        "store": {"sqlite": {"path": str(tmp_path / "table.sqlite")}},
        "health_address": "127.0.0.1:0",
    }
    path.write_text(json.dumps(told))
    return path


@pytest.fixture
def filled(document: Path) -> Path:
    now = datetime.now(UTC)
    table = SQLiteTable(document.parent / "table.sqlite")
    table.prepare()
    table.upsert(
        [
            row("invoice-1", finished_at=now - 5 * MINUTE, labels={"team": "claims"}),
            row("invoice-2", finished_at=now - 3 * MINUTE, lane="slow\x1b[31m"),
            failed_row("letter-1", finished_at=now - 90 * MINUTE, labels={"team": "claims"}),
        ]
    )
    table.close()
    return document


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, list(arguments))


def ids(document: Path, *arguments: str) -> list[str]:
    done = run("jobs", "list", "--table", str(document), "--json", *arguments)
    assert done.exit_code == 0, done.output
    return [each["id"] for each in json.loads(done.stdout)["jobs"]]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ((), ["invoice-2", "invoice-1", "letter-1"]),
        (("--lane", "fast"), ["invoice-1", "letter-1"]),
        (("--status", "failed"), ["letter-1"]),
        (("--code", "stalled"), ["letter-1"]),
        (("--code", "poison"), []),
        (("--label", "team=claims", "--since", "1h"), ["invoice-1"]),
        (("--since", "2026-01-01T00:00:00Z", "--id", "letter"), ["letter-1"]),
    ],
)
def test_jobs_are_listed_by_what_is_asked(filled: Path, arguments: tuple[str, ...], found: list[str]) -> None:
    assert ids(filled, *arguments) == found


def test_a_list_goes_on_where_it_ended(filled: Path) -> None:
    first = json.loads(run("jobs", "list", "--table", str(filled), "--json", "--limit", "2").stdout)
    assert [each["id"] for each in first["jobs"]] == ["invoice-2", "invoice-1"]
    assert ids(filled, "--after", first["after"]) == ["letter-1"]


def test_people_get_lines_without_what_a_terminal_obeys(filled: Path) -> None:
    done = run("jobs", "list", "--table", str(filled), "--limit", "2")
    head, *lines = done.stdout.splitlines()
    assert head.split() == ["ID", "LANE", "STATUS", "CODE", "QUEUED", "RAN", "ENDED", "USD"]
    assert lines[0].split() == ["invoice-2", "slow[31m", "succeeded", "7.0s", "3.0s", "3m", "0.2500"]
    assert "there are more: --after" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--status", "pending"), "--status should be one of succeeded, failed, expired, cancelled"),
        (("--label", "claims"), "--label should be a name and a value, such as team=claims"),
        (("--since", "yesterday"), "--since should be a duration such as 90m or 24h"),
        (("--since", "2026-11-22T18:00:00"), "--since should be a duration such as 90m or 24h"),
        (("--after", "here"), "--after is no place in a list; begin at its first page"),
    ],
)
def test_what_cant_be_asked_is_said(filled: Path, arguments: tuple[str, ...], words: str) -> None:
    done = run("jobs", "list", "--table", str(filled), *arguments)
    assert (done.exit_code, done.stdout) == (Exit.USAGE, "")
    assert words in done.stderr


def test_a_document_that_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("jobs", "list")
    assert done.exit_code == Exit.USAGE
    assert "there is no .laneway/projector.json: name the document" in done.stderr
    done = run("jobs", "list", "--table", "none.json")
    assert (done.exit_code, done.stderr) == (
        Exit.USAGE,
        "laneway: none.json can't be read: No such file or directory\n",
    )


def test_an_empty_database_is_migrated(document: Path) -> None:
    assert run("jobs", "list", "--table", str(document)).exit_code == Exit.UNAVAILABLE
    assert run("table", "migrate", "--table", str(document)).exit_code == 0
    assert ids(document) == []


def test_results_that_cant_be_reached_are_said(filled: Path) -> None:
    done = run("table", "check", "--table", str(filled), "--resume", "invoice-1")
    assert done.exit_code == Exit.UNAVAILABLE
    assert "S3 can't be reached" in done.stderr
    assert "to go on: --resume invoice-1" in done.stderr


def test_a_pool_of_laneway_up_is_entered_with_its_own_keys(document: Path) -> None:
    assert keys_of(document) is None
    connection = Connection(place=PLACE, endpoint="http://127.0.0.1:9", access_key_id="a", secret_access_key="b")  # noqa: S106 - nobody's
    document.with_name(CONNECTION_FILE).write_text(connection.model_dump_json())
    assert keys_of(document) == ("a", "b")


@pytest.mark.parametrize("command", [["jobs", "list"], ["table", "check"], ["table", "rebuild"], ["table", "migrate"]])
def test_where_tables_are_not_installed_it_is_said_what_to_install(command: list[str]) -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT.format(command)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (Exit.UNAVAILABLE, "")
    assert done.stderr == "laneway: tables are not installed: pip install 'laneway-table[postgres]'\n"
