from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.result import MAX_RESULT_BYTES
from laneway_worker.errors import EngineCrashed, JobError
from laneway_worker.ports.runtime import Answer
from laneway_worker.report.metrics import Families, Metrics
from laneway_worker.report.tally import Tally
from laneway_worker.testing.clock import ManualClock
from laneway_worker.testing.runtime import Held
from support.worker.lane import Gate

if TYPE_CHECKING:
    from support.worker.lane import Lane, MakeLane

OWN = {"pool": "default/documents", "lane": "fast"}
PAGE = Path(__file__).parents[4] / "docs" / "reference" / "metrics.md"
NOT_JSON = Answer(prompt_tokens=1, completion_tokens=1, finish_reason="stop", first_token_at=None, text="no JSON")


def value(lane: Lane, name: str, **labels: str) -> float:
    return lane.worker.families.registry.get_sample_value(name, OWN | labels) or 0.0


def wasted(lane: Lane, reason: str) -> float:
    return value(lane, "laneway_wasted_gpu_seconds_total", reason=reason)


def test_a_committed_answer_wastes_nothing(make_lane: MakeLane) -> None:
    held = Held()
    lane = make_lane(held)
    lane.run(id="a")
    lane.pass_time(10)
    lane.let_go(held)
    assert value(lane, "laneway_gpu_seconds_total") == pytest.approx(10)
    assert b"laneway_wasted_gpu_seconds_total{" not in lane.worker.families.text()


def test_a_cancelled_generation_is_wasted(make_lane: MakeLane) -> None:
    lane = make_lane(Held())
    lane.run(id="a")
    lane.cancel("a")
    lane.pass_time(20)
    assert wasted(lane, "cancelled") == pytest.approx(20)


def test_a_generation_that_is_given_back_is_wasted(make_lane: MakeLane) -> None:
    lane = make_lane(Held())
    lane.run(id="a")
    lane.pass_time(10)
    lane.worker.consumer.leave()
    lane.settle()
    assert wasted(lane, "leaving") == pytest.approx(10)


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (JobError(ErrorCode.INCOMPLETE_ANSWER, "cut"), "incomplete_answer"),
        (EngineCrashed("gone"), "engine_crashed"),
        (NOT_JSON, "format_not_met"),
    ],
    ids=["failed attempt", "crash", "answer of another form"],
)
def test_an_attempt_that_fails_is_wasted(make_lane: MakeLane, end: Answer | Exception, reason: str) -> None:
    gate = Gate(end)
    lane = make_lane(gate)
    lane.run(id="a", format="json")
    lane.pass_time(10)
    lane.let_go(gate)
    assert wasted(lane, reason) == pytest.approx(10)


@pytest.mark.parametrize(
    ("text", "reason"),
    [("x" * (MAX_RESULT_BYTES + 1), "invalid_job"), ("\ud800", "engine_error")],
    ids=["too large", "no Unicode"],
)
def test_an_answer_that_can_t_be_stored_is_wasted(make_lane: MakeLane, text: str, reason: str) -> None:
    gate = Gate(replace(NOT_JSON, text=text))
    lane = make_lane(gate)
    lane.run(id="a")
    lane.pass_time(10)
    lane.let_go(gate)
    assert wasted(lane, reason) == pytest.approx(10)


def test_an_answer_that_comes_second_is_wasted(make_lane: MakeLane) -> None:
    first, second = make_lane(), Held()
    first.run(id="a")
    lane = make_lane(second)
    lane.run(id="a")
    lane.store_object("results/a.json", first.result("a").to_json())
    lane.pass_time(10)
    lane.let_go(second)
    assert wasted(lane, "duplicate") == pytest.approx(10)
    assert lane.ended("duplicate") == 1


def test_an_answer_that_can_not_be_stored_before_the_worker_leaves_is_wasted(make_lane: MakeLane) -> None:
    held = Held()
    lane = make_lane(held)
    lane.run(id="a")
    lane.pass_time(10)
    lane.store.down = True
    lane.let_go(held)
    lane.worker.consumer.leave()
    lane.settle()
    assert wasted(lane, "released") == pytest.approx(10)


def test_messages_that_come_again_are_counted(make_lane: MakeLane) -> None:
    lane = make_lane(start=False)
    lane.send(id="a")
    (delivery,) = lane.queue.receive(1)
    lane.queue.release(delivery.receipt)
    lane.send(id="b")
    lane.start()
    lane.pass_time(5)
    assert value(lane, "laneway_redeliveries_total") == 1


def test_the_head_of_the_line_is_what_came_last_and_nothing_once_nothing_waits(make_lane: MakeLane) -> None:
    held = Held()
    lane = make_lane(held, start=False)
    lane.send(id="a")
    lane.clock.advance(42)
    lane.start()
    assert value(lane, "laneway_head_of_line_seconds") == 42
    lane.let_go(held)
    lane.pass_time(25)
    assert value(lane, "laneway_head_of_line_seconds") == 0


def test_lost_leases_are_counted_once() -> None:
    families = Families()
    clock = ManualClock()
    metrics = Metrics(families, OWN["pool"], OWN["lane"], Tally(clock, clock.condition()))
    for total in (0, 2, 2, 3):
        metrics.lost_so_far(total)
    assert families.registry.get_sample_value("laneway_leases_lost_total", OWN) == 3


def test_the_time_after_the_last_token_ends_with_the_stored_result(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.notifier.down = True
    lane.run(id="a")
    lane.pass_time(30)
    lane.notifier.down = False
    lane.pass_time(30)
    assert value(lane, "laneway_after_engine_seconds_count") == 1
    assert value(lane, "laneway_after_engine_seconds_sum") == 0


def test_the_reference_page_names_every_metric() -> None:
    families = Families()
    exported = {f"{each.name}_total" if each.type == "counter" else each.name for each in families.registry.collect()}
    assert {each.name for each in families.described} == exported
    assert [each.name for each in families.described if f"| `{each.name}` |" not in PAGE.read_text()] == []


def test_a_worker_says_when_its_model_is_loaded(make_lane: MakeLane) -> None:
    lane = make_lane(start=False)
    lane.runtime.loaded = False
    lane.start()
    assert value(lane, "laneway_ready") == 0
    lane.runtime.loaded = True
    lane.pass_time(1)
    assert value(lane, "laneway_ready") == 1
