"""Thousands of worlds, each another mixture of jobs, faults, crashes and interleavings: every promise holds in all."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from simulation.campaign import TESTS, campaign, failure, summary
from simulation.paths import EXPECTED

SEEDS = int(os.environ.get("LANEWAY_SEEDS", "5000"))
ENOUGH = 3_000  # seeds to take every expected path


@pytest.mark.timeout(1800)
def test_every_promise_holds_in_every_world(capsys: pytest.CaptureFixture[str]) -> None:
    report = campaign(SEEDS)
    with capsys.disabled():
        sys.stdout.write(f"\n{summary(report)}\n")
    assert not report.broken, failure(report)
    missing = sorted(EXPECTED - report.seen.keys())
    assert SEEDS < ENOUGH or not missing


@pytest.mark.parametrize("seed", [3, 44])
def test_a_seed_tells_the_same_story_in_every_process(seed: int) -> None:
    stories = {_story(seed, hash_seed) for hash_seed in ("0", "1", "77")}
    assert len(stories) == 1


def _story(seed: int, hash_seed: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", "simulation.replay", str(seed)],
        env=os.environ | {"PYTHONPATH": str(TESTS), "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
