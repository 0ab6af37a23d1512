"""The gateway's process on an emulator of AWS: how it starts, what its probes say, and how it leaves."""

from __future__ import annotations

import json
import signal
import socket
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import httpx
import psutil
import pytest

from laneway.schema.pool.documents.keys_file import hash_of
from support.aws.emulators import running
from support.gateway.process import GatewayPool, gateway_process
from support.local.pool import LANEWAY
from support.processes import closed_port
from support.waiting import eventually, in_thread

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.aws.emulators import Aws
    from support.gateway.process import GatewayProcess

SILENT_SECONDS = 60.0
HUNG_SECONDS = 15.0
"""What leaving may take while AWS says nothing."""
STREAM_SECONDS = 60.0
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
    for path in ("/wp-login.php", "/.env", "/v1/files/secret"):  # as scanners do: one series, not one each
        assert httpx.get(f"{gateway.url}{path}").status_code == 404
    assert {each for each in gateway.page("/metrics")[1].splitlines() if 'status="404"' in each} == {
        'laneway_gateway_requests_total{door="openai",path="-",pool="nlp/documents",status="404"} 3.0'
    }
    assert len(pool.registrations()) == 1


def test_sigterm_takes_the_registration_back_and_ends_well(gateway: GatewayProcess, pool: GatewayPool) -> None:
    gateway.process.send_signal(signal.SIGTERM)
    assert gateway.wait() == 0
    assert pool.registrations() == []
    assert gateway.lines("gateway stopped")


def listens(url: str) -> bool:
    """Whether somebody takes connections."""
    with suppress(httpx.ConnectError):
        httpx.get(url)
        return True
    return False


@contextmanager
def asked(gateway: GatewayProcess) -> Iterator[httpx.Response]:
    """A streamed request that is held."""
    body = {"model": "gemma3:4b", "prompt": "Capital of France?"}
    with (
        httpx.Client(timeout=STREAM_SECONDS) as client,
        client.stream("POST", f"{gateway.url}/api/generate", json=body) as answer,
    ):
        assert answer.status_code == 200
        yield answer


def test_a_drain_lets_held_requests_have_their_answers_and_takes_no_more(
    gateway: GatewayProcess, pool: GatewayPool
) -> None:
    with httpx.Client() as kept, asked(gateway) as answer:
        assert kept.get(gateway.url).headers.get("connection") != "close"
        job = pool.received()
        gateway.process.send_signal(signal.SIGTERM)
        eventually(lambda: gateway.page("/readyz") == (503, "it stops\n"))
        eventually(lambda: not listens(gateway.url))
        refused = kept.post(f"{gateway.url}/api/generate", json={"model": "gemma3:4b", "prompt": "More?"})
        assert (refused.status_code, refused.headers["connection"]) == (503, "close")
        assert "is being stopped" in refused.text
        pool.commit(job, "Paris.")
        *_, last = [json.loads(each) for each in answer.iter_lines()]
        assert last["done"] is True
    assert gateway.wait() == 0


@pytest.mark.parametrize("drain", ["0s", "1h"])
def test_what_is_held_at_the_end_of_a_drain_is_told_its_job(pool: GatewayPool, drain: str) -> None:
    """By the drain's own end, or by a second SIGTERM. The job lives on."""
    with gateway_process(pool.folder, LANEWAY_GATEWAY_DRAIN=drain) as gateway:
        gateway.wait_until_ready()
        with asked(gateway) as answer:
            job = pool.received()
            gateway.process.send_signal(signal.SIGTERM)
            if drain == "1h":
                eventually(lambda: gateway.lines("draining"))
                gateway.process.send_signal(signal.SIGTERM)
            *_, last = [json.loads(each) for each in answer.iter_lines()]
            assert str(job.id) in last["error"]
        assert gateway.wait(HUNG_SECONDS) == 0
    assert pool.registrations() == []
    assert not pool.is_cancelled(job)


@pytest.mark.usefixtures("_credentials")
def test_aws_that_falls_silent_while_it_serves_does_not_hold_the_exit(tmp_path: Path) -> None:
    with running("moto", tmp_path) as aws:
        pool = GatewayPool(tmp_path, aws.endpoint)
        pool.publish()
        with gateway_process(pool.folder) as gateway:
            gateway.wait_until_ready()
            server = listening_on(int(aws.endpoint.rpartition(":")[2]))
            server.suspend()
            try:
                gateway.process.send_signal(signal.SIGTERM)
                gateway.wait(HUNG_SECONDS)
            finally:
                server.resume()
            assert gateway.lines("the registration stays: AWS does not answer")
            assert gateway.lines("leaving without waiting for what hangs")


def listening_on(port: int) -> psutil.Process:
    """Our own child that has this port."""
    return next(each for each in psutil.Process().children() if str(port) in each.cmdline())


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


def test_a_key_that_is_taken_out_of_the_file_opens_nothing_any_more(pool: GatewayPool) -> None:
    file = pool.folder / "keys.json"
    file.write_text(json.dumps({"keys": [{"name": "team-a", "sha256": hash_of(KEY)}]}))
    with gateway_process(pool.folder, LANEWAY_GATEWAY_KEYS=str(file)) as gateway:
        gateway.wait_until_ready()
        models, with_key = f"{gateway.url}/v1/models", {"Authorization": f"Bearer {KEY}"}
        assert httpx.get(models).status_code == 401
        assert httpx.get(models, headers=with_key).status_code == 200
        file.write_text("{")
        eventually(lambda: 'laneway_gateway_keys_broken{pool="nlp/documents"} 1.0' in gateway.page("/metrics")[1])
        assert httpx.get(models, headers=with_key).status_code == 200
        file.write_text('{"keys": []}')
        eventually(lambda: httpx.get(models, headers=with_key).status_code == 401)
        assert KEY not in gateway.words


def test_what_a_key_has_used_is_known_to_the_gateway_that_comes_next(pool: GatewayPool) -> None:
    """It is told when the first one leaves, though it was just used."""
    file = pool.folder / "keys.json"
    entry = {"name": "team-a", "sha256": hash_of(KEY), "quota": {"tokensPerDay": 10}}
    file.write_text(json.dumps({"keys": [entry]}))
    asking: dict[str, Any] = {
        "headers": {"Authorization": f"Bearer {KEY}"},
        "json": {"model": "gemma3:4b", "prompt": "hi", "stream": False},
    }
    with gateway_process(pool.folder, LANEWAY_GATEWAY_KEYS=str(file)) as gateway:
        gateway.wait_until_ready()
        asked = in_thread(lambda: httpx.post(f"{gateway.url}/api/generate", timeout=STREAM_SECONDS, **asking))
        pool.commit(pool.received(), "Paris.")
        answer = asked.result(STREAM_SECONDS)
        assert (answer.status_code, answer.headers["x-ratelimit-remaining-tokens"]) == (200, "0")
        gateway.process.terminate()
        assert gateway.wait() == 0
    with gateway_process(pool.folder, LANEWAY_GATEWAY_KEYS=str(file)) as gateway:
        gateway.wait_until_ready()
        eventually(lambda: 'laneway_gateway_quota_limit{pool="nlp/documents"' in gateway.page("/metrics")[1])
        refused = httpx.post(f"{gateway.url}/api/generate", **asking)
        assert (refused.status_code, refused.headers["x-should-retry"]) == (429, "false")
        assert "of its 10 tokens of this day" in refused.json()["error"]
        assert httpx.get(f"{gateway.url}/api/tags", headers=asking["headers"]).status_code == 200
        assert 'laneway_gateway_quota_refused_total{pool="nlp/documents"' in gateway.page("/metrics")[1]


WITHOUT_GATEWAY = (
    "import sys; sys.path = [each for each in sys.path if not each.endswith('gateway/src')]; "
    "from laneway.cli.main import run; run()"
)


def test_the_command_runs_a_gateway_by_its_options(pool: GatewayPool) -> None:
    file = pool.folder / "keys.json"
    file.write_text(json.dumps({"keys": [{"name": "team-a", "sha256": hash_of(KEY)}]}))
    command = [*LANEWAY, "gateway", "--pool", str(pool.folder), "--keys", str(file), "--listen", "127.0.0.2:0"]
    with gateway_process(pool.folder, command, LANEWAY_POOL="s3://another", LANEWAY_GATEWAY_LISTEN="wrong") as gateway:
        gateway.wait_until_ready()
        assert gateway.url.startswith("http://127.0.0.2:")
        assert httpx.get(f"{gateway.url}/v1/models", headers={"x-api-key": KEY}).status_code == 200
        gateway.process.send_signal(signal.SIGINT)
        assert gateway.wait() == 0


def test_the_command_without_a_gateway_says_what_to_install(pool: GatewayPool) -> None:
    command = [sys.executable, "-c", WITHOUT_GATEWAY, "gateway", "--pool", str(pool.folder)]
    with gateway_process(pool.folder, command) as gateway:
        assert gateway.wait() == 4
        assert gateway.words == "laneway: the gateway is not installed: pip install laneway-gateway\n"
