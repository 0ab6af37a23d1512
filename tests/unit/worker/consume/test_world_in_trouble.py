from __future__ import annotations

from typing import TYPE_CHECKING

from laneway_worker.errors import Unavailable
from laneway_worker.testing.runtime import Held

if TYPE_CHECKING:
    from support.worker.lane import MakeLane


def test_an_unreachable_queue_is_asked_less_and_less(make_lane: MakeLane) -> None:
    lane = make_lane(start=False)
    lane.queue.down = True
    lane.start()
    lane.pass_time(1 + 2 + 4 + 8 + 16 + 30 + 29, step=1)
    assert len(lane.journal.of("receive")) == 7


def test_a_queue_that_recovers_is_used_again(make_lane: MakeLane) -> None:
    lane = make_lane(start=False)
    lane.queue.down = True
    lane.send(id="a")
    lane.start()
    lane.pass_time(300)
    lane.queue.down = False
    lane.pass_time(30)
    assert lane.has_result("a")


def test_the_back_off_starts_anew_after_a_success(make_lane: MakeLane) -> None:
    lane = make_lane(start=False)
    lane.queue.down = True
    lane.start()
    lane.pass_time(60)
    lane.queue.down = False
    lane.pass_time(60)
    lane.queue.down = True
    lane.pass_time(20)
    asked = len(lane.journal.of("receive"))
    lane.pass_time(3, step=1)
    assert len(lane.journal.of("receive")) > asked


def test_a_result_waits_for_the_store_under_its_lease(make_lane: MakeLane) -> None:
    held = Held()
    lane = make_lane(held)
    lane.run(id="a")
    lane.store.down = True
    lane.let_go(held)
    lane.pass_time(600)
    assert (lane.only_message.receives, lane.is_visible(lane.only_message)) == (1, False)
    lane.store.down = False
    lane.pass_time(15)
    assert lane.result("a").status == "succeeded"
    assert lane.queue.messages == {}


def test_nothing_is_received_while_a_result_waits_for_the_store(make_lane: MakeLane) -> None:
    held = Held()
    lane = make_lane(held, parallel=1)
    lane.run(id="a")
    lane.store.down = True
    lane.let_go(held)
    lane.pass_time(20)  # a poll that began when the slot was free goes on to its end
    waiting = lane.queue.messages[lane.run(id="b")]
    asked = len(lane.journal.of("receive"))
    lane.pass_time(300)
    assert (waiting.receives, len(lane.journal.of("receive"))) == (0, asked)
    lane.store.down = False
    lane.pass_time(20)
    assert lane.has_result("b")


def test_a_waiting_result_is_not_generated_again(make_lane: MakeLane) -> None:
    held = Held()
    lane = make_lane(held)
    lane.run(id="a")
    lane.store.down = True
    lane.let_go(held)
    lane.pass_time(300)
    lane.store.down = False
    lane.pass_time(15)
    assert len(lane.runtime.requests) == 1


def test_the_store_is_asked_less_and_less(make_lane: MakeLane) -> None:
    held = Held()
    lane = make_lane(held)
    lane.store_object("jobs/a.json", b'{"id": "a", "prompt": "b"}')
    lane.run(id="a")
    lane.store.down = True
    lane.let_go(held)
    lane.pass_time(60, step=1)
    asked = len(lane.journal.of("put"))
    lane.pass_time(60, step=1)
    assert 4 <= len(lane.journal.of("put")) - asked <= 9


def test_a_stored_body_is_waited_for(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.store_object("jobs/a.json", b'{"id": "a", "prompt": "b"}')
    lane.store.down = True
    lane.run(b'{"id": "a", "stored": true}')
    lane.pass_time(120)
    assert (lane.runtime.requests, lane.only_message.receives) == ([], 1)
    lane.store.down = False
    lane.pass_time(15)
    assert lane.result("a").status == "succeeded"


def test_a_message_stays_until_its_notification_is_out(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.notifier.down = True
    lane.run(id="a")
    lane.pass_time(300)
    assert lane.has_result("a")
    assert not lane.is_visible(lane.only_message)
    lane.notifier.down = False
    lane.pass_time(15)
    assert [note.id for note in lane.notifier.published] == ["a"]
    assert lane.queue.messages == {}


def test_a_job_is_looked_up_in_vain_and_answered_all_the_same(make_lane: MakeLane) -> None:
    held = Held()
    lane = make_lane(held)
    lane.store.down = True
    lane.run(id="a")
    assert lane.runtime.running == 1
    lane.store.down = False
    lane.let_go(held)
    assert lane.result("a").status == "succeeded"


def test_a_delete_that_fails_leaves_the_result_and_repeats_the_tail(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.queue.refused = {"delete"}
    lane.run(id="a")
    lane.queue.refused.clear()
    lane.runtime.script.append(Held())
    lane.pass_time(60)
    assert len({note.etag for note in lane.notifier.published}) == 1
    assert lane.queue.messages == {}
    assert (lane.ended("committed"), lane.ended("duplicate")) == (1, 1)


def test_an_engine_that_refuses_service_costs_no_attempt(make_lane: MakeLane) -> None:
    lane = make_lane(Unavailable("Ollama answered 503"), Unavailable("Ollama answered 503"))
    lane.run(id="a")
    lane.pass_time(10)
    assert (lane.result("a").status, lane.result("a").failures) == ("succeeded", ())
    assert len(lane.runtime.requests) == 3


def test_a_reply_that_nobody_can_read_ends_no_loop(make_lane: MakeLane) -> None:
    lane = make_lane(held := Held())
    lane.run(id="a")
    lane.queue.down, lane.queue.refusal = True, ValueError("what is this")
    lane.pass_time(25)
    lane.queue.down = False
    lane.pass_time(60)
    lane.let_go(held)
    assert lane.queue.messages == {}
    lane.run(id="b")
    lane.pass_time(60)
    assert lane.has_result("b")


def test_a_result_whose_tail_is_left_to_the_next_delivery_counts_all_the_same(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.notifier.down = True
    lane.run(id="a")
    lane.worker.consumer.leave()
    lane.settle()
    labels = {"pool": lane.config.pool, "lane": lane.config.lane, "status": "succeeded", "code": ""}
    assert lane.worker.families.registry.get_sample_value("laneway_jobs_total", labels) == 1
    assert lane.ended("committed") == 0 < lane.ended("released")  # a poll under way may bring it once more


def test_a_look_that_fails_for_a_reason_of_ours_leaves_the_deadline_in_force(make_lane: MakeLane) -> None:
    lane = make_lane(Held(), limits={"expires_after_seconds": 100})
    lane.store.refusal = ValueError("what is this")  # a defect: no port raises it
    lane.store.down = True
    lane.run(id="a")
    lane.pass_time(50)
    lane.store.down = False
    lane.pass_time(60)
    assert lane.result("a").status == "expired"
