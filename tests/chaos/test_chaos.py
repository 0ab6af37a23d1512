"""The short form of `make chaos`: real processes, everything fails, every promise is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.chaos.between.faults import Kind
from support.chaos.drains import drains
from support.chaos.judge.checks import drain_violations, real_violations, violations
from support.chaos.judge.figures import drain_figures, real_figures, storm_figures, table
from support.chaos.real import real_round
from support.chaos.storm import Weather, storm

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.timeout(900)  # beside all else that make test runs, a job of a real Ollama takes half a minute
WEATHER = Weather(jobs=300, workers=4, jobs_per_second=10, storm_seconds=50, stop_seconds=15)


def show(what: str, rows: str) -> None:
    print(f"\n{what}\n{rows}")  # noqa: T201 - shown by pytest -s


def test_every_job_has_one_right_result_whatever_fails(tmp_path: Path) -> None:
    done = storm(WEATHER, tmp_path)
    broken = violations(done.found)
    show("storm", table(storm_figures(done, broken)))
    assert broken == []
    assert done.monkey.kills > 0
    assert done.monkey.stops > 0
    assert done.scene.faults.by_kind()[Kind.AFTER.value] > 0


def test_drains_under_load_lose_nothing_and_repeat_no_work(tmp_path: Path) -> None:
    drained = drains(20, 3, tmp_path, 300)
    show("drains", table(drain_figures(drained)))
    assert drain_violations(drained) == []
    assert drained.drains == 20


def test_a_real_ollama_whose_runner_is_killed_answers_every_job_once(tmp_path: Path) -> None:
    done = real_round(10, 4, tmp_path, 25)
    show("real Ollama", table(real_figures(done)))
    assert real_violations(done) == []
    assert done.kills > 0
    assert any(each.status == "succeeded" for each in done.results.values())
