from __future__ import annotations

from typing import TYPE_CHECKING

from laneway_worker.testing.runtime import Held
from support.worker.lane import BUCKET, documents_with

if TYPE_CHECKING:
    from support.worker.lane import Lane, MakeLane

KEY = "documents/results/a.json"


def winner_of(make_lane: MakeLane) -> bytes:
    """The result that another worker wrote."""
    other = make_lane()
    other.run(id="a", labels={"by": "another"})
    return other.store.objects[BUCKET, KEY].body


def assert_only_the_tail_was_done(lane: Lane, etag: str, body: bytes) -> None:
    assert [(note.id, note.etag, note.labels) for note in lane.notifier.published] == [("a", etag, {"by": "another"})]
    assert lane.queue.messages == {}
    assert lane.store.objects[BUCKET, KEY].body == body
    assert (lane.ended("duplicate"), lane.ended("committed")) == (1, 0)


def test_a_result_that_is_there_ends_the_generation(make_lane: MakeLane) -> None:
    body = winner_of(make_lane)
    lane = make_lane(Held())
    etag = lane.store_object("results/a.json", body)
    lane.run(id="a")
    assert lane.runtime.running == 0
    assert lane.journal.of("put") == []
    assert_only_the_tail_was_done(lane, etag, body)


def test_a_result_that_comes_during_the_run_wins(make_lane: MakeLane) -> None:
    body = winner_of(make_lane)
    held = Held()
    lane = make_lane(held)
    lane.run(id="a")
    etag = lane.store_object("results/a.json", body)
    lane.let_go(held)
    assert lane.journal.of("put") == [f"put {KEY}"]
    assert_only_the_tail_was_done(lane, etag, body)


def test_a_second_message_of_a_finished_job_repeats_the_notification(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.run(id="a")
    first = lane.store.objects[BUCKET, KEY]
    lane.runtime.script.append(Held())
    lane.run(id="a")
    assert [note.etag for note in lane.notifier.published] == [first.etag, first.etag]
    assert lane.store.objects[BUCKET, KEY] == first
    assert (lane.ended("committed"), lane.ended("duplicate")) == (1, 1)


def test_a_failed_result_is_as_final_as_a_success(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.run(id="a", model="other")
    lane.runtime.script.append(Held())
    lane.run(id="a")
    assert lane.code("a") == "unknown_model"
    assert lane.queue.messages == {}


def test_a_duplicate_with_a_destination_leaves_the_record_alone(make_lane: MakeLane) -> None:
    held = Held()
    lane = make_lane(held)
    lane.run(id="a", destination="legal")
    etag = lane.store_object("results/a.json", winner_of(make_lane))
    lane.let_go(held)
    assert lane.notifier.published[0].etag == etag
    assert lane.ended("duplicate") == 1


def test_two_deliveries_that_race_commit_one_result(make_lane: MakeLane) -> None:
    first, second = Held(), Held()
    lane = make_lane(first, second, parallel=2)
    lane.run(id="a")
    lane.run(id="a")
    lane.let_go(second)
    lane.let_go(first)
    assert lane.queue.messages == {}
    assert len(lane.notifier.published) == 2
    assert len({note.etag for note in lane.notifier.published}) == 1


def test_a_job_is_committed_by_the_first_of_two_lanes_alone(make_lane: MakeLane) -> None:
    assert documents_with().config.lane == "fast"
    lane = make_lane()
    etag = lane.store_object("results/a.json", winner_of(make_lane).replace(b'"lane":"fast"', b'"lane":"slow"'))
    lane.run(id="a")
    assert [(note.lane, note.etag) for note in lane.notifier.published] == [("slow", etag)]
