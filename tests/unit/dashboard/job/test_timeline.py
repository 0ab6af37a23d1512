from __future__ import annotations

from laneway_dashboard.job.timeline import timeline
from laneway_dashboard.testing.clock import ManualClock
from laneway_dashboard.testing.worlds import busy


def test_a_job_from_its_submission_to_its_result() -> None:
    result = busy(ManualClock()).job.jobs["invoice-89999"].result
    assert result is not None
    steps = timeline(result)
    assert [each.what for each in steps] == [
        "submitted", "attempt 1 failed", "received", "running", "first token", "succeeded",
    ]  # fmt: skip
    assert steps[3].told == "attempt 2"
    assert [each.at for each in steps] == sorted(each.at for each in steps)
    assert steps[0].after is None
    assert [each.bad for each in steps] == [False, True, False, False, False, False]


def test_a_job_that_never_ran() -> None:
    result = busy(ManualClock()).job.jobs["invoice-90000"].result
    assert result is not None
    timing = result.timing.model_copy(update={"started_at": None, "first_token_at": None})
    steps = timeline(result.model_copy(update={"timing": timing, "failures": ()}))
    assert [each.what for each in steps] == ["submitted", "received", "failed"]
    assert steps[-1].bad
