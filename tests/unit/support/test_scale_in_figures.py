"""What is told of a scale-in, from what jobs and pods tell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.history import Failure
from laneway.schema.job.result import Result, ServedModel, Timing
from support.pods.scale_in import rows, taken
from support.pods.timeline import PodTimes

if TYPE_CHECKING:
    from support.pods.scale_in import Taken

BEGAN = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
CHARGED = Failure(attempt=1, code=ErrorCode.ENGINE_ERROR, message="it broke", worker="told-default-a", at=BEGAN)


def at(second: float) -> datetime:
    return BEGAN + timedelta(seconds=second)


def job(name: str, pod: str, since: float, until: float, *failures: Failure) -> Result:
    timing = Timing(
        submitted_at=BEGAN,
        received_at=at(since),
        finished_at=at(until),
        queued_seconds=since,
        run_seconds=until - since,
    )
    text = f"{pod} 1 2 "
    served = ServedModel(name="stub:one")
    return Result(
        id=name,
        status="succeeded",
        text=text,
        model=served,
        timing=timing,
        failures=failures,
        pool="default/told",
        lane="default",
    )


def left(pod: str, second: float) -> PodTimes:
    return PodTimes(pod, {"leaving": at(second)})


def of(*pods: PodTimes, failures: tuple[Failure, ...] = ()) -> Taken:
    jobs = (job("short", "told-default-a", 0, 10), job("long", "told-default-b", 0, 60, *failures))
    return taken("told", "told-default", jobs, pods)


def test_a_victim_is_busy_where_a_job_ran_on_it_when_it_was_taken() -> None:
    found = of(left("told-default-a", 30), left("told-default-b", 40))
    assert [each.job for each in found.victims] == [None, "long"]
    assert found.busy == 1


def test_pods_that_stay_that_outlive_the_jobs_or_are_of_another_pool_are_no_victims() -> None:
    stays, late, foreign = PodTimes("told-default-a"), left("told-default-b", 61), left("untold-default-c", 30)
    assert of(stays, late, foreign).victims == ()


def test_a_job_that_was_charged_an_attempt_is_harmed() -> None:
    assert of().harmed == []
    assert of(failures=(CHARGED,)).harmed == ["long"]


def test_rounds_are_added_up_in_a_row_of_their_pool() -> None:
    one = of(left("told-default-a", 30))
    other = of(left("told-default-b", 40), failures=(CHARGED,))
    assert rows([[one], [other]]) == "| told | 4 | 2 | 1 (50%) | 1 |"
