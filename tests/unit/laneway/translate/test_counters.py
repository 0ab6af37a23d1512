from __future__ import annotations

from datetime import timedelta

import pytest

from laneway.schema.job.result import EngineCounters
from laneway.translate.pieces import counters_of
from support.inputs.offers import AT, COUNTERS, result

RECKONED = {
    "total_duration": 2_000_000_000,
    "prompt_eval_duration": 500_000_000,
    "eval_duration": 1_500_000_000,
    "prompt_eval_count": 12,
    "eval_count": 5,
}


def test_the_engines_own_counters_are_told_as_they_are() -> None:
    assert counters_of(result(engine=COUNTERS)) == COUNTERS.model_dump(exclude={"done_reason"})


@pytest.mark.parametrize("engine", [None, EngineCounters()])
def test_without_them_clock_and_tokens_speak_and_the_unknown_is_left_out(engine: EngineCounters | None) -> None:
    assert counters_of(result(engine=engine)) == RECKONED


def test_a_clock_that_was_set_back_gives_no_negative_time() -> None:
    timing = result().timing.model_copy(update={"first_token_at": AT - timedelta(hours=1)})
    assert "prompt_eval_duration" not in counters_of(result(timing=timing))


def test_of_a_job_that_never_ran_little_is_known() -> None:
    timing = result().timing.model_copy(update={"started_at": None, "first_token_at": None, "run_seconds": 0})
    assert counters_of(result(timing=timing, usage=None)) == {}
