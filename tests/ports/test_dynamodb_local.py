from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from support.table.dynamodb_local import beside, lacking

SUITE = Path(__file__).with_name("test_table.py")
LEAST = 40  # tests of the suite that ask DynamoDB


def test_the_suite_of_tables_passes_on_awss_own(tmp_path: Path) -> None:
    """Where Java is: moto counts no index, and deletes nothing by age."""
    if absent := lacking():
        pytest.skip(f"DynamoDB Local needs {absent}")
    options = ["-q", "-n", "0", "-k", "dynamodb", f"--basetemp={tmp_path / 'suite'}"]
    command = [sys.executable, "-m", "pytest", str(SUITE), *options]
    done = beside(command)
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"([0-9]+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) >= LEAST
