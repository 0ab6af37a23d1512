"""Which of AWS's refusals will not pass by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from laneway_worker.adapters.aws import translated
from laneway_worker.adapters.s3 import S3Store
from laneway_worker.adapters.sqs import SQSQueue
from laneway_worker.errors import Refused, Unavailable
from support.moto_server import aws_clients
from support.stub_ollama import Reply

if TYPE_CHECKING:
    from laneway_worker.adapters.aws import Clients
    from support.stub_ollama import StubOllama


def refusal(stub: StubOllama, status: int, code: str) -> Unavailable:
    stub.on("/results/key.json", Reply((f"<Error><Code>{code}</Code></Error>".encode(),), status))
    with aws_clients(stub.url) as clients, pytest.raises(Unavailable) as caught:
        S3Store(clients.s3).get("results", "key.json")
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


def test_a_missing_queue_is_refused(aws: Clients) -> None:
    url = f"{aws.poll.meta.endpoint_url}/123456789012/no-such-queue"
    with pytest.raises(Refused) as caught:
        SQSQueue(aws, url, 60, 1).receive(1)
    assert "correct its URL" in caught.value.with_advice


def test_nobody_listening_is_no_refusal(unreachable_aws: Clients) -> None:
    with pytest.raises(Unavailable) as caught:
        S3Store(unreachable_aws.s3).get("results", "key.json")
    assert not caught.value.lasting
    assert "can be reached" in caught.value.with_advice


@pytest.mark.usefixtures("_credentials")
def test_missing_credentials_are_a_refusal(refused_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with aws_clients(refused_url) as clients, pytest.raises(Refused, match="no credentials"):
        S3Store(clients.s3).get("results", "key.json")


def test_a_role_that_may_not_be_assumed_is_named() -> None:
    denied = ClientError({"Error": {"Code": "AccessDenied"}}, "AssumeRoleWithWebIdentity")
    words = r"^ReceiveMessage was refused: AccessDenied \(AssumeRoleWithWebIdentity\)$"
    with pytest.raises(Refused, match=words), translated("ReceiveMessage"):
        raise denied
