"""A lane in a quiet schedule, or of a suspended pool. The clock begins at 12:00; the quiet time is 12:05 to 12:15."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from laneway.schema.job.codes import ErrorCode
from laneway.schema.pool.schedules.schedule import Period
from laneway_worker.report.http import Health
from laneway_worker.testing.runtime import Held

if TYPE_CHECKING:
    from support.worker.lane import Lane, MakeLane

QUIET = (Period(timezone="UTC", start="5 12 * * *", end="15 12 * * *"),)
BEGINS, ENDS = 300.0, 900.0
POLL = 20.0
PROGRESS = 5.0  # so often a worker looks whether it should wake


@pytest.fixture
def awake(make_lane: MakeLane) -> Lane:
    """Its polls end ten seconds after each full 20: one is under way when the quiet time begins."""
    lane = make_lane(quiet=QUIET)
    lane.pass_time(POLL / 2)
    lane.run(id="before")
    assert lane.has_result("before")
    return lane


@pytest.fixture
def asleep(awake: Lane) -> Lane:
    lane = awake
    until(lane, BEGINS + POLL)
    return lane


def until(lane: Lane, seconds: float) -> None:
    """Let time pass until so long after the start."""
    lane.pass_time(seconds - lane.clock.monotonic())


def test_a_lane_works_until_its_quiet_time_begins(awake: Lane) -> None:
    until(awake, BEGINS - 1)
    awake.run(id="a")
    assert awake.has_result("a")


def test_what_a_poll_brings_that_was_under_way_goes_back_at_once(awake: Lane) -> None:
    until(awake, BEGINS)
    message = awake.queue.messages[awake.run(id="late")]
    assert (message.receives, awake.is_visible(message)) == (1, True)
    assert awake.ended("released") == 1
    assert len(awake.runtime.requests) == 1
    assert not awake.has_result("late")


def test_in_its_quiet_time_a_lane_receives_nothing(asleep: Lane) -> None:
    asleep.send(id="a")
    asked = len(asleep.journal.of("receive"))
    until(asleep, ENDS - 1)
    assert len(asleep.journal.of("receive")) == asked
    assert asleep.only_message.receives == 0


def test_it_goes_on_when_its_quiet_time_ends(asleep: Lane) -> None:
    asleep.send(id="a")
    until(asleep, ENDS + PROGRESS)
    assert asleep.result("a").status == "succeeded"


def test_it_sleeps_again_the_next_day(asleep: Lane) -> None:
    asleep.pass_time(24 * 3600, step=300)
    asleep.send(id="a")
    asleep.pass_time(60)
    assert asleep.only_message.receives == 0


def test_a_running_job_keeps_its_lease_and_is_finished(make_lane: MakeLane) -> None:
    held = Held()
    lane = make_lane(held, quiet=QUIET)
    lane.run(id="long")
    until(lane, ENDS - 60)
    assert not lane.is_visible(lane.only_message)
    lane.let_go(held)
    assert lane.result("long").status == "succeeded"
    assert lane.queue.messages == {}


def test_a_slot_that_becomes_free_in_the_quiet_time_stays_free(make_lane: MakeLane) -> None:
    held = Held()
    lane = make_lane(held, quiet=QUIET)
    lane.run(id="long")
    until(lane, BEGINS + POLL)
    waiting = lane.queue.messages[lane.send(id="next")]
    lane.let_go(held)
    until(lane, ENDS - 1)
    assert waiting.receives == 0
    until(lane, ENDS + PROGRESS)
    assert lane.has_result("next")


def test_deadlines_run_on_and_an_expired_job_is_told_when_the_lane_wakes(make_lane: MakeLane) -> None:
    lane = make_lane(quiet=QUIET, limits={"expires_after_seconds": 120})
    until(lane, BEGINS + POLL)
    lane.send(id="a")
    until(lane, ENDS - 1)
    assert not lane.has_result("a")
    until(lane, ENDS + PROGRESS)
    assert lane.code("a") == ErrorCode.EXPIRED
    assert lane.runtime.requests == []


def test_a_sleeping_worker_is_live_and_ready(asleep: Lane) -> None:
    worker = asleep.worker
    until(asleep, ENDS - 1)
    health = Health(worker.consumer.stalled, worker.engine, worker.families)
    assert [health.page(path)[0].value for path in ("/livez", "/readyz")] == [200, 200]


def test_a_sleeping_worker_leaves_at_once(asleep: Lane) -> None:
    asleep.worker.consumer.drain()
    asleep.settle()
    assert asleep.clock.idle


def test_a_suspended_lane_takes_nothing_at_any_time(make_lane: MakeLane) -> None:
    lane = make_lane(suspended=True)
    lane.send(id="a")
    lane.pass_time(3600, step=60)
    assert lane.journal.of("receive") == []
    assert lane.only_message.receives == 0
