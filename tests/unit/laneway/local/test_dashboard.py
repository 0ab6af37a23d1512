from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from laneway.local.dashboard import LocalDashboard
from laneway.local.errors import LocalError
from laneway.local.processes.kept import HOPELESS_RESTARTS
from laneway.local.state import StateFolder
from laneway.schema.shared.names import DASHBOARD_LINK
from laneway_dashboard.settings import read_settings
from support.local.said import Said
from support.processes import closed_port

if TYPE_CHECKING:
    from pathlib import Path

FIRST, SECOND = "http://127.0.0.1:1/enter?token=a", "http://127.0.0.1:1/enter?token=b"


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    return StateFolder(tmp_path / "state")


def linked(url: object) -> dict[str, object]:
    return {"message": DASHBOARD_LINK, "url": url}


def test_it_reads_what_it_is_given_and_nothing_of_another_one(state: StateFolder) -> None:
    foreign = {"LANEWAY_DASHBOARD_ROLE": "viewer", "LANEWAY_DASHBOARD_TABLES": "x", "PATH": "/bin"}
    given = LocalDashboard(state, None, Said()).variables(foreign)
    assert given["PATH"] == "/bin"
    found = read_settings(given)
    assert found.pools == (str(state.dashboard),)
    assert (found.up_state, found.port, found.role.value, found.tables) == (state.root, None, "operator", ())


def test_a_person_is_given_the_first_link_once_and_each_later_one_at_once(state: StateFolder) -> None:
    said = Said()
    dashboard = LocalDashboard(state, None, said)
    assert not dashboard.settled
    dashboard.stats.take(linked(7), 0)
    dashboard.stats.take({"message": "lane paused"}, 0)
    assert not dashboard.settled
    dashboard.stats.take(linked(FIRST), 0)
    assert dashboard.settled
    assert dashboard.link() == FIRST
    assert said.lines == []
    dashboard.stats.take(linked(SECOND), 0)
    assert said.lines == [f"the dashboard's next link, for another browser: {SECOND}"]


def test_one_that_can_not_start_holds_up_nothing(state: StateFolder) -> None:
    said = Said()
    dashboard = LocalDashboard(state, None, said)
    for _ in range(HOPELESS_RESTARTS):
        dashboard.stats.died("exit code 2")
    assert dashboard.settled
    assert dashboard.link() is None
    assert "jobs are answered all the same" in said.lines[0]


def test_a_port_that_is_taken_is_named(state: StateFolder) -> None:
    with closed_port() as port, pytest.raises(LocalError, match="--dashboard-port"):
        LocalDashboard(state, port, Said())
