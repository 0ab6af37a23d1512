"""Each promise that a run could break is noticed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.result import ErrorDetail, Result, ServedModel, Timing
from support.chaos.judge.checks import Findings, violations
from support.chaos.plan import MOST_CHARGED, Fate, Planned, Play, Script, answer, planned
from support.chaos.world import Versions

AT = datetime(2026, 1, 1, tzinfo=UTC)
GOOD, BAD = Planned("job-00001", Fate.GOOD, 3), Planned("job-00002", Fate.ERROR, 3)


def result(job: Planned, **fields: Any) -> Result:
    timing = Timing(submitted_at=AT, received_at=AT, finished_at=AT, queued_seconds=0, run_seconds=0)
    return Result(id=job.id, model=ServedModel(name="stub"), timing=timing, pool="a/b", lane="main", **fields)


RIGHT = result(GOOD, status="succeeded", text="".join(answer(GOOD.prompt)))
FAILED = result(BAD, status="failed", error=ErrorDetail.of(ErrorCode.ENGINE_ERROR, "no"))
WELL = Findings(
    jobs=[GOOD, BAD],
    results={GOOD.id: RIGHT, BAD.id: FAILED},
    versions=Versions({GOOD.id: 1, BAD.id: 1}, {BAD.id: 1}, 0),
    told={(GOOD.id, '"a"'): 2, (BAD.id, '"b"'): 1},
    left={"main": 0},
    ended_alone=[],
)
BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"results": {BAD.id: FAILED}, "versions": Versions({BAD.id: 1}, {BAD.id: 1}, 0)}, "job-00001 is lost"),
    ({"jobs": [BAD]}, "job-00001 has a result and was never sent"),
    ({"versions": Versions({GOOD.id: 2, BAD.id: 1}, {BAD.id: 1}, 0)}, "job-00001 was written 2 times"),
    ({"versions": Versions({GOOD.id: 1, BAD.id: 1}, {BAD.id: 1}, 1)}, "1 objects were deleted"),
    ({"versions": Versions({GOOD.id: 1, BAD.id: 1}, {}, 0)}, "job-00002 failed and is not kept"),
    ({"versions": Versions({GOOD.id: 1, BAD.id: 1}, {BAD.id: 1, GOOD.id: 1}, 0)}, "did not fail and is kept"),
    ({"versions": Versions({GOOD.id: 1, BAD.id: 1}, {BAD.id: 2}, 0)}, "failed job job-00002 was written 2"),
    ({"results": {GOOD.id: RIGHT.model_copy(update={"text": "x"}), BAD.id: FAILED}}, "the answer to something else"),
    ({"results": {GOOD.id: RIGHT, BAD.id: result(BAD, status="succeeded", text="x")}}, "(error) ended as succeeded"),
    ({"told": {(GOOD.id, '"a"'): 1}}, "nobody was told of job-00002"),
    ({"told": {**WELL.told, (GOOD.id, '"c"'): 1}}, "2 results of job-00001 were told of"),
    ({"left": {"main": 1}}, "1 messages are stuck in main"),
    ({"ended_alone": ["worker-0"]}, "worker-0 ended by itself"),
]


def test_a_good_run_breaks_nothing() -> None:
    assert violations(WELL) == []


@pytest.mark.parametrize(("change", "words"), BROKEN)
def test_what_is_broken_is_told(change: dict[str, Any], words: str) -> None:
    assert any(words in each for each in violations(replace(WELL, **change)))


def test_a_plan_is_its_seeds_and_holds_poison_of_every_kind() -> None:
    jobs = planned(200, 8, 3)
    assert jobs == planned(200, 8, 3)
    assert jobs != planned(200, 8, 4)
    assert sum(not job.succeeds for job in jobs) == 8
    assert {job.fate for job in jobs} == set(Fate) - {Fate.DEADLY}


def test_a_script_costs_a_good_job_two_attempts_at_most() -> None:
    script = Script(1, faulty=True)
    plays = {job.id: [script.next(job.prompt)[0] for _ in range(60)] for job in planned(100, 0, 1)}
    failing = {Play.ERROR, Play.REPEAT, Play.HANG}
    assert max(sum(play in failing for play in each) for each in plays.values()) == MOST_CHARGED
    assert {play for each in plays.values() for play in each} == set(Play) - {Play.CUT, Play.DEADLY}
