from __future__ import annotations

from typing import TYPE_CHECKING

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.history import History
from laneway.schema.shared.names import MESSAGE_ATTRIBUTE
from laneway_worker.app import drained
from laneway_worker.testing.runtime import Held
from support.worker.lane import history_of

if TYPE_CHECKING:
    from support.worker.lane import Lane, MakeLane


def is_done(lane: Lane) -> bool:
    return lane.worker.consumer.wait_until_done(0)


def drain(lane: Lane) -> None:
    lane.worker.consumer.drain()
    lane.settle()


def leave(lane: Lane) -> None:
    lane.worker.consumer.leave()
    lane.settle()


def assert_given_back(lane: Lane) -> None:
    assert lane.is_visible(lane.only_message)
    assert lane.only_message.attributes == {}
    assert lane.journal.of("put", "publish", "delete", "resend") == []
    assert lane.ended("released") == 1


def test_a_worker_that_runs_is_not_done(make_lane: MakeLane) -> None:
    assert not is_done(make_lane())


def test_an_idle_worker_leaves_when_its_poll_ends(make_lane: MakeLane) -> None:
    lane = make_lane()
    drain(lane)
    assert not is_done(lane)
    lane.pass_time(20)
    assert is_done(lane)
    assert lane.clock.idle


def test_a_draining_worker_receives_nothing_new(make_lane: MakeLane) -> None:
    held = Held()
    lane = make_lane(held)
    lane.run(id="a")
    drain(lane)
    waiting = lane.queue.messages[lane.run(id="b")]
    lane.let_go(held)
    lane.pass_time(30)
    assert waiting.receives == 0


def test_a_draining_worker_finishes_what_runs(make_lane: MakeLane) -> None:
    held = Held()
    lane = make_lane(held)
    lane.run(id="a")
    drain(lane)
    lane.pass_time(55)
    assert not is_done(lane)
    lane.let_go(held)
    assert lane.result("a").status == "succeeded"
    assert is_done(lane)
    assert lane.queue.messages == {}


def test_what_the_last_poll_brings_goes_back_unstarted(make_lane: MakeLane) -> None:
    lane = make_lane()
    drain(lane)
    lane.run(id="a")
    assert lane.runtime.requests == []
    assert_given_back(lane)
    assert is_done(lane)


def test_what_cannot_finish_in_time_goes_back_without_an_attempt(make_lane: MakeLane) -> None:
    lane = make_lane(Held(), drain_seconds=60)
    lane.run(id="a")
    drain(lane)
    lane.pass_time(55)
    assert lane.journal.of("release") == []
    lane.pass_time(5)
    assert_given_back(lane)
    assert is_done(lane)
    assert lane.runtime.running == 0


def test_a_drain_tells_what_it_finished_and_what_it_gave_back(make_lane: MakeLane) -> None:
    done, held = Held(), Held()
    lane = make_lane(done, held, Held(), parallel=3)
    lane.run(id="earlier")
    lane.let_go(done)
    lane.run(id="a")
    lane.run(id="b")
    assert lane.worker.consumer.held == 2
    drain(lane)
    lane.let_go(held)
    lane.pass_time(60)
    told = drained([lane.worker.consumer.left])
    assert told == {"finished": 1, "retried": 0, "given_back": 1, "lost": 0}
    assert lane.worker.consumer.held == 0


def test_a_second_drain_changes_nothing(make_lane: MakeLane) -> None:
    lane = make_lane(Held(), drain_seconds=60)
    lane.run(id="a")
    drain(lane)
    lane.pass_time(40)
    drain(lane)
    lane.pass_time(20)
    assert is_done(lane)


def test_leaving_gives_everything_back_at_once(make_lane: MakeLane) -> None:
    lane = make_lane(Held(), parallel=1)
    lane.run(id="a")
    leave(lane)
    assert_given_back(lane)
    assert is_done(lane)


def test_leaving_cuts_a_drain_short(make_lane: MakeLane) -> None:
    lane = make_lane(Held())
    lane.run(id="a")
    drain(lane)
    lane.pass_time(5)
    leave(lane)
    assert_given_back(lane)
    assert is_done(lane)


def test_a_result_that_waits_for_the_store_is_given_back_at_the_deadline(make_lane: MakeLane) -> None:
    held = Held()
    lane = make_lane(held, drain_seconds=60)
    lane.run(id="a")
    lane.store.down = True
    lane.let_go(held)
    drain(lane)
    lane.pass_time(60)
    assert lane.is_visible(lane.only_message)
    assert is_done(lane)


def test_a_job_that_was_given_back_is_done_by_the_next_worker(make_lane: MakeLane) -> None:
    lane = make_lane(Held())
    lane.run(id="a")
    leave(lane)
    other = make_lane(start=False)
    other.queue.messages = lane.queue.messages
    other.start()
    assert other.result("a").failures == ()


def test_the_fifth_release_sends_a_fresh_copy(make_lane: MakeLane) -> None:
    lane = make_lane(Held(), start=False)
    message_id = lane.send()
    lane.only_message.receives = 4
    lane.start()
    leave(lane)
    fresh = lane.only_message
    assert (fresh.id != message_id, fresh.receives, lane.is_visible(fresh)) == (True, 0, True)
    assert (history_of(fresh).id, history_of(fresh).failures) == (message_id, ())
    assert lane.journal.of("resend", "delete", "release") == [
        f"resend {message_id} after 0",
        f"delete {message_id}/5",
    ]


def test_a_fresh_copy_that_is_refused_leaves_the_message_to_be_given_back(make_lane: MakeLane) -> None:
    lane = make_lane(Held(), start=False)
    message_id = lane.send()
    lane.only_message.receives = 4
    lane.start()
    lane.queue.refused = {"resend"}
    leave(lane)
    assert is_done(lane)
    assert (lane.only_message.id, lane.is_visible(lane.only_message)) == (message_id, True)
    assert lane.ended("released") == 1


def test_the_fourth_release_does_not(make_lane: MakeLane) -> None:
    lane = make_lane(Held(), start=False)
    message_id = lane.send()
    lane.only_message.receives = 3
    lane.start()
    leave(lane)
    assert (lane.only_message.id, lane.is_visible(lane.only_message)) == (message_id, True)


def test_a_fresh_copy_keeps_the_failures(make_lane: MakeLane) -> None:
    lane = make_lane(Held(), start=False)
    history = History(id="a", submitted_at=lane.clock.now())
    failed = history.with_failure(ErrorCode.STALLED, "m", "worker-0", lane.clock.now()).to_attribute()
    lane.queue.send(b'{"prompt": "b"}', {MESSAGE_ATTRIBUTE: {"DataType": "String", "StringValue": failed}})
    lane.only_message.receives = 4
    lane.start()
    leave(lane)
    assert lane.only_message.receives == 0
    assert [each.code for each in history_of(lane.only_message).failures] == [ErrorCode.STALLED]


def test_a_release_that_fails_leaves_the_message_to_its_lease(make_lane: MakeLane) -> None:
    lane = make_lane(Held())
    lane.run(id="a")
    lane.queue.refused = {"release"}
    leave(lane)
    assert is_done(lane)
    assert not lane.is_visible(lane.only_message)


def test_a_release_counts_the_receives_of_the_newest_delivery(make_lane: MakeLane) -> None:
    lane = make_lane(Held(), parallel=2, start=False)
    message_id = lane.send()
    lane.only_message.receives = 3
    lane.start()
    lane.only_message.visible_at = lane.clock.now()
    lane.pass_time(1)
    assert lane.only_message.receives == 5
    leave(lane)
    assert lane.journal.of("release", "resend")[0] == f"resend {message_id} after 0"
