from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from laneway.schema.job.codes import ErrorCode
from laneway_worker.testing.runtime import Held
from support.worker.lane import history_of

if TYPE_CHECKING:
    from support.worker.lane import MakeLane

HEARTBEAT = 20.0


def test_a_job_that_is_cancelled_before_it_starts_has_a_cancelled_result(make_lane: MakeLane) -> None:
    lane = make_lane(Held())
    lane.cancel("a")
    lane.run(id="a")
    assert (lane.result("a").status, lane.code("a")) == ("cancelled", "cancelled")
    assert [note.status for note in lane.notifier.published] == ["cancelled"]
    assert lane.queue.messages == {}
    assert lane.runtime.running == 0


def test_a_running_job_is_cancelled_within_a_heartbeat(make_lane: MakeLane) -> None:
    lane = make_lane(Held())
    lane.run(id="a")
    lane.cancel("a")
    assert lane.runtime.running == 1
    lane.pass_time(HEARTBEAT)
    assert (lane.result("a").status, lane.runtime.running) == ("cancelled", 0)
    assert lane.queue.messages == {}


def test_a_cancel_that_cannot_be_seen_is_looked_for_again(make_lane: MakeLane) -> None:
    lane = make_lane(Held())
    lane.run(id="a")
    lane.cancel("a")
    lane.store.down = True
    lane.pass_time(HEARTBEAT)
    assert lane.runtime.running == 1
    lane.store.down = False
    lane.pass_time(HEARTBEAT)
    assert lane.result("a").status == "cancelled"


def test_a_cancel_of_another_job_ends_nothing(make_lane: MakeLane) -> None:
    held = Held()
    lane = make_lane(held)
    lane.run(id="a")
    lane.cancel("b")
    lane.pass_time(HEARTBEAT * 3)
    lane.let_go(held)
    assert lane.result("a").status == "succeeded"


def test_a_job_that_waited_too_long_expires_without_the_engine(make_lane: MakeLane) -> None:
    lane = make_lane(start=False, limits={"expires_after_seconds": 600})
    lane.send(id="a")
    lane.clock.advance(601)
    lane.start()
    assert (lane.result("a").status, lane.code("a")) == ("expired", "expired")
    assert lane.runtime.requests == []
    assert lane.queue.messages == {}


def test_a_job_expires_while_it_runs(make_lane: MakeLane) -> None:
    lane = make_lane(Held(), limits={"expires_after_seconds": 600})
    lane.run(id="a")
    lane.pass_time(595)
    assert lane.runtime.running == 1
    lane.pass_time(5)
    assert (lane.result("a").status, lane.runtime.running) == ("expired", 0)
    assert lane.result("a").timing.run_seconds == 600


def test_expiry_counts_from_the_first_submission(make_lane: MakeLane) -> None:
    lane = make_lane(Held(), Held(), limits={"expires_after_seconds": 600, "timeout_seconds": 400})
    lane.run(id="a")
    lane.pass_time(600)
    assert (lane.result("a").status, lane.clock.now() - lane.result("a").timing.submitted_at) == (
        "expired",
        timedelta(seconds=600),
    )
    assert [each.code for each in lane.result("a").failures] == [ErrorCode.TIMED_OUT]


def test_a_run_that_takes_too_long_is_a_failed_attempt(make_lane: MakeLane) -> None:
    lane = make_lane(Held(), Held(), limits={"timeout_seconds": 30})
    lane.run(id="a")
    lane.pass_time(29, step=1)
    assert lane.runtime.running == 1
    lane.pass_time(1)
    failure = history_of(lane.only_message).failures[0]
    assert failure.code is ErrorCode.TIMED_OUT
    assert "30 s" in failure.message


def test_timing_out_again_and_again_fails_the_job(make_lane: MakeLane) -> None:
    lane = make_lane(Held(), Held(), limits={"timeout_seconds": 30, "max_attempts": 2})
    lane.run(id="a")
    lane.pass_time(70)
    assert (lane.result("a").status, lane.code("a")) == ("failed", "timed_out")
    assert lane.runtime.running == 0
