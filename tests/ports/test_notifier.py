from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.result import Notification
from laneway_worker.adapters.aws.sns import SNSNotifier
from laneway_worker.errors import Unavailable
from laneway_worker.testing.memory import MemoryNotifier
from support.aws.emulators import BENCHES
from support.aws.moto import REGION, sns_in
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Mapping

    from laneway_worker.adapters.aws.clients import Clients
    from laneway_worker.ports.replies import Notifier
    from support.aws.emulators import Aws

ALLOWED_FIELDS = {"id", "status", "code", "url", "etag", "pool", "lane", "labels"}

SUCCEEDED = Notification(
    id="invoice-7",
    status="succeeded",
    url="s3://results/ports/results/invoice-7.json",
    etag='"0cc175b9c0f1b6a831c399e269772661"',
    pool="team-a/documents",
    lane="fast",
    labels={"batch": "2026-11"},
)
FAILED = SUCCEEDED.model_copy(update={"id": "invoice-8", "status": "failed", "code": ErrorCode.STALLED})


class MemoryBench:
    topic_arn = "arn:aws:sns:eu-central-1:123456789012:results"

    def __init__(self) -> None:
        self._memory = MemoryNotifier()
        self.notifier: Notifier = self._memory

    def told(self) -> list[Notification]:
        return self._memory.published


class SNSBench:
    def __init__(self, clients: Clients, region: str = REGION) -> None:
        self._clients, self._sns = clients, sns_in(clients, region)
        self.topic_arn = self._sns.create_topic(Name=f"ports-{uuid.uuid4()}")["TopicArn"]
        self.url = self.subscribe()
        self.notifier: Notifier = SNSNotifier(clients.topics)

    def subscribe(self, filter_policy: Mapping[str, Any] | None = None) -> str:
        url = self._clients.acknowledge.create_queue(QueueName=f"ports-{uuid.uuid4()}")["QueueUrl"]
        attributes = self._clients.acknowledge.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        self._sns.subscribe(
            TopicArn=self.topic_arn,
            Protocol="sqs",
            Endpoint=attributes["Attributes"]["QueueArn"],
            Attributes={"FilterPolicy": json.dumps(filter_policy)} if filter_policy else {},
        )
        return url

    def envelopes(self, url: str) -> list[dict[str, Any]]:
        answer = self._clients.acknowledge.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0)
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]

    def told(self) -> list[Notification]:
        return [Notification.model_validate_json(envelope["Message"]) for envelope in self.envelopes(self.url)]


@pytest.fixture
def sns(aws: Aws) -> SNSBench:
    return SNSBench(aws.clients)


@pytest.fixture(params=BENCHES)
def bench(request: pytest.FixtureRequest) -> MemoryBench | SNSBench:
    if request.param == "memory":
        return MemoryBench()
    aws: Aws = request.getfixturevalue(request.param)
    return SNSBench(aws.clients)


@pytest.fixture(params=["memory", "sns"])
def unreachable(request: pytest.FixtureRequest) -> Notifier:
    if request.param == "sns":
        clients: Clients = request.getfixturevalue("unreachable_aws")
        return SNSNotifier(clients.topics)
    memory = MemoryNotifier()
    memory.down = True
    return memory


@pytest.mark.parametrize("notification", [SUCCEEDED, FAILED], ids=["succeeded", "failed"])
def test_subscribers_get_the_notification(bench: MemoryBench | SNSBench, notification: Notification) -> None:
    bench.notifier.publish(bench.topic_arn, notification)
    assert eventually(bench.told) == [notification]


def test_every_notification_is_told(bench: MemoryBench | SNSBench) -> None:
    told: dict[str, Notification] = {}
    for notification in (SUCCEEDED, FAILED):
        bench.notifier.publish(bench.topic_arn, notification)

    def all_told() -> bool:
        told.update({notification.id: notification for notification in bench.told()})
        return len(told) == 2

    assert eventually(all_told)
    assert told == {SUCCEEDED.id: SUCCEEDED, FAILED.id: FAILED}


def test_an_unreachable_topic_is_unavailable(unreachable: Notifier) -> None:
    with pytest.raises(Unavailable):
        unreachable.publish(MemoryBench.topic_arn, SUCCEEDED)


def test_a_missing_topic_is_unavailable_by_awss_code(aws: Aws) -> None:
    with pytest.raises(Unavailable, match=r"^Publish was refused: NotFound"):
        SNSNotifier(aws.clients.topics).publish("arn:aws:sns:eu-central-1:123456789012:no-such-topic", SUCCEEDED)


def test_a_topic_may_be_in_another_region(aws: Aws) -> None:
    bench = SNSBench(aws.clients, "us-west-2")
    bench.notifier.publish(bench.topic_arn, SUCCEEDED)
    assert eventually(bench.told) == [SUCCEEDED]


def test_attributes_tell_status_lane_and_pool(sns: SNSBench) -> None:
    sns.notifier.publish(sns.topic_arn, SUCCEEDED)
    (envelope,) = eventually(lambda: sns.envelopes(sns.url))
    assert {name: each["Value"] for name, each in envelope["MessageAttributes"].items()} == {
        "status": "succeeded",
        "lane": "fast",
        "pool": "team-a/documents",
    }


@pytest.mark.parametrize("notification", [SUCCEEDED, FAILED], ids=["succeeded", "failed"])
def test_the_body_holds_no_text_of_a_job(sns: SNSBench, notification: Notification) -> None:
    sns.notifier.publish(sns.topic_arn, notification)
    (envelope,) = eventually(lambda: sns.envelopes(sns.url))
    assert set(json.loads(envelope["Message"])) <= ALLOWED_FIELDS
    assert "Subject" not in envelope


def test_a_subscriber_can_filter_by_status(sns: SNSBench) -> None:
    failures = sns.subscribe({"status": ["failed"]})
    for notification in (SUCCEEDED, FAILED, SUCCEEDED):
        sns.notifier.publish(sns.topic_arn, notification)
    (envelope,) = eventually(lambda: sns.envelopes(failures))
    assert json.loads(envelope["Message"])["id"] == FAILED.id
