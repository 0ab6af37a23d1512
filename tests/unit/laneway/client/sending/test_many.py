from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from laneway.client.sending.checked import check
from laneway.client.sending.many import NotAllSent, NotSent, check_all, send_all, send_in_turn
from laneway.errors import IdReused, PoolUnavailable
from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.job import InvalidJob
from support.inputs.documents import POOL_DOCUMENT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from laneway.client.compose import Input
    from laneway.client.sending.checked import CheckedJob

MANY = 200


def ready(job: Input) -> CheckedJob:
    return check(POOL_DOCUMENT, job, {}, None, None)


def jobs(number: int) -> list[CheckedJob]:
    return check_all([{"id": f"j{each}", "prompt": "Why?"} for each in range(number)], ready)


def test_every_job_that_cant_be_sent_is_told_and_none_is_returned() -> None:
    wanted: Sequence[Input] = [
        {"id": "a", "prompt": "Why?"},
        {"id": "b", "prompt": "Why?", "model": "llama3:8b"},
        {"id": "c", "prompt": "Why?", "destination": "legal"},
        {"id": "a", "prompt": "Other?"},
        {"id": "no id", "prompt": "Why?"},
        "",
        "Why?",
    ]
    with pytest.raises(NotAllSent, match="5 of 7 jobs can't be sent, none was sent") as caught:
        check_all(wanted, ready)
    assert [each.index for each in caught.value.refused] == [1, 2, 3, 4, 5]
    assert "jobs[1]: lane fast serves gemma3:4b" in str(caught.value)
    assert "jobs[3]: the id a stands twice" in str(caught.value)
    assert caught.value.handles == []


def test_a_few_of_very_many_are_told_in_words() -> None:
    with pytest.raises(NotAllSent, match=r"and 195 more$") as caught:
        check_all([""] * MANY, ready)
    assert len(caught.value.refused) == MANY


@pytest.mark.parametrize("all_of", [send_all, send_in_turn])
def test_one_that_is_refused_holds_up_none_of_the_others(all_of: Callable[..., Iterator[object]]) -> None:
    refusals: dict[str, InvalidJob | IdReused] = {
        "j3": IdReused("another's"),
        "j5": InvalidJob(ErrorCode.INVALID_JOB, "SQS refuses the message"),
    }

    def send(job: CheckedJob) -> str:
        if job.id in refusals:
            raise refusals[job.id]
        return job.id

    outcomes = list(all_of(jobs(MANY), send))
    assert [each for each in outcomes if isinstance(each, str)] == [
        f"j{each}" for each in range(MANY) if each not in (3, 5)
    ]
    assert outcomes[3] == NotSent(3, refusals["j3"])
    assert outcomes[5] == NotSent(5, refusals["j5"])


def test_no_send_is_begun_after_the_pool_could_not_be_reached() -> None:
    gone = PoolUnavailable("nothing answers")
    begun: list[str] = []
    lock = threading.Lock()

    def send(job: CheckedJob) -> str:
        with lock:
            begun.append(job.id)
        if len(begun) > 5:
            raise gone
        return job.id

    outcomes = list(send_all(jobs(MANY), send))
    assert len(outcomes) == MANY
    assert [each for each in outcomes if isinstance(each, str)] == [f"j{each}" for each in range(5)]
    assert {each.error for each in outcomes if isinstance(each, NotSent)} == {gone}
    assert len(begun) < MANY / 2


def test_jobs_that_are_sent_in_turn_are_sent_in_order() -> None:
    begun: list[str] = []
    list(send_in_turn(jobs(MANY), lambda job: begun.append(job.id)))
    assert begun == [f"j{each}" for each in range(MANY)]
