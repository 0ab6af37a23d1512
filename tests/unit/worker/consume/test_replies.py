from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.history import History
from laneway_worker.errors import EngineCrashed, JobError, Unavailable
from laneway_worker.testing.runtime import Held, answer
from support.worker.lane import REPLY, Gate, history_of

if TYPE_CHECKING:
    from laneway_worker.testing.replies import MemoryChannel
    from support.worker.lane import Lane, MakeLane

HEARTBEAT = 20.0
PARIS = ("record", {"response": "Paris.", "done": False})
BEGUN = ("record", {"response": "…", "done": False})


def only(lane: Lane) -> MemoryChannel:
    (channel,) = lane.replies.channels
    return channel


def etag(lane: Lane, job_id: str = "job-1") -> str:
    return lane.store.objects["acme-llm", f"documents/results/{job_id}.json"].etag


def test_an_answer_is_told_and_ends_once_it_stands(make_lane: MakeLane) -> None:
    lane = make_lane(answer("Paris."))
    lane.ask()
    assert only(lane).told == [("started", 1), PARIS, ("ended", ("succeeded", etag(lane)))]
    assert lane.journal.of("tell", "put", "publish", "delete") == [
        "tell started",
        "tell record",
        "put documents/results/job-1.json",
        "tell ended",
        "publish job-1",
        "delete message-1/1",
    ]


def test_who_has_a_job_that_nobody_waits_for_opens_nothing(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.run(id="a")
    assert lane.replies.channels == []
    assert lane.result("a").status == "succeeded"


def test_nothing_is_told_of_an_end_while_the_result_can_not_be_written(make_lane: MakeLane) -> None:
    held = Held()
    lane = make_lane(held)
    lane.ask()
    lane.store.down = True
    lane.let_go(held)
    lane.pass_time(30)
    assert [name for name, _ in only(lane).told] == ["started", "record", "record"]
    lane.store.down = False
    lane.pass_time(30)
    assert only(lane).told[-1] == ("ended", ("succeeded", etag(lane)))


def test_a_result_that_was_first_is_the_end(make_lane: MakeLane) -> None:
    held = Held()
    lane = make_lane(held)
    lane.ask()
    lane.pass_time(5)
    other = make_lane(answer("Paris."))
    other.ask()
    body = other.store.objects["acme-llm", "documents/results/job-1.json"].body
    first = lane.store_object("results/job-1.json", body)
    lane.let_go(held)
    assert only(lane).told[-1] == ("ended", ("succeeded", first))
    assert lane.ended("duplicate") == 1


def test_a_result_that_is_there_is_told_at_once(make_lane: MakeLane) -> None:
    other = make_lane(answer("Paris."))
    other.ask()
    body = other.store.objects["acme-llm", "documents/results/job-1.json"].body
    lane = make_lane(Held())
    first = lane.store_object("results/job-1.json", body)
    lane.ask()
    assert only(lane).told[-1] == ("ended", ("succeeded", first))
    assert lane.runtime.running == 0


def test_a_failed_attempt_is_told_and_the_next_one_is_another_channel(make_lane: MakeLane) -> None:
    lane = make_lane(JobError(ErrorCode.STALLED, "no token"), answer("Paris."))
    lane.ask()
    lane.pass_time(5)
    first, last = lane.replies.channels
    assert first.told == [("started", 1), ("again", "failed")]
    assert (last.order, last.told) == ((2, 1), [("started", 2), PARIS, ("ended", ("succeeded", etag(lane)))])


def test_who_waits_stays_named_from_attempt_to_attempt(make_lane: MakeLane) -> None:
    lane = make_lane(JobError(ErrorCode.STALLED, "no token"), Held())
    lane.ask()
    assert history_of(lane.only_message).reply == REPLY


def test_the_last_failed_attempt_is_an_end(make_lane: MakeLane) -> None:
    lane = make_lane(JobError(ErrorCode.STALLED, "no token"), limits={"max_attempts": 1})
    lane.ask()
    assert only(lane).told == [("started", 1), ("ended", ("failed", etag(lane)))]


def test_what_fails_before_the_engine_is_an_end_alone(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.ask(destination="nowhere")
    assert only(lane).told == [("ended", ("failed", etag(lane)))]


def test_an_engine_that_has_to_begin_anew_says_so(make_lane: MakeLane) -> None:
    gate = Gate(EngineCrashed("Ollama cut the connection"))
    lane = make_lane(gate, answer("Paris."))
    lane.ask()
    lane.let_go(gate)
    lane.pass_time(10)
    ends = [("again", "given_back"), ("started", 1), PARIS, ("ended", ("succeeded", etag(lane)))]
    assert only(lane).told == [("started", 1), BEGUN, *ends]


def test_an_engine_that_refuses_for_now_has_told_nothing(make_lane: MakeLane) -> None:
    lane = make_lane(Unavailable("busy"), Unavailable("busy"), answer("Paris."))
    lane.ask()
    lane.pass_time(30)
    assert [name for name, _ in only(lane).told] == ["started", "record", "ended"]


def test_a_job_that_is_given_back_says_so_before_another_can_have_it(make_lane: MakeLane) -> None:
    lane = make_lane(Held())
    lane.ask()
    lane.worker.consumer.leave()
    lane.settle()
    assert only(lane).told == [("started", 1), BEGUN, ("again", "given_back")]
    assert lane.journal.of("tell", "release")[-2:] == ["tell again", "release message-1/1"]


def test_a_lost_lease_is_told_as_given_back(make_lane: MakeLane) -> None:
    lane = make_lane(Held())
    lane.ask()
    lane.queue.refused.add("extend")
    lane.pass_time(70)
    assert lane.replies.channels[0].told[-1] == ("again", "given_back")


def test_a_defect_is_told_as_given_back(make_lane: MakeLane) -> None:
    gate = Gate(answer("Paris."))
    lane = make_lane(gate)
    lane.ask()
    lane.store.down, lane.store.refusal = True, ZeroDivisionError()
    lane.let_go(gate)
    assert only(lane).told[-1] == ("again", "given_back")


def test_who_hangs_up_and_cancels_is_obeyed_at_once(make_lane: MakeLane) -> None:
    lane = make_lane(Held())
    lane.ask()
    lane.pass_time(5)
    lane.cancel("job-1")
    assert lane.runtime.running == 1
    only(lane).hang_up()
    lane.settle()
    assert (lane.result("job-1").status, lane.runtime.running) == ("cancelled", 0)


def test_who_hangs_up_alone_costs_one_look(make_lane: MakeLane) -> None:
    held = Held()
    lane = make_lane(held)
    lane.ask()
    lane.pass_time(5)
    before = looks(lane)
    only(lane).hang_up()
    lane.settle()
    assert looks(lane) == before + 1
    lane.pass_time(5)
    assert looks(lane) == before + 1
    lane.let_go(held)
    assert lane.result("job-1").status == "succeeded"


def looks(lane: Lane) -> int:
    return lane.store.calls.count("head documents/cancels/job-1.json")


@pytest.mark.parametrize("after", [1, 2])
def test_the_order_tells_attempts_and_receives(make_lane: MakeLane, after: int) -> None:
    lane = make_lane()
    history = History(id="job-1", submitted_at=lane.clock.now())
    for _ in range(after):
        history = history.with_failure(ErrorCode.STALLED, "no token", "w", lane.clock.now())
    lane.ask(history=history)
    assert only(lane).order == (after + 1, 1)
