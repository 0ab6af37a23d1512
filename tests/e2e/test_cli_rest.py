"""Commands that look at pools and at this machine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from support.inputs.pool_files import SHARED_POOL
from support.local.pool import environment, laneway

if TYPE_CHECKING:
    from pathlib import Path

    from support.local.pool import LocalPool

COMMANDS = [
    *(
        "up",
        "submit",
        "status",
        "result",
        "cancel",
        "batch",
        "failed",
        "top",
        "estimate",
        "gateway",
        "keys",
        "validate",
        "schema",
    ),
    "doctor",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_says_what_a_command_does(command: str) -> None:
    done = laneway(command, "--help", variables=environment())
    assert done.returncode == 0
    assert "Usage:" in done.stdout


def test_help_lists_every_command() -> None:
    done = laneway("--help", variables=environment())
    assert done.returncode == 0
    assert all(command in done.stdout for command in COMMANDS)


def test_version_is_told() -> None:
    assert laneway("--version", variables=environment()).stdout.startswith("laneway ")


def test_an_unknown_command_is_refused() -> None:
    done = laneway("sumbit", variables=environment())
    assert done.returncode == 2
    assert "sumbit" in done.stderr


@pytest.mark.parametrize("what", ["job", "result", "pool", "notification"])
def test_schema_prints_a_json_schema(what: str) -> None:
    done = laneway("schema", what, variables=environment())
    assert done.returncode == 0
    assert json.loads(done.stdout)["type"] == "object"


def test_validate_tells_what_a_good_pool_holds(tmp_path: Path) -> None:
    file = tmp_path / "pool.yaml"
    file.write_text(SHARED_POOL)
    done = laneway("validate", file, variables=environment())
    assert done.returncode == 0
    assert "fast (gemma3:270m), slow (smollm2:135m)" in done.stdout


@pytest.mark.parametrize(
    ("old", "new", "line", "expected"),
    [
        ("parallel: 2", "paralel: 2", 14, "did you mean parallel?"),
        ("parallel: 2", "minReplicas: 2", 14, "it belongs in spec.lanes[1].scaling or spec.lanes[1].schedules"),
        ("parallel: 2", "maxReplicas: 2", 14, "maxReplicas: unknown field; it belongs in spec.lanes[1].scaling"),
        ("parallel: 2", "parallel: 99", 14, "99"),
        ("timeout: 5m", "timeout: soon", 11, "5m"),
        ("kind: LLMWorkerPool", "kind: Pool", 2, "LLMWorkerPool"),
        ("- name: slow", "- name: fast", 4, "same name"),
        ("metadata: {name: e2e}", "metadata: {name: e2e", 4, "not YAML"),
    ],
)
def test_validate_tells_line_and_remedy(tmp_path: Path, old: str, new: str, line: int, expected: str) -> None:
    file = tmp_path / "pool.yaml"
    file.write_text(SHARED_POOL.replace(old, new, 1))
    told = laneway("validate", file, variables=environment())
    problems = json.loads(laneway("validate", "--json", file, variables=environment()).stdout)
    assert told.returncode == 2
    assert f"{file}:{line}: " in told.stderr
    assert expected in told.stderr
    assert problems["valid"] is False
    assert [each["line"] for each in problems["problems"]] == [line]


def test_validate_names_a_file_that_is_not_there(tmp_path: Path) -> None:
    done = laneway("validate", tmp_path / "none.yaml", variables=environment())
    assert done.returncode == 2
    assert "none.yaml" in done.stderr


def test_top_has_a_row_for_each_lane(shared: LocalPool) -> None:
    rows = shared.cli("top", "--once").stdout.splitlines()
    assert [row.split()[0] for row in rows] == ["LANE", "fast", "slow", "brief"]


def test_top_in_json_has_figures_for_each_lane(shared: LocalPool) -> None:
    figures = json.loads(shared.cli("top", "--json").stdout)
    assert list(figures) == ["fast", "slow", "brief"]
    assert all(
        {"queued", "running", "delayed", "workers", "stage", "estimate"} <= each.keys() for each in figures.values()
    )
    assert [each["missing"] for each in figures.values()] == [[]] * 3


def test_a_file_is_estimated_and_not_sent(shared: LocalPool, tmp_path: Path) -> None:
    (tmp_path / "jobs.jsonl").write_text('{"prompt": "Capital of France?", "options": {"num_predict": 7}}\n' * 3)
    done = shared.cli("estimate", str(tmp_path / "jobs.jsonl"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("3 jobs for lane fast\n")
    assert "at most 21" in done.stdout
    bill = json.loads(shared.cli("estimate", "--json", str(tmp_path / "jobs.jsonl")).stdout)
    assert (bill["jobs"], bill["most_completion_tokens"]) == (3, 21)


def test_top_without_a_pool_says_where_it_looked(tmp_path: Path) -> None:
    done = laneway("top", variables=environment(), folder=tmp_path)
    assert done.returncode == 4
    assert ".laneway" in done.stderr


def test_doctor_finds_a_running_pool(shared: LocalPool) -> None:
    done = shared.cli("doctor")
    checks = json.loads(shared.cli("doctor", "--json").stdout)
    assert done.returncode == 0, done.stdout
    assert "NO" not in done.stdout
    assert all(each["ok"] for each in checks)


def test_doctor_says_what_is_missing(tmp_path: Path) -> None:
    done = laneway("doctor", variables=environment(PATH=str(tmp_path), LANEWAY_CACHE=str(tmp_path)), folder=tmp_path)
    assert done.returncode == 4
    assert "https://ollama.com/download" in done.stdout
    assert "laneway up" in done.stdout
