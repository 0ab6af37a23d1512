from __future__ import annotations

import json
import subprocess
import sys

import pytest

PROGRAM = """
import logging, sys
from laneway_operator.app import configure_logging
configure_logging(sys.argv[1])
for name in ("laneway_operator.x", "kopf"):
    for level in ("debug", "info", "warning", "error"):
        getattr(logging.getLogger(name), level)(f"{name} {level}")
"""
"""In a process of its own: logging is the whole process's."""


def logged(level: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", PROGRAM, level], capture_output=True, text=True, check=True)
    return [json.loads(line)["message"] for line in done.stderr.splitlines()]


@pytest.mark.parametrize(("level", "own", "kopfs"), [("debug", 4, 2), ("info", 3, 2), ("error", 1, 1)])
def test_a_level_holds_for_us_and_libraries_say_no_more_than_warnings(level: str, own: int, kopfs: int) -> None:
    found = logged(level)
    assert len([each for each in found if each.startswith("laneway")]) == own
    assert len([each for each in found if each.startswith("kopf")]) == kopfs
