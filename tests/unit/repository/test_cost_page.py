from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_the_cost_page_holds_what_its_script_computes() -> None:
    command = [sys.executable, str(ROOT / "examples/eks/cost.py")]
    table = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert table in (ROOT / "docs/explanation/cost.md").read_text()
