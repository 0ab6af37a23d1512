"""What a container printed goes into no status: Ollama prints grammars that it can't read, Python an error's text."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from laneway_operator.known.trouble import trouble_of_pod
from laneway_operator.render import render
from laneway_operator.render.meta import GATEWAY, OLLAMA, PREFLIGHT, WORKER
from support.inputs.pools import named, pool_with
from support.operator.in_memory import pool_view

CANARY = "CANARY-JANE-DOE"
IMAGE = {"name": "models", "image": {"reference": "registry.example/models:1"}}
PRINTED = (
    CANARY,
    f"Error: {CANARY}",
    f"Error: mkdir /models/{CANARY}",
    f"Error: {CANARY} /models/blobs: read-only file system",
    f'parse: error parsing grammar: root ::= "{CANARY}"',
    f"panic: {CANARY}",
    f"ValueError: {CANARY}",
    f'{{"at": "2026-11-22T18:00:00Z", "level": "error", "message": "{CANARY}"}}',
    f'{{"code": "other", "message": "{CANARY}"}}',
    f"  laneway-worker: {CANARY}\nand more",
    f"laneway-gateway: LANEWAY_GATEWAY_KEYS: {CANARY}\nand more",
)


def ended(name: str, code: int, message: str, volumes: list[dict[str, Any]]) -> dict[str, Any]:
    """A pod of which one container ended."""
    last = {"exitCode": code, "reason": "Error", "message": message}
    state = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container"}}
    status = {"name": name, "image": "a", "ready": False, "state": state, "lastState": {"terminated": last}}
    return {
        "metadata": {"name": "documents-fast-1"},
        "spec": {"volumes": volumes},
        "status": {"phase": "Running", "containerStatuses": [status]},
    }


@pytest.mark.parametrize("printed", PRINTED)
@pytest.mark.parametrize("volumes", [[], [IMAGE]], ids=["pulled", "image"])
@pytest.mark.parametrize("code", [1, 2, 134])
@pytest.mark.parametrize("name", [OLLAMA, WORKER, PREFLIGHT, GATEWAY])
def test_no_line_that_a_container_printed_is_quoted(
    name: str, code: int, volumes: list[dict[str, Any]], printed: str
) -> None:
    found = trouble_of_pod(ended(name, code, printed, volumes))
    assert found is not None
    assert CANARY not in found[1]


@pytest.mark.parametrize("code", [1, 2])
def test_of_ollama_not_even_a_line_that_looks_like_a_workers_is_quoted(code: int) -> None:
    found = trouble_of_pod(ended(OLLAMA, code, f"laneway-worker: {CANARY}", [IMAGE]))
    assert found is not None
    assert CANARY not in found[1]


def test_the_kubelet_copies_nothing_of_ollamas_log_into_a_pods_status() -> None:
    pods = [each["spec"]["template"]["spec"] for each in render(pool_view(named(pool_with()))) if _is_workload(each)]
    sidecars = [each for pod in pods for each in pod.get("initContainers", ())]
    assert [each["terminationMessagePolicy"] for each in sidecars] == ["File"]


def _is_workload(manifest: dict[str, Any]) -> bool:
    return "template" in manifest.get("spec", {})


@pytest.mark.parametrize(
    "where", ["raise error", "thread = threading.Thread(target=fail); thread.start(); thread.join()"]
)
def test_a_worker_that_dies_of_a_defect_prints_no_text_of_it(where: str) -> None:
    """The kubelet copies the end of its log into the pod's status."""
    lines = [
        "import threading",
        "from laneway import logs",
        "logs.configure('laneway_worker')",
        f"error = ValueError('{CANARY}')",
        "def fail(): raise error",
        where,
    ]
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True, check=False)
    assert "defect: ValueError" in done.stdout
    assert CANARY not in done.stdout + done.stderr
