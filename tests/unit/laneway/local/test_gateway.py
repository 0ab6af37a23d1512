from __future__ import annotations

import json
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from laneway.local.errors import LocalError
from laneway.local.gateway import PORT, LocalGateway, declared
from laneway.local.processes.kept import HOPELESS_RESTARTS
from laneway.local.processes.ports import first_free_port
from laneway.local.state import StateFolder
from laneway.schema.pool.pool import LLMWorkerPool
from laneway.schema.shared.names import GATEWAY_READY
from support.inputs.pools import pool_with
from support.local.said import Said
from support.processes import closed_port, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

READY = {"message": GATEWAY_READY}


@pytest.fixture
def state(tmp_path: Path) -> Iterator[StateFolder]:
    folder = StateFolder(tmp_path / "state")
    with folder.locked():
        yield folder


def test_what_a_person_has_set_for_another_gateway_is_not_for_this_one(state: StateFolder) -> None:
    gateway = LocalGateway(state, free_port(), {}, Said())
    given = gateway.variables({"LANEWAY_GATEWAY_KEYS": "keys.json", "LANEWAY_POOL": "s3://other", "PATH": "/bin"})
    assert "LANEWAY_GATEWAY_KEYS" not in given
    assert given["LANEWAY_POOL"] == str(state.gateway)
    assert given["PATH"] == "/bin"


@pytest.mark.parametrize(
    ("fields", "heeded"),
    [
        (None, {}),
        ({}, {"LANEWAY_GATEWAY_EDGE_IDLE_TIMEOUT": "1m"}),
        (
            {"edgeIdleTimeout": "15m", "maxWait": "90s"},
            {"LANEWAY_GATEWAY_EDGE_IDLE_TIMEOUT": "15m", "LANEWAY_GATEWAY_MAX_WAIT": "1m30s"},
        ),
        (
            {"lanes": {"tasks": "default"}},
            {"LANEWAY_GATEWAY_EDGE_IDLE_TIMEOUT": "1m", "LANEWAY_GATEWAY_LANES": "tasks=default"},
        ),
    ],
)
def test_what_a_pool_says_of_waiting_and_lanes_is_heeded_and_its_keys_are_said_to_be_for_clusters(
    state: StateFolder, fields: dict[str, Any] | None, heeded: dict[str, str]
) -> None:
    said = Said()
    gateway = None if fields is None else {"keys": {"secretName": "keys"}, **fields}
    pool = pool_with(**({} if gateway is None else {"gateway": gateway}))
    told = declared(LLMWorkerPool.model_validate_json(json.dumps(pool)), said)
    assert told == heeded
    assert [each.partition(":")[0] for each in said.lines] == (
        [] if fields is None else ["gateway.keys is for clusters"]
    )
    assert LocalGateway(state, free_port(), told, said).variables({}).items() >= told.items()


def test_its_addresses_stand_in_a_file(state: StateFolder) -> None:
    port = free_port()
    gateway = LocalGateway(state, port, {}, Said())
    given = gateway.variables({})
    told: dict[str, Any] = json.loads((state.gateway / "addresses.json").read_text())
    assert told == {"url": f"http://127.0.0.1:{port}", "health_address": given["LANEWAY_GATEWAY_PROBES"]}


def test_a_port_that_is_in_use_gives_way_to_the_next_free_one(state: StateFolder) -> None:
    with closed_port() as port, socket.socket() as second:
        second.bind(("127.0.0.1", 0))
        assert first_free_port(port) > port
    said = Said()
    LocalGateway(state, None, {}, said).variables({})
    assert said.lines == [] or said.lines[0].startswith(f"port {PORT} is in use: the gateway listens on ")


def test_a_port_that_was_asked_for_and_is_in_use_is_told(state: StateFolder) -> None:
    with closed_port() as port, pytest.raises(LocalError, match=f"port {port}: .*; choose another with --http-port"):
        LocalGateway(state, port, {}, Said())


def test_the_port_stays_once_clients_have_been_told_of_it(state: StateFolder) -> None:
    gateway = LocalGateway(state, None, {}, Said())
    first = gateway.variables({})["LANEWAY_GATEWAY_LISTEN"]
    gateway.stats.take(READY, 0.0)
    gateway.stats.died("SIGKILL")
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", int(first.rpartition(":")[2])))
        assert gateway.variables({})["LANEWAY_GATEWAY_LISTEN"] == first


def test_one_that_can_not_start_is_told_and_waited_for_no_longer(state: StateFolder) -> None:
    said = Said()
    gateway = LocalGateway(state, free_port(), {}, said)
    for _ in range(HOPELESS_RESTARTS):
        assert not gateway.settled
        gateway.stats.died("exit code 2")
    assert gateway.settled
    assert gateway.url() is None
    assert str(state.logs / "gateway.log") in said.lines[-1]


def test_it_may_not_be_installed() -> None:
    lines = [
        "import sys",
        "from laneway.local.gateway import LocalGateway",
        "before = LocalGateway.is_installed()",
        "sys.path = [each for each in sys.path if not each.endswith('gateway/src')]",
        "sys.path_importer_cache.clear()",
        "print(before, LocalGateway.is_installed())",
    ]
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]
