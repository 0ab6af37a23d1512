from __future__ import annotations

from typing import TYPE_CHECKING

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.event import ResultEvent
from laneway.schema.job.history import History
from laneway.schema.shared.names import MESSAGE_ATTRIBUTE
from laneway_worker.deliver.events import GIVEN_UP_SECONDS, LATER_SECONDS, MOST_ASIDE, WAIT_SECONDS
from laneway_worker.errors import JobError
from laneway_worker.testing.runtime import Held
from support.worker.lane import BUCKET

if TYPE_CHECKING:
    from support.worker.lane import Lane, MakeLane

EVENTS = "https://sqs.eu-west-1.amazonaws.com/111122223333/documents-events"
FAILS = JobError(ErrorCode.UNSUPPORTED, "no")


def events(lane: Lane) -> list[ResultEvent]:
    assert {url for url, _ in lane.events.sent} <= {EVENTS}
    return [ResultEvent.model_validate_json(message) for _, message in lane.events.sent]


def told(lane: Lane, how: str) -> float:
    labels = {"pool": lane.config.pool, "lane": lane.config.lane, "told": how}
    return lane.worker.families.registry.get_sample_value("laneway_events_total", labels) or 0.0


def test_a_result_is_told_without_its_text(make_lane: MakeLane) -> None:
    lane = make_lane(events_queue_url=EVENTS)
    lane.run(id="a")
    (event,) = events(lane)
    stored = lane.result("a")
    assert stored.text is not None
    assert event.result == stored.model_copy(update={"text": None})
    assert event.etag == lane.store.objects[BUCKET, "documents/results/a.json"].etag
    assert event.url == f"s3://{BUCKET}/documents/results/a.json"


def test_a_result_is_told_with_its_text_where_the_pool_wants_that(make_lane: MakeLane) -> None:
    lane = make_lane(events_queue_url=EVENTS, events_output=True)
    lane.run(id="a")
    assert [event.result for event in events(lane)] == [lane.result("a")]


def test_nothing_is_told_where_there_is_no_table(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.run(id="a")
    assert lane.events.sent == []
    assert told(lane, "done") == 0


def test_it_is_told_after_everything_else_and_before_the_delete(make_lane: MakeLane) -> None:
    lane = make_lane(FAILS, events_queue_url=EVENTS)
    lane.run(id="a")
    order = [entry.split()[0] for entry in lane.journal.of("put", "publish", "event", "delete")]
    assert order == ["put", "put", "publish", "event", "delete"]


def test_a_duplicate_tells_it_again(make_lane: MakeLane) -> None:
    lane = make_lane(events_queue_url=EVENTS)
    lane.run(id="a")
    lane.runtime.script.append(Held())
    lane.run(id="a")
    first, second = events(lane)
    assert first == second


def test_a_retry_is_told_with_the_next_revision(make_lane: MakeLane) -> None:
    lane = make_lane(FAILS, events_queue_url=EVENTS)
    lane.run(id="a")
    history = History(
        id="a",
        submitted_at=lane.clock.now(),
        replaces=lane.store.objects[BUCKET, "documents/results/a.json"].etag,
    )
    attribute = {MESSAGE_ATTRIBUTE: {"DataType": "String", "StringValue": history.to_attribute()}}
    lane.queue.send(b'{"id": "a", "prompt": "Capital of France?"}', attribute)
    lane.settle()
    assert [(event.result.status, event.result.revision) for event in events(lane)] == [("failed", 0), ("succeeded", 1)]


def test_trouble_that_passes_soon_costs_nobody_anything(make_lane: MakeLane) -> None:
    lane = make_lane(events_queue_url=EVENTS)
    lane.events.down = True
    lane.run(id="a")
    assert lane.has_result("a")
    assert len(lane.notifier.published) == 1
    lane.run(id="meanwhile")
    assert lane.has_result("meanwhile")
    lane.events.down = False
    lane.pass_time(30)
    assert {event.result.id for event in events(lane)} == {"a", "meanwhile"}
    assert lane.queue.messages == {}
    assert lane.ended("committed") == 2


def test_who_could_not_be_told_for_a_minute_is_told_later_and_wakes_nobody_meanwhile(make_lane: MakeLane) -> None:
    lane = make_lane(events_queue_url=EVENTS)
    lane.events.down = True
    lane.run(id="a")
    lane.pass_time(WAIT_SECONDS + 20)
    assert lane.worker.consumer.held == 0
    assert not lane.is_visible(lane.only_message)
    lane.events.down = False
    lane.pass_time(LATER_SECONDS)
    assert [event.result.id for event in events(lane)] == ["a"]
    assert lane.queue.messages == {}
    assert (told(lane, "later"), told(lane, "done")) == (1, 1)


def test_few_wait_in_memory(make_lane: MakeLane) -> None:
    lane = make_lane(events_queue_url=EVENTS)
    lane.events.down = True
    for number in range(MOST_ASIDE + 3):
        lane.run(id=f"job-{number}")
    assert lane.worker.consumer.held == MOST_ASIDE
    assert told(lane, "later") == 3
    assert lane.has_result(f"job-{MOST_ASIDE + 2}")


def test_a_message_that_can_not_be_sent_again_comes_back_when_its_lease_ends(make_lane: MakeLane) -> None:
    lane = make_lane(events_queue_url=EVENTS)
    lane.events.down = True
    lane.queue.refused.add("resend")
    lane.run(id="a")
    lane.pass_time(WAIT_SECONDS + 15)
    assert lane.journal.of("release") == []
    lane.events.down = False
    lane.pass_time(lane.config.visibility_seconds + 5)
    assert [event.result.id for event in events(lane)] == ["a"]
    assert lane.queue.messages == {}


def test_after_an_hour_a_row_is_given_up_loudly(make_lane: MakeLane) -> None:
    lane = make_lane(events_queue_url=EVENTS)
    lane.events.down = True
    lane.run(id="a")
    lane.pass_time(GIVEN_UP_SECONDS + 2 * LATER_SECONDS, step=15)
    assert lane.queue.messages == {}
    assert told(lane, "given_up") == 1
    assert told(lane, "later") <= GIVEN_UP_SECONDS / LATER_SECONDS + 1


def test_a_worker_that_leaves_gives_the_message_back(make_lane: MakeLane) -> None:
    lane = make_lane(events_queue_url=EVENTS)
    lane.events.down = True
    lane.run(id="a")
    lane.worker.consumer.drain()
    lane.worker.consumer.leave()
    lane.settle()
    assert lane.worker.consumer.held == 0
    assert lane.is_visible(lane.only_message)


def test_a_table_that_is_there_from_now_on_is_told_of_the_next_result(make_lane: MakeLane) -> None:
    lane = make_lane()
    lane.run(id="before")
    assert lane.live.body is not None
    lane.live.body = lane.live.body.replace(b'"events_queue_url":null', f'"events_queue_url":"{EVENTS}"'.encode())
    lane.pass_time(10)
    lane.run(id="after")
    assert [event.result.id for event in events(lane)] == ["after"]
