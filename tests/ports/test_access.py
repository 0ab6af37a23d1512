"""Rights that are tried: in memory and on emulators, through one suite; and that nothing comes of the trying."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest
from botocore.stub import Stubber

from laneway_worker.adapters.aws.access import AWSAccess
from laneway_worker.adapters.aws.sqs import SQSQueue
from laneway_worker.errors import Refused, Unavailable
from laneway_worker.ports.access import Verdict
from laneway_worker.testing.access import MemoryAccess
from support.aws.emulators import BENCHES, BUCKET, Rule, follows
from support.aws.moto import POLL_SECONDS, REGION, sns_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway_worker.adapters.aws.clients import Clients
    from laneway_worker.ports.access import Access
    from support.aws.emulators import Aws, Bench

OF_BUCKETS: dict[str, Callable[[Access, str], Verdict]] = {
    "ListObjectsV2": lambda access, bucket: access.list(bucket, "preflight/"),
    "PutObject, If-Match": lambda access, bucket: access.replace(bucket, "preflight/replaced"),
    "PutObject, other digest": lambda access, bucket: access.write(bucket, "preflight/written"),
}
OF_QUEUES: dict[str, Callable[[Access, str], Verdict]] = {
    "GetQueueAttributes": lambda access, url: access.look(url),
    "ReceiveMessage": lambda access, url: access.receive(url),
    "ChangeMessageVisibility": lambda access, url: access.extend(url),
    "DeleteMessage": lambda access, url: access.delete(url),
    "SendMessageBatch": lambda access, url: access.send(url),
}


class World:
    """What there is to be tried."""

    def __init__(self, access: Access, bench: Bench, queue: str, topic: str) -> None:
        self.access, self.bench, self.queue, self.topic = access, bench, queue, topic


@pytest.fixture(params=BENCHES)
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "memory":
        memory = MemoryAccess()
        memory.missing = {"gone", "memory:queue-gone", "memory:topic-gone"}
        return World(memory, "memory", "memory:queue", "memory:topic")
    aws: Aws = request.getfixturevalue(request.param)
    name = f"access-{uuid.uuid4()}"
    queue = aws.clients.acknowledge.create_queue(QueueName=name)["QueueUrl"]
    topic = sns_in(aws.clients).create_topic(Name=name)["TopicArn"]
    return World(AWSAccess(aws.clients), aws.emulator, queue, topic)


@pytest.mark.parametrize("call", OF_BUCKETS)
def test_a_right_to_a_bucket_is_there(world: World, call: str) -> None:
    assert OF_BUCKETS[call](world.access, BUCKET) is Verdict.ALLOWED


@pytest.mark.parametrize("call", OF_BUCKETS)
def test_a_bucket_is_missing(world: World, call: str) -> None:
    assert OF_BUCKETS[call](world.access, "gone") is Verdict.MISSING


def test_an_object_can_be_read_whether_or_not_it_is_there(world: World) -> None:
    assert world.access.read(BUCKET, "preflight/absent") is Verdict.ALLOWED


@pytest.mark.parametrize("call", OF_QUEUES)
def test_a_right_to_a_queue_is_there(world: World, call: str) -> None:
    assert OF_QUEUES[call](world.access, world.queue) is Verdict.ALLOWED


@pytest.mark.parametrize("call", OF_QUEUES)
def test_a_queue_is_missing(world: World, call: str) -> None:
    assert OF_QUEUES[call](world.access, f"{world.queue}-gone") is Verdict.MISSING


def test_a_right_to_publish_is_there(world: World) -> None:
    assert world.access.publish(world.topic) is Verdict.ALLOWED


def test_a_queue_is_as_it_is(world: World) -> None:
    assert world.access.settings(world.queue).retention_seconds > 0


def test_nothing_is_received_and_nothing_is_sent_by_trying(aws: Aws) -> None:
    name = f"access-{uuid.uuid4()}"
    sqs = aws.clients.acknowledge
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="{}")
    access = AWSAccess(aws.clients)
    for ask in OF_QUEUES.values():
        ask(access, url)
    (only,) = SQSQueue(aws.clients, url, 60, POLL_SECONDS).receive(10)
    assert only.receive_count == 1


def test_nobody_is_told_by_trying(aws: Aws) -> None:
    name = f"access-{uuid.uuid4()}"
    sqs, sns = aws.clients.acknowledge, sns_in(aws.clients)
    url, topic = sqs.create_queue(QueueName=name)["QueueUrl"], sns.create_topic(Name=name)["TopicArn"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    AWSAccess(aws.clients).publish(topic)
    assert SQSQueue(aws.clients, url, 60, POLL_SECONDS).receive(1) == []


def test_nothing_is_written_by_trying(aws: Aws) -> None:
    access, folder = AWSAccess(aws.clients), f"access/{uuid.uuid4()}"
    access.replace(BUCKET, f"{folder}/replaced")
    access.write(BUCKET, f"{folder}/written")
    there = aws.clients.s3.list_objects_v2(Bucket=BUCKET, Prefix=folder).get("Contents", [])
    assert len(there) == (0 if follows(aws.emulator, Rule.DIGEST) else 1)


CALLS: dict[str, tuple[str, str, Callable[[Access], Verdict]]] = {
    "ListObjectsV2": ("s3", "list_objects_v2", lambda access: access.list("a", "b/")),
    "HeadObject": ("s3", "head_object", lambda access: access.read("a", "b")),
    "PutObject": ("s3", "put_object", lambda access: access.replace("a", "b")),
    "GetQueueAttributes": ("acknowledge", "get_queue_attributes", lambda access: access.look("https://sqs/1/a")),
    "ReceiveMessage": ("acknowledge", "receive_message", lambda access: access.receive("https://sqs/1/a")),
    "ChangeMessageVisibility": (
        "acknowledge",
        "change_message_visibility",
        lambda access: access.extend("https://sqs/1/a"),
    ),
    "DeleteMessage": ("acknowledge", "delete_message", lambda access: access.delete("https://sqs/1/a")),
    "SendMessageBatch": ("acknowledge", "send_message_batch", lambda access: access.send("https://sqs/1/a")),
    "PublishBatch": ("sns", "publish_batch", lambda access: access.publish(f"arn:aws:sns:{REGION}:1:a")),
}
"""Operation → the client, its method, and how it is tried."""


def answered(clients: Clients, call: str, code: str, status: int = 403) -> Verdict:
    client, method, ask = CALLS[call]
    spoken: Any = sns_in(clients) if client == "sns" else getattr(clients, client)
    with Stubber(spoken) as stubber:
        stubber.add_client_error(method, service_error_code=code, http_status_code=status)
        return ask(AWSAccess(clients))


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException", "AuthorizationError", "403"])
@pytest.mark.parametrize("call", CALLS)
def test_who_may_not_is_told_so(unreachable_aws: Clients, call: str, code: str) -> None:
    assert answered(unreachable_aws, call, code) is Verdict.DENIED


@pytest.mark.parametrize("call", CALLS)
def test_throttling_says_nothing_of_a_right(unreachable_aws: Clients, call: str) -> None:
    with pytest.raises(Unavailable) as caught:
        answered(unreachable_aws, call, "Throttling", 400)
    assert not caught.value.lasting


@pytest.mark.parametrize("call", CALLS)
def test_credentials_that_are_none_say_nothing_of_a_right(unreachable_aws: Clients, call: str) -> None:
    with pytest.raises(Refused):
        answered(unreachable_aws, call, "InvalidClientTokenId")
