from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from laneway.local.aws.account import Account
from laneway.local.processes.children import Children
from laneway.local.state import StateFolder
from laneway.local.table import DEFAULT_RETENTION_SECONDS, LocalTable, ProjectorStats
from laneway.schema.pool.documents.projector_config import ProjectorConfig, SQLiteStore
from laneway.schema.pool.pool import parse_pool
from laneway.schema.shared.names import TABLE_REFUSES
from support.inputs.pools import named, pool_with

if TYPE_CHECKING:
    from pathlib import Path

EVENTS = "http://127.0.0.1:4566/000000000000/laneway-documents-abcde-events"
ACCOUNT = Account("eu-west-1", "http://127.0.0.1:4566", "key", "secret")


class Said:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, text: str) -> None:
        self.lines.append(text)


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    folder = StateFolder(tmp_path / "state")
    folder.root.mkdir()
    return folder


def told(state: StateFolder, said: Said, **spec: object) -> ProjectorConfig:
    """What the projector of a pool reads."""
    table = LocalTable(state, parse_pool(named(pool_with(**spec))), said)  # type: ignore[arg-type] # all that it is asked for
    table.process(ACCOUNT, EVENTS, {}, Children(state.children))
    return ProjectorConfig.model_validate_json((state.root / "projector.json").read_bytes())


def test_every_pool_has_a_table_in_its_state_folder(state: StateFolder) -> None:
    said = Said()
    found = told(state, said)
    assert found.store.chosen == SQLiteStore(path=str(state.root / "table.sqlite"))
    assert (found.events_queue_url, found.endpoint, found.region) == (EVENTS, ACCOUNT.endpoint, "eu-west-1")
    assert (found.output, found.retention_seconds) == (False, DEFAULT_RETENTION_SECONDS)
    assert said.lines == []


def test_what_rows_hold_and_how_long_is_the_pools_and_its_database_is_for_clusters(state: StateFolder) -> None:
    said = Said()
    found = told(state, said, table={"postgres": {"secretName": "db"}, "output": True, "retention": "7d"})
    assert (found.output, found.retention_seconds) == (True, 7 * 86_400)
    assert found.store.postgres is None
    assert [str(state.table) in each for each in said.lines] == [True]


def test_trouble_of_a_table_is_shown_once() -> None:
    said = Said()
    stats = ProjectorStats(said)  # type: ignore[arg-type] # all that it is asked for
    for message in ("events become rows", f"{TABLE_REFUSES}: the disk is full", f"{TABLE_REFUSES}: the disk is full"):
        stats.take({"message": message}, 0.0)
    assert said.lines == [
        f"{TABLE_REFUSES}: the disk is full; jobs are answered all the same, and their rows come later"
    ]
