from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from laneway.schema.job.event import ResultEvent
from laneway.schema.job.result import Result, ServedModel, Timing
from laneway_worker.adapters.aws.events import SQSEvents
from laneway_worker.errors import TargetRefused, Unavailable
from laneway_worker.testing.memory import MemoryEvents
from support.aws.emulators import BENCHES
from support.waiting import eventually

if TYPE_CHECKING:
    from laneway_worker.adapters.aws.clients import Clients
    from laneway_worker.ports.replies import Events
    from support.aws.emulators import Aws

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
MISSING = "http://127.0.0.1:1/111122223333/no-such-queue"


def event(**fields: object) -> ResultEvent:
    timing = Timing(submitted_at=AT, received_at=AT, finished_at=AT, queued_seconds=0, run_seconds=0)
    told = Result(id="a", status="succeeded", model=ServedModel(name="m"), timing=timing, pool="n/p", lane="fast")
    return ResultEvent.of(told.model_copy(update=fields), '"e"', "s3://b/results/a.json", output=True)


class MemoryBench:
    url = MISSING

    def __init__(self) -> None:
        self._memory = MemoryEvents()
        self.events: Events = self._memory

    def told(self) -> list[ResultEvent]:
        return [ResultEvent.model_validate_json(message) for _, message in self._memory.sent]


class SQSBench:
    def __init__(self, clients: Clients) -> None:
        self._sqs = clients.acknowledge
        self.url = self._sqs.create_queue(QueueName=f"events-{uuid.uuid4()}")["QueueUrl"]
        self.events: Events = SQSEvents(clients)

    def told(self) -> list[ResultEvent]:
        answer = self._sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10, WaitTimeSeconds=0)
        return [ResultEvent.model_validate_json(each["Body"]) for each in answer.get("Messages", [])]


@pytest.fixture(params=BENCHES)
def bench(request: pytest.FixtureRequest) -> MemoryBench | SQSBench:
    if request.param == "memory":
        return MemoryBench()
    aws: Aws = request.getfixturevalue(request.param)
    return SQSBench(aws.clients)


@pytest.fixture(params=["memory", "sqs"])
def unreachable(request: pytest.FixtureRequest) -> Events:
    if request.param == "sqs":
        clients: Clients = request.getfixturevalue("unreachable_aws")
        return SQSEvents(clients)
    memory = MemoryEvents()
    memory.down = True
    return memory


def test_whoever_reads_the_queue_gets_the_event(bench: MemoryBench | SQSBench) -> None:
    bench.events.send(bench.url, event(revision=2, labels={"team": "claims \ufffe"}))
    assert eventually(bench.told) == [event(revision=2, labels={"team": "claims \ufffe"})]


def test_the_largest_event_is_taken(bench: MemoryBench | SQSBench) -> None:
    bench.events.send(bench.url, event(text="é" * 100_000))
    assert eventually(bench.told) == [event(text="é" * 100_000)]


def test_a_queue_that_does_not_answer_is_unavailable(unreachable: Events) -> None:
    with pytest.raises(Unavailable):
        unreachable.send(MISSING, event())


def test_a_missing_queue_is_refused_with_what_to_do(aws: Aws) -> None:
    there = SQSBench(aws.clients).url
    with pytest.raises(TargetRefused, match=r"^SendMessage was refused: .*(NonExistentQueue|QueueDoesNotExist)"):
        SQSEvents(aws.clients).send(there + "-not", event())
