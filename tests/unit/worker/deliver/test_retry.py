from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laneway.schema.job.codes import CODES, ErrorCode
from laneway_worker.deliver.retry import (
    MAX_DELAY_SECONDS,
    Decision,
    GiveUp,
    Release,
    Retry,
    Wait,
    decide,
    delay_seconds,
)
from laneway_worker.errors import EngineCrashed, Interrupted, JobError, Unavailable
from support.inputs.jobs import PROPERTY

CODES_THAT_RETRY = [code for code, info in CODES.items() if info.retried]
CODES_THAT_END = [code for code, info in CODES.items() if not info.retried]
JITTERS = st.floats(0, 1, exclude_max=True)


def job_error(code: ErrorCode) -> JobError:
    return JobError(code, "m")


@pytest.mark.parametrize(
    ("error", "failed_before", "expected"),
    [
        (job_error(ErrorCode.STALLED), 0, Retry(2)),
        (job_error(ErrorCode.STALLED), 1, Retry(4)),
        (job_error(ErrorCode.STALLED), 2, GiveUp(ErrorCode.STALLED)),
        (job_error(ErrorCode.STALLED), 99, GiveUp(ErrorCode.STALLED)),
        (job_error(ErrorCode.UNSUPPORTED), 0, GiveUp(ErrorCode.UNSUPPORTED)),
        (Unavailable("m"), 0, Wait()),
        (Unavailable("m"), 99, Wait()),
        (EngineCrashed("m"), 0, Wait()),
        (Interrupted(), 0, Release()),
        (Interrupted(), 99, Release()),
        (RuntimeError("m"), 0, Release()),
    ],
)
def test_decisions(error: Exception, failed_before: int, expected: Decision) -> None:
    assert decide(error, failed_before, 3, 0.5) == expected


def test_what_another_attempt_may_help_is_a_choice_made_once() -> None:
    assert set(CODES_THAT_RETRY) == {
        ErrorCode.FORMAT_NOT_MET,
        ErrorCode.INCOMPLETE_ANSWER,
        ErrorCode.ENGINE_ERROR,
        ErrorCode.STALLED,
        ErrorCode.TIMED_OUT,
    }


@PROPERTY
@given(st.sampled_from(CODES_THAT_RETRY), st.integers(1, 10), JITTERS)
def test_a_job_never_has_more_attempts_than_its_lane_allows(code: ErrorCode, allowed: int, jitter: float) -> None:
    attempts = 1
    while isinstance(decide(job_error(code), attempts - 1, allowed, jitter), Retry):
        attempts += 1
    assert attempts == allowed


@PROPERTY
@given(st.sampled_from(CODES_THAT_END), st.integers(0, 1000), st.integers(1, 1000), JITTERS)
def test_a_permanent_error_ends_the_job_at_once(code: ErrorCode, before: int, allowed: int, jitter: float) -> None:
    assert decide(job_error(code), before, allowed, jitter) == GiveUp(code)


@PROPERTY
@given(st.integers(1, 10**6), JITTERS)
def test_a_delay_is_one_that_sqs_accepts(attempt: int, jitter: float) -> None:
    assert 0 <= delay_seconds(attempt, jitter) <= MAX_DELAY_SECONDS == 900


@PROPERTY
@given(st.integers(1, 1000), JITTERS)
def test_delays_grow_with_the_attempts(attempt: int, jitter: float) -> None:
    assert delay_seconds(attempt, jitter) <= delay_seconds(attempt + 1, jitter)


@pytest.mark.parametrize(("attempt", "longest"), [(1, 4), (2, 8), (3, 16), (8, 512), (9, 900), (10_000, 900)])
def test_the_window_doubles_up_to_the_limit(attempt: int, longest: int) -> None:
    assert (delay_seconds(attempt, 0.0), delay_seconds(attempt, 0.999_999)) == (0, longest)
