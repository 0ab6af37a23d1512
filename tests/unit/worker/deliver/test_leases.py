from __future__ import annotations

from typing import TYPE_CHECKING

from laneway_worker.testing.runtime import Held

if TYPE_CHECKING:
    from support.worker.lane import MakeLane


def test_a_held_message_is_renewed_as_long_as_it_runs(make_lane: MakeLane) -> None:
    held = Held()
    lane = make_lane(held)
    lane.run(id="a")
    lane.pass_time(1200)
    assert (lane.only_message.receives, lane.is_visible(lane.only_message)) == (1, False)
    lane.let_go(held)
    assert lane.journal.of("put") == ["put documents/results/a.json"]


def test_heartbeats_come_three_times_a_lease(make_lane: MakeLane) -> None:
    lane = make_lane(Held(), visibility_seconds=90)
    lane.run(id="a")
    lane.pass_time(300)
    assert len(lane.journal.of("extend")) == 10


def test_one_call_renews_every_message(make_lane: MakeLane) -> None:
    lane = make_lane(Held(), Held(), Held(), parallel=3)
    for job_id in ("a", "b", "c"):
        lane.run(id=job_id)
    lane.pass_time(20)
    assert lane.journal.of("extend") == ["extend message-1/1 message-2/1 message-3/1"]


def test_nothing_held_asks_nothing_of_the_queue(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.run(id="a")
    lane.pass_time(300)
    assert lane.journal.of("extend") == []


def test_one_missed_heartbeat_loses_nothing(make_lane: MakeLane) -> None:
    held = Held()
    lane = make_lane(held)
    lane.run(id="a")
    lane.queue.down = True
    lane.pass_time(20)
    lane.queue.down = False
    lane.pass_time(60)
    lane.let_go(held)
    assert (lane.result("a").status, lane.ended("lost")) == ("succeeded", 0)


def test_a_lost_lease_stops_the_work(make_lane: MakeLane) -> None:
    lane = make_lane(Held())
    lane.run(id="a")
    lane.queue.down = True
    lane.pass_time(80)
    assert lane.runtime.running == 0
    assert lane.ended("lost") == 1
    assert lane.journal.of("put", "publish", "delete", "release", "resend") == []


def test_a_job_whose_lease_was_lost_is_done_by_the_next_delivery_once(make_lane: MakeLane) -> None:
    lane = make_lane(Held())
    lane.run(id="a")
    lane.queue.down = True
    lane.pass_time(80)
    lane.queue.down = False
    lane.pass_time(60)
    assert lane.result("a").failures == ()
    assert lane.journal.of("put", "publish", "delete") == [
        "put documents/results/a.json",
        "publish a",
        "delete message-1/2",
    ]


def test_a_message_that_another_worker_deleted_stops_the_work(make_lane: MakeLane) -> None:
    lane = make_lane(Held())
    message_id = lane.run(id="a")
    del lane.queue.messages[message_id]
    lane.pass_time(20)
    assert (lane.runtime.running, lane.ended("lost")) == (0, 1)
    assert not lane.has_result("a")


def test_a_redelivery_of_a_running_job_starts_nothing(make_lane: MakeLane) -> None:
    held = Held()
    lane = make_lane(held, parallel=2)
    lane.run(id="a")
    lane.only_message.visible_at = lane.clock.now()
    lane.pass_time(1)
    assert lane.only_message.receives == 2
    assert len(lane.runtime.requests) == 1


def test_a_redelivered_message_is_renewed_and_deleted_by_its_newest_handle(make_lane: MakeLane) -> None:
    held = Held()
    lane = make_lane(held, parallel=2)
    lane.run(id="a")
    lane.only_message.visible_at = lane.clock.now()
    lane.pass_time(1)
    lane.pass_time(200)
    assert lane.only_message.receives == 2
    lane.let_go(held)
    assert lane.journal.of("extend")[-1] == "extend message-1/2"
    assert lane.journal.of("delete") == ["delete message-1/2"]
    assert lane.queue.messages == {}


def test_no_heartbeat_follows_the_delete(make_lane: MakeLane) -> None:
    held = Held()
    lane = make_lane(held)
    lane.run(id="a")
    lane.pass_time(20)
    lane.let_go(held)
    lane.pass_time(300)
    assert lane.journal.of("extend", "delete")[-1] == "delete message-1/1"


def test_a_lease_ends_before_sqs_ends_it(make_lane: MakeLane) -> None:
    lane = make_lane(Held(), limits={"timeout_seconds": 14 * 3600})
    lane.run(id="a")
    lane.pass_time(12 * 3600, step=20)
    assert (lane.runtime.running, lane.ended("lost")) == (0, 1)
