from __future__ import annotations

from typing import TYPE_CHECKING

from laneway_worker.testing.runtime import Held

if TYPE_CHECKING:
    from support.worker.lane import MakeLane


def test_two_slots_run_two_jobs_at_once_and_never_more(make_lane: MakeLane) -> None:
    first, second = Held(), Held()
    lane = make_lane(first, second, parallel=2)
    for job_id in ("a", "b", "c"):
        lane.run(id=job_id)
    assert lane.runtime.running == 2
    lane.let_go(first)
    lane.let_go(second)
    assert [lane.has_result(job_id) for job_id in ("a", "b", "c")] == [True, True, True]
    assert lane.runtime.most_running == 2


def test_no_more_jobs_are_taken_than_the_engine_answers_at_once(make_lane: MakeLane) -> None:
    lane = make_lane(Held(), start=False, parallel=4)
    lane.runtime.slots = 1
    lane.worker.start()
    waiting = [lane.queue.messages[lane.run(id=job_id)] for job_id in ("a", "b")][1]
    assert lane.journal.of("receive") == ["receive 1"]
    assert (lane.runtime.running, waiting.receives) == (1, 0)
    labels = {"pool": "default/documents", "lane": "fast"}
    assert lane.worker.families.registry.get_sample_value("laneway_slots", labels) == 1


def test_an_engine_with_more_slots_than_wanted_gets_no_more_jobs(make_lane: MakeLane) -> None:
    lane = make_lane(start=False, parallel=2)
    lane.runtime.slots = 8
    lane.worker.start()
    lane.settle()
    assert lane.journal.of("receive") == ["receive 2"]


def test_a_job_beyond_the_slots_stays_in_the_queue_unreceived(make_lane: MakeLane) -> None:
    lane = make_lane(Held())
    lane.run(id="a")
    waiting = lane.queue.messages[lane.run(id="b")]
    lane.pass_time(120)
    assert waiting.receives == 0


def test_as_many_messages_are_asked_for_as_slots_are_free(make_lane: MakeLane) -> None:
    lane = make_lane(Held(), parallel=3)
    lane.run(id="a")
    assert lane.journal.of("receive") == ["receive 3", "receive 2"]


def test_never_more_than_ten_messages_are_asked_for(make_lane: MakeLane) -> None:
    lane = make_lane(parallel=12)
    assert lane.journal.of("receive") == ["receive 10"]


def test_nothing_is_asked_for_when_full(make_lane: MakeLane) -> None:
    lane = make_lane(Held())
    lane.run(id="a")
    asked = len(lane.journal.of("receive"))
    lane.pass_time(300)
    assert len(lane.journal.of("receive")) == asked


def test_a_free_slot_asks_again_at_once(make_lane: MakeLane) -> None:
    held = Held()
    lane = make_lane(held)
    lane.run(id="a")
    lane.run(id="b")
    lane.let_go(held)
    assert lane.has_result("b")


def test_the_slot_is_free_while_the_result_waits_for_the_notifier(make_lane: MakeLane) -> None:
    held, next_one = Held(), Held()
    lane = make_lane(held, next_one)
    lane.run(id="a")
    lane.notifier.down = True
    lane.let_go(held)
    busy = lane.worker.families.registry.get_sample_value(
        "laneway_slots_busy", {"pool": "default/documents", "lane": "fast"}
    )
    assert busy == 0


def test_nothing_is_received_before_the_engine_is_ready(make_lane: MakeLane) -> None:
    lane = make_lane(start=False)
    lane.runtime.loaded = False
    message = lane.queue.messages[lane.send(id="a")]
    lane.start()
    lane.pass_time(120)
    assert (lane.journal.of("receive"), message.receives) == ([], 0)
    lane.runtime.loaded = True
    lane.pass_time(5)
    assert lane.has_result("a")


def test_nothing_is_received_once_the_engine_has_lost_its_model(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.runtime.loaded = False
    lane.pass_time(30)
    message = lane.queue.messages[lane.run(id="a")]
    lane.pass_time(60)
    assert message.receives == 0


def test_jobs_are_answered_for_hours(make_lane: MakeLane) -> None:
    lane = make_lane()
    for number in range(24):
        lane.run(id=f"job-{number}")
        lane.pass_time(3600, step=20)
    assert all(lane.has_result(f"job-{number}") for number in range(24))
    assert lane.worker.consumer.stalled() == []
