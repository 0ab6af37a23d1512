"""The gateway's process on an emulator of AWS: how it starts, what its probes say, and how it leaves."""

from __future__ import annotations

import signal
import socket
from typing import TYPE_CHECKING

import httpx
import pytest

from support.gateway.process import GatewayPool, gateway_process
from support.processes import closed_port
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.aws.emulators import Aws
    from support.gateway.process import GatewayProcess

SILENT_SECONDS = 60.0
HUNG_SECONDS = 10.0
"""What leaving may take while AWS says nothing."""
KEY = "lw-of-team-a"


@pytest.fixture
def pool(tmp_path: Path, moto: Aws) -> GatewayPool:
    made = GatewayPool(tmp_path, moto.endpoint)
    made.publish()
    return made


@pytest.fixture
def gateway(pool: GatewayPool) -> Iterator[GatewayProcess]:
    with gateway_process(pool.folder) as process:
        process.wait_until_ready()
        yield process


def test_it_serves_its_doors_and_its_probes_and_is_registered(gateway: GatewayProcess, pool: GatewayPool) -> None:
    assert httpx.get(gateway.url).text == "Ollama is running"
    assert gateway.page("/healthz") == (200, "ok\n")
    assert gateway.page("/readyz") == (200, "ok\n")
    status, metrics = gateway.page("/metrics")
    assert status == 200
    assert 'laneway_gateway_ready{pool="nlp/documents"} 1.0' in metrics
    assert gateway.page("/other")[0] == 404
    assert len(pool.registrations()) == 1


def test_sigterm_takes_the_registration_back_and_ends_well(gateway: GatewayProcess, pool: GatewayPool) -> None:
    gateway.process.send_signal(signal.SIGTERM)
    assert gateway.wait() == 0
    assert pool.registrations() == []
    assert gateway.lines("gateway stopped")


def refused(pool: GatewayPool, **variables: str) -> str:
    """The one line of a gateway that can't start."""
    with gateway_process(pool.folder, **variables) as gateway:
        assert gateway.wait() == 2, gateway.words
        (line,) = gateway.words.splitlines()
        return line


def test_without_keys_it_does_not_listen_to_others(pool: GatewayPool) -> None:
    words = refused(pool, LANEWAY_GATEWAY_LISTEN="0.0.0.0:0")
    assert words.startswith("laneway-gateway: LANEWAY_GATEWAY_LISTEN is 0.0.0.0:0, and there are no keys")


def test_a_missing_keys_file_is_one_line_that_says_what_to_do(pool: GatewayPool) -> None:
    path = str(pool.folder / "none.json")
    words = refused(pool, LANEWAY_GATEWAY_KEYS=path)
    remedy = "write the entries that `laneway keys new NAME` prints into it"
    assert words == f"laneway-gateway: LANEWAY_GATEWAY_KEYS: there is no keys file {path}: {remedy}"


def test_a_port_in_use_is_one_line_that_names_its_variable(pool: GatewayPool) -> None:
    with closed_port() as port:
        words = refused(pool, LANEWAY_GATEWAY_LISTEN=f"127.0.0.1:{port}")
        assert words.startswith(f"laneway-gateway: LANEWAY_GATEWAY_LISTEN: can't listen on 127.0.0.1:{port}: ")
        words = refused(pool, LANEWAY_GATEWAY_REPLIES_PORT=str(port))
        assert "LANEWAY_GATEWAY_REPLIES_PORT: can't listen" in words
        words = refused(pool, LANEWAY_GATEWAY_PROBES=f"127.0.0.1:{port}")
        assert words.startswith(f"laneway-gateway: LANEWAY_GATEWAY_PROBES: can't listen on 127.0.0.1:{port}: ")


def test_a_folder_without_a_pool_is_one_line(pool: GatewayPool, tmp_path: Path) -> None:
    words = refused(pool, LANEWAY_POOL=str(tmp_path / "none"))
    assert words.startswith("laneway-gateway: LANEWAY_POOL: no pool is running in ")


def test_it_waits_for_a_pool_that_is_not_there_yet(tmp_path: Path, moto: Aws) -> None:
    pool = GatewayPool(tmp_path, moto.endpoint)
    with gateway_process(pool.folder) as gateway:
        (line,) = eventually(lambda: gateway.lines("waiting for the pool"))
        assert "its pool.json is missing" in line["trouble"]
        assert gateway.page("/readyz") == (503, "it starts\n")
        assert gateway.page("/healthz") == (200, "ok\n")
        pool.publish()
        gateway.wait_until_ready()
        assert gateway.page("/readyz") == (200, "ok\n")


def test_sigterm_before_there_is_a_pool_ends_it(tmp_path: Path, moto: Aws) -> None:
    with gateway_process(GatewayPool(tmp_path, moto.endpoint).folder) as gateway:
        eventually(lambda: gateway.lines("waiting for the pool"))
        gateway.process.send_signal(signal.SIGTERM)
        assert gateway.wait(HUNG_SECONDS) == 0


def test_aws_that_says_nothing_does_not_hold_the_exit(pool: GatewayPool) -> None:
    """The call goes on in its thread, and Python would wait for it."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(SILENT_SECONDS)
        pool.lead_to(f"http://127.0.0.1:{silent.getsockname()[1]}")
        with gateway_process(pool.folder) as gateway, silent.accept()[0]:
            gateway.process.send_signal(signal.SIGTERM)
            gateway.wait(HUNG_SECONDS)
            assert gateway.lines("leaving without waiting for what hangs")
