"""The simulation is worth what it catches: each one-line fault in the worker's own code breaks a promise."""

from __future__ import annotations

import sys

import pytest

from simulation.try_mutants import lines, table


@pytest.mark.timeout(1800)
def test_every_mutant_is_caught(capsys: pytest.CaptureFixture[str]) -> None:
    rows = table()
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(lines(rows)) + "\n")
    assert not [mutant.name for mutant, caught in rows if caught is None]
