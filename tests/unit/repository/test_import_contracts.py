from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGES = {"laneway": "sdk", "laneway_worker": "worker", "laneway_operator": "operator"}
VIOLATIONS = {
    "strangers": ("laneway_worker/deliver/retry.py", "import laneway_operator"),
    "pure": ("laneway/schema/job/keys.py", "import time"),
    "adapters": ("laneway_worker/deliver/commit.py", "import boto3"),
}


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


@pytest.mark.parametrize("contract", VIOLATIONS)
def test_each_contract_can_break(copy: Path, contract: str) -> None:
    name, line = VIOLATIONS[contract]
    path = copy / name
    path.write_text(
        path.read_text().replace(
            "from __future__ import annotations\n", f"from __future__ import annotations\n{line}\n", 1
        )
    )

    done = lint(copy)

    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 broken" in done.stdout
