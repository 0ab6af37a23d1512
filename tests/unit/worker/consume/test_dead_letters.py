from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from laneway.schema.job.failed_job import FailedJob
from laneway.schema.job.history import History
from laneway.schema.job.result import Result
from laneway.schema.shared.names import MESSAGE_ATTRIBUTE
from laneway_worker.report.http import Health
from laneway_worker.serving import DeadLetterHandler
from laneway_worker.testing.memory import MemoryEvents, MemoryNotifier, MemoryQueue, MemoryStore
from support.worker.lane import BUCKET, WatchedClock, documents_with

if TYPE_CHECKING:
    from collections.abc import Iterator

LANES = ("fast", "slow")
EVENTS = "memory:events"


class Handler:
    """A dead-letter handler of two lanes and everything around it."""

    def __init__(self) -> None:
        self.clock = WatchedClock()
        self.store = MemoryStore(self.clock)
        self.notifier = MemoryNotifier()
        self.queues = {lane: MemoryQueue(self.clock) for lane in LANES}
        self.events = MemoryEvents()
        lanes = [(documents_with(lane=lane, events_queue_url=EVENTS), self.queues[lane]) for lane in LANES]
        self.handler = DeadLetterHandler(lanes, self.store, self.notifier, self.events, self.clock)
        self.handler.start()
        self.clock.settle()

    def bury(self, body: bytes, lane: str = "fast", history: History | None = None) -> str:
        """Put a message into a dead-letter queue, and let the handler do what it can; returns the MessageId."""
        attributes = (
            {MESSAGE_ATTRIBUTE: {"DataType": "String", "StringValue": history.to_attribute()}} if history else {}
        )
        message_id = self.queues[lane].send(body, attributes)
        self.clock.settle()
        return message_id

    def result(self, job_id: str) -> Result:
        return Result.model_validate_json(self.store.objects[BUCKET, f"documents/results/{job_id}.json"].body)

    def failed(self, job_id: str) -> FailedJob:
        return FailedJob.model_validate_json(self.store.objects[BUCKET, f"documents/failed/{job_id}.json"].body)

    def close(self) -> None:
        self.store.down = False
        for each in self.handler.consumers:
            each.leave()
        for _ in range(20):
            self.clock.advance(60)
            self.clock.settle()
        assert self.clock.idle
        assert self.clock.errors == []


@pytest.fixture
def handler() -> Iterator[Handler]:
    made = Handler()
    yield made
    made.close()


def test_a_dead_letter_gets_its_failed_result_and_is_kept_as_a_failed_job(handler: Handler) -> None:
    handler.bury(b'{"id": "a", "prompt": "Hello", "labels": {"team": "claims"}}', lane="slow")
    result, kept = handler.result("a"), handler.failed("a")
    assert result.error is not None
    assert (result.status, result.error.code.value, result.lane) == ("failed", "poison", "slow")
    assert result.labels == {"team": "claims"}
    assert result.request_hash is not None
    assert (kept.lane, kept.error, kept.body[:10]) == ("slow", result.error, '{"id": "a"')
    assert [(note.id, note.code and note.code.value) for note in handler.notifier.published] == [("a", "poison")]
    assert handler.queues["slow"].messages == {}


@pytest.mark.parametrize("body", [b"not JSON", b"[]", b'{"id": "../x", "prompt": "p"}', b'{"prompt": "p"}', b"\xff"])
def test_what_names_no_id_is_answered_at_its_message_id(handler: Handler, body: bytes) -> None:
    message_id = handler.bury(body)
    assert handler.result(message_id).status == "failed"
    assert handler.queues["fast"].messages == {}


def test_a_job_that_is_stored_elsewhere_is_answered_at_its_own_id(handler: Handler) -> None:
    handler.bury(b'{"id": "large-1", "stored": true}')
    assert handler.failed("large-1").body == '{"id": "large-1", "stored": true}'


def test_the_history_of_the_message_goes_into_the_result(handler: Handler) -> None:
    submitted = handler.clock.now()
    handler.clock.advance(100)
    handler.bury(b'{"prompt": "p"}', history=History(id="first-message", submitted_at=submitted))
    assert handler.result("first-message").timing.submitted_at == submitted


def test_an_answer_that_stands_is_only_announced_again(handler: Handler) -> None:
    handler.bury(b'{"id": "a", "prompt": "p"}')
    record = handler.result("a").model_copy(update={"status": "succeeded", "error": None})
    handler.store.put(BUCKET, "documents/results/a.json", record.to_json())
    del handler.store.objects[BUCKET, "documents/failed/a.json"]
    handler.bury(b'{"id": "a", "prompt": "p"}')
    assert handler.result("a").status == "succeeded"
    assert (BUCKET, "documents/failed/a.json") not in handler.store.objects
    assert [note.status for note in handler.notifier.published] == ["failed", "succeeded"]
    assert handler.queues["fast"].messages == {}


def test_nothing_is_deleted_while_the_result_cannot_be_written(handler: Handler) -> None:
    handler.store.down = True
    handler.bury(b'{"id": "a", "prompt": "p"}')
    handler.clock.advance(30)
    handler.clock.settle()
    assert len(handler.queues["fast"].messages) == 1
    handler.store.down = False
    for _ in range(4):
        handler.clock.advance(15)
        handler.clock.settle()
    assert handler.result("a").status == "failed"
    assert handler.queues["fast"].messages == {}


def test_it_is_ready_at_once_and_tells_of_each_lane(handler: Handler) -> None:
    handler.bury(b'{"id": "a", "prompt": "p"}', lane="slow")
    service = handler.handler
    health = Health(list, service.engine, service.families)
    assert health.page("/readyz")[0].value == 200
    page = health.page("/metrics")[1].decode()
    assert 'laneway_jobs_total{code="poison",lane="slow",pool="default/documents",status="failed"} 1.0' in page
    assert 'laneway_slots{lane="fast",pool="default/documents"} 1.0' in page
