"""LangFlow's own components, unmodified, against a gateway: by `lfx run`, and in its editor."""

from __future__ import annotations

import json
import os
import shutil
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support.gateway.process import gateway_process
from support.processes import ended, free_port, server
from support.strangers.environments import LANGFLOW, LANGFLOW_SERVER, PINS, PYTHON, environment
from support.tools import missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.strangers.target import Target

FLOWS = Path(__file__).parents[2] / "examples" / "langflow"
INVOICE = "Northwind Traders. Invoice A-551. Please pay 312.75 USD."
READ = {"number": "A-551", "supplier": "Northwind Traders", "total": 312.75, "currency": "USD"}
ADDRESS = "127.0.0.2"
"""In a container LangFlow takes 127.0.0.1 and localhost for the host's, and asks there."""
PLAYGROUND = PINS.with_name("playground.py")
START_SECONDS = 300.0


@pytest.fixture(scope="module")
def url(target: Target) -> Iterator[str]:
    try:
        with socket.socket() as probe:
            probe.bind((ADDRESS, 0))
    except OSError:
        missing(f"the address {ADDRESS}", "on macOS: `sudo ifconfig lo0 alias 127.0.0.2`")
    with gateway_process(target.pool.state, LANEWAY_GATEWAY_LISTEN=f"{ADDRESS}:0") as running:
        running.wait_until_ready()
        yield running.url


@pytest.fixture
def settings(tmp_path: Path, url: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "LANGFLOW_CONFIG_DIR": str(tmp_path),
        "LANGFLOW_AUTO_LOGIN": "true",
        "DO_NOT_TRACK": "true",
        "LANEWAY_GATEWAY_URL": url,
    }


@pytest.fixture
def editor(tmp_path: Path, settings: dict[str, str]) -> Iterator[str]:
    port = free_port()
    command = [str(environment(LANGFLOW_SERVER) / "bin/langflow"), "run", "--host", "127.0.0.1", "--port", str(port)]
    with server([*command, "--no-open-browser"], settings, port, tmp_path / "langflow.log", START_SECONDS):
        yield f"http://127.0.0.1:{port}/"


def _run(flow: str, folder: Path, **variables: str) -> dict[str, Any]:
    found = environment(LANGFLOW)
    own = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANGFLOW_CONFIG_DIR": str(folder), "DO_NOT_TRACK": "true"}
    done = ended([str(found / "bin/lfx"), "run", str(FLOWS / flow), INVOICE], own | variables, folder)
    assert done.stdout.strip(), done.stderr[-2000:]
    answer: dict[str, Any] = json.loads(done.stdout[done.stdout.index("{") :])
    return answer


def test_the_ollama_component_reads_an_invoice(url: str, tmp_path: Path) -> None:
    answer = _run("invoice_ollama.py", tmp_path, LANEWAY_GATEWAY_URL=url)
    assert answer["success"], answer
    assert json.loads(answer["result"]) == READ


def test_the_provider_of_openais_api_reads_an_invoice(url: str, tmp_path: Path) -> None:
    server = {"OPENAI_COMPATIBLE_BASE_URL": f"{url}/v1", "OPENAI_COMPATIBLE_API_KEY": "any"}
    answer = _run("invoice_openai.py", tmp_path, **server)
    assert answer["success"], answer
    assert json.loads(answer["result"]) == READ


def test_langflow_asks_no_private_address_that_it_was_not_allowed(tmp_path: Path) -> None:
    """As docs/howto/langflow.md says of a Service's name: it is refused before anybody is asked."""
    answer = _run("invoice_ollama.py", tmp_path, LANEWAY_GATEWAY_URL="http://10.96.0.10")
    assert not answer["success"]
    assert "LANGFLOW_SSRF_ALLOWED_HOSTS" in answer["exception_message"]


def _chromium() -> str:
    return shutil.which("chromium") or shutil.which("google-chrome") or missing("Chromium", "apt install chromium")


def test_a_flow_dropped_into_the_editor_reads_an_invoice(editor: str, settings: dict[str, str], tmp_path: Path) -> None:
    python = str(environment(LANGFLOW_SERVER) / PYTHON)
    made = ended([python, "editor.py"], settings, FLOWS)
    assert made.returncode == 0, made.stderr[-2000:]
    (flow := tmp_path / "invoice.json").write_text(made.stdout)
    command = [python, str(PLAYGROUND), _chromium(), editor, str(flow), INVOICE, str(tmp_path / "playground.png")]
    told = ended(command, settings)
    assert told.returncode == 0, told.stderr[-2000:]
    assert json.loads(told.stdout) == READ
