from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

FUTURE = "from __future__ import annotations\n"
MOST_FILES = 12
ROOT = Path(__file__).parents[3]
PACKAGES = {
    "laneway": "sdk",
    "laneway_worker": "worker",
    "laneway_operator": "operator",
    "laneway_gateway": "gateway",
    "laneway_table": "table",
    "laneway_dashboard": "dashboard",
}
VIOLATIONS = {
    "strangers": ("laneway_worker/deliver/retry.py", "import laneway_operator.reasons"),
    "schema-alone": ("laneway_worker/deliver/retry.py", "import laneway.local.say"),
    "pure": ("laneway_worker/deliver/retry.py", "import time"),
    "adapters": ("laneway_worker/deliver/commit.py", "import boto3"),
    "translation": ("laneway/translate/openai/stream.py", "import starlette.responses"),
    "ports": ("laneway_worker/adapters/clock.py", "import laneway_worker.deliver.retry"),
    "fakes": ("laneway_operator/testing/lease.py", "import laneway_operator.health.vitals"),
    "library-floors": ("laneway/client/lanes.py", "import laneway.iam.needs"),
    "local-floors": ("laneway/local/say.py", "import laneway.local.state"),
    "schema-floors": ("laneway/schema/job/keys.py", "import laneway.schema.pool.arns"),
    "pool-floors": ("laneway/schema/pool/pods/fields.py", "import laneway.schema.pool.schedules.cron"),
    "translation-floors": ("laneway/translate/ollama/stream.py", "import laneway.translate.openai.stream"),
    "worker-floors": ("laneway_worker/deliver/patience.py", "import laneway_worker.report.metrics"),
    "gateway-floors": ("laneway_gateway/errors.py", "import laneway_gateway.desk"),
    "doors-floors": ("laneway_gateway/doors/ollama/speech.py", "import laneway_gateway.doors.openai.speech"),
    "table-floors": ("laneway_table/rows/clean.py", "import laneway_table.ports.table"),
    "operator-floors": ("laneway_operator/status/fit.py", "import laneway_operator.reconcile.plan"),
    "dashboard-floors": ("laneway_dashboard/failed/page.py", "import laneway_dashboard.jobs.page"),
}
"""Contract → a module of a floor, and what it must not import."""
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
NAMES = {each["id"]: each["name"] for each in SETTINGS["contracts"]}
CONTAINERS = (
    "laneway",
    "laneway/local",
    "laneway/schema",
    "laneway/schema/pool",
    "laneway/translate",
    "laneway_dashboard",
    "laneway_gateway",
    "laneway_gateway/doors",
    "laneway_operator",
    "laneway_table",
    "laneway_worker",
)


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    code = (
        "import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports_command; lint_imports_command()"
    )
    return subprocess.run(
        [sys.executable, "-c", code, "--no-cache", "--config", str(ROOT / "pyproject.toml")],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "", "PYTHONPATH": str(folder)},
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for package, part in PACKAGES.items():
        shutil.copytree(ROOT / part / "src" / package, tmp_path / package)
    return tmp_path


def test_the_tree_keeps_every_contract(copy: Path) -> None:
    assert lint(copy).returncode == 0


def test_every_contract_has_its_violation() -> None:
    assert list(NAMES) == list(VIOLATIONS)


def test_of_the_library_every_part_but_four_is_closed_to_worker_and_operator() -> None:
    source = ROOT / "sdk/src/laneway"
    parts = {each.stem for each in source.iterdir() if each.suffix == ".py" or any(each.glob("*.py"))}
    closed = next(each for each in SETTINGS["contracts"] if each["id"] == "schema-alone")["forbidden_modules"]
    assert closed == sorted(f"laneway.{each}" for each in parts - {"__init__", "listening", "logs", "probes", "schema"})


@pytest.mark.parametrize("contract", VIOLATIONS)
def test_each_contract_can_break(copy: Path, contract: str) -> None:
    name, line = VIOLATIONS[contract]
    path = copy / name
    path.write_text(path.read_text().replace(FUTURE, f"{FUTURE}{line}\n", 1))

    done = lint(copy)

    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 broken" in done.stdout
    assert f"{NAMES[contract]} BROKEN" in " ".join(done.stdout.split())


def test_an_import_for_types_alone_goes_down_as_well(copy: Path) -> None:
    path = copy / "laneway_operator/placement/nodes.py"
    path.write_text(path.read_text() + "\nif TYPE_CHECKING:\n    import laneway_operator.status.fit\n")
    assert lint(copy).returncode == 1


@pytest.mark.parametrize("container", CONTAINERS)
def test_a_module_that_stands_on_no_floor_is_found(copy: Path, container: str) -> None:
    (copy / container / "stray.py").write_text('"""On no floor."""\n')
    done = lint(copy)
    assert done.returncode == 1
    assert "stray" in done.stdout


@pytest.mark.parametrize("package", PACKAGES)
def test_a_folder_of_source_says_what_it_is_for_and_can_be_overseen(package: str) -> None:
    source = ROOT / PACKAGES[package] / "src" / package
    for folder in (source, *(each for each in source.rglob("*") if each.is_dir() and any(each.glob("*.py")))):
        purpose = ast.get_docstring(ast.parse((folder / "__init__.py").read_text())) or ""
        assert purpose.endswith("."), folder
        assert len(list(folder.glob("*.py"))) <= MOST_FILES, folder
