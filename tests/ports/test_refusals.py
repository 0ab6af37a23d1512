"""What AWS refuses, how it is called, and which refusals will not pass by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from laneway.schema.job.result import Notification
from laneway_worker.adapters.aws.clients import translated
from laneway_worker.adapters.aws.s3 import S3Store
from laneway_worker.adapters.aws.sns import SNSNotifier
from laneway_worker.adapters.aws.sqs import SQSQueue
from laneway_worker.errors import Refused, TargetRefused, Unavailable
from laneway_worker.ports.queue import Delivery
from laneway_worker.testing.clock import ManualClock
from laneway_worker.testing.memory import MemoryQueue
from support.aws.moto import POLL_SECONDS, aws_clients
from support.ollama.stub import Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway_worker.adapters.aws.clients import Clients
    from laneway_worker.ports.queue import JobQueue
    from support.aws.emulators import Aws
    from support.ollama.stub import StubOllama

TOPIC = "arn:aws:sns:eu-central-1:123456789012:results"
NOTIFICATION = Notification(
    id="job-1", status="failed", url="s3://results/results/job-1.json", etag='"0"', pool="a/b", lane="c"
)


QUEUE_CALLS: dict[str, Callable[[JobQueue], object]] = {
    "ReceiveMessage": lambda queue: queue.receive(1),
    "ChangeMessageVisibilityBatch": lambda queue: queue.extend(["receipt"], 60),
    "ChangeMessageVisibility": lambda queue: queue.release("receipt"),
    "DeleteMessage": lambda queue: queue.delete("receipt"),
    "SendMessage": lambda queue: queue.resend(lost_delivery(), "a history", 0),
}


def lost_delivery() -> Delivery:
    return Delivery("message", "receipt", b"{}", ManualClock().now(), 1)


@pytest.fixture(params=["memory", "sqs"])
def unreachable_queue(request: pytest.FixtureRequest) -> JobQueue:
    if request.param == "sqs":
        clients: Clients = request.getfixturevalue("unreachable_aws")
        return SQSQueue(clients, "http://127.0.0.1/123456789012/queue", 60, POLL_SECONDS)
    queue = MemoryQueue(ManualClock(), poll_seconds=0)
    queue.down = True
    return queue


def refusal(stub: StubOllama, status: int, code: str) -> Unavailable:
    stub.on("/results/key.json", Reply((f"<Error><Code>{code}</Code></Error>".encode(),), status))
    with aws_clients(stub.url) as clients, pytest.raises(Unavailable) as caught:
        S3Store(clients.s3).get("results", "key.json", 1)
    return caught.value


@pytest.mark.parametrize(
    ("status", "code", "advice"),
    [
        (403, "AccessDenied", "IAM policy"),
        (404, "NoSuchBucket", "make the bucket"),
        (400, "ExpiredToken", "credentials"),
        (403, "InvalidAccessKeyId", "credentials"),
        (403, "SignatureDoesNotMatch", "credentials"),
        (403, "RequestTimeTooSkewed", "clock"),
        (400, "AuthorizationHeaderMalformed", "region"),
    ],
)
@pytest.mark.usefixtures("_credentials")
def test_what_a_person_has_to_change_is_refused_with_advice(
    stub: StubOllama, status: int, code: str, advice: str
) -> None:
    error = refusal(stub, status, code)
    assert isinstance(error, Refused)
    assert str(error) == f"GetObject was refused: {code}"
    assert advice in error.with_advice


@pytest.mark.parametrize(("status", "code"), [(503, "SlowDown"), (500, "InternalError"), (400, "RequestTimeout")])
@pytest.mark.usefixtures("_credentials")
def test_what_passes_is_no_refusal(stub: StubOllama, status: int, code: str) -> None:
    assert not refusal(stub, status, code).lasting


@pytest.mark.parametrize("status", [301, 302, 307])
@pytest.mark.usefixtures("_credentials")
def test_an_endpoint_that_redirects_is_refused(stub: StubOllama, status: int) -> None:
    elsewhere = Reply(status=status, headers={"Location": "http://127.0.0.1:9/results"})
    stub.on("/results", elsewhere)
    stub.on("/results/key.json", elsewhere)
    with aws_clients(stub.url) as clients, pytest.raises(Refused, match=r"^GetObject was redirected$") as caught:
        S3Store(clients.s3).get("results", "key.json", 1)
    assert "endpoint" in caught.value.with_advice
    assert not isinstance(caught.value, TargetRefused)


MISSING: dict[str, tuple[Callable[[Aws], object], str]] = {
    "ReceiveMessage": (
        lambda aws: SQSQueue(aws.clients, f"{aws.endpoint}/123456789012/no-such-queue", 60, 1).receive(1),
        "correct its URL",
    ),
    "GetObject": (lambda aws: S3Store(aws.clients.s3).get("no-such-bucket", "key.json", 1), "correct its name"),
    "PutObject": (lambda aws: S3Store(aws.clients.s3).put("no-such-bucket", "key.json", b"{}"), "correct its name"),
    "Publish": (
        lambda aws: SNSNotifier(aws.clients.topics).publish(f"{TOPIC}-not-there", NOTIFICATION),
        "make what is missing",
    ),
}


@pytest.mark.parametrize("call", MISSING)
def test_what_is_missing_is_refused(aws: Aws, call: str) -> None:
    ask, advice = MISSING[call]
    with pytest.raises(Refused, match=f"^{call} was refused") as caught:
        ask(aws)
    assert advice in caught.value.with_advice


@pytest.mark.parametrize("call", QUEUE_CALLS)
def test_an_unreachable_queue_is_unavailable(unreachable_queue: JobQueue, call: str) -> None:
    with pytest.raises(Unavailable):
        QUEUE_CALLS[call](unreachable_queue)


@pytest.mark.parametrize("call", QUEUE_CALLS)
def test_a_refusal_names_the_call_and_awss_code(aws: Aws, call: str) -> None:
    queue = SQSQueue(aws.clients, f"{aws.endpoint}/123456789012/missing", 60, POLL_SECONDS)
    with pytest.raises(Unavailable, match=rf"^{call} was refused: .*NonExistentQueue$"):
        QUEUE_CALLS[call](queue)


def test_nobody_listening_is_no_refusal(unreachable_aws: Clients) -> None:
    with pytest.raises(Unavailable) as caught:
        S3Store(unreachable_aws.s3).get("results", "key.json", 1)
    assert not caught.value.lasting
    assert "can be reached" in caught.value.with_advice


@pytest.mark.usefixtures("_credentials")
def test_missing_credentials_are_a_refusal(refused_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with aws_clients(refused_url) as clients, pytest.raises(Refused, match="no credentials"):
        S3Store(clients.s3).get("results", "key.json", 1)


def test_a_role_that_may_not_be_assumed_is_named() -> None:
    denied = ClientError({"Error": {"Code": "AccessDenied"}}, "AssumeRoleWithWebIdentity")
    words = r"^ReceiveMessage was refused: AccessDenied \(AssumeRoleWithWebIdentity\)$"
    with pytest.raises(Refused, match=words), translated("ReceiveMessage"):
        raise denied
