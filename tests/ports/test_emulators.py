"""Where an emulator does otherwise than AWS's API reference, beside what the ports' own suites find."""

from __future__ import annotations

import json
import re
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psutil
import pytest
from botocore.exceptions import ClientError

from support.aws.emulators import BENCHES, BUCKET, INSTEAD, PAGE, Rule, follows, page
from support.aws.queues import MemoryBench, QueueBench, SQSBench
from support.waiting import eventually, in_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_sqs.type_defs import MessageAttributeValueTypeDef

    from support.aws.emulators import Aws

NOISE = 40
MIB = 1024 * 1024
WRITERS = 16
LEGACY = "AWS.SimpleQueueService."
"""Before some of SQS's codes."""
NOBODY = ("nobody", "a wrong key")
NO_ETAG = '"00000000000000000000000000000000"'


def new_queue(aws: Aws) -> str:
    return aws.clients.acknowledge.create_queue(QueueName=f"rules-{uuid.uuid4()}")["QueueUrl"]


def arn_of(aws: Aws, url: str) -> str:
    found = aws.clients.acknowledge.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return str(found["Attributes"]["QueueArn"])


def sending(**options: Any) -> Callable[[Aws], object]:
    def send(aws: Aws) -> object:
        return aws.clients.acknowledge.send_message(**{"QueueUrl": new_queue(aws), "MessageBody": "{}", **options})

    return send


def leased(aws: Aws) -> tuple[str, str]:
    """The URL of a queue, and the handle of a message that was received from it."""
    sqs, url = aws.clients.acknowledge, new_queue(aws)
    sqs.send_message(QueueUrl=url, MessageBody="{}")
    (message,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"]
    return url, message["ReceiptHandle"]


def extending(*ids: str) -> Callable[[Aws], object]:
    def extend(aws: Aws) -> object:
        url, receipt = leased(aws)
        return aws.clients.acknowledge.change_message_visibility_batch(
            QueueUrl=url, Entries=[{"Id": each, "ReceiptHandle": receipt, "VisibilityTimeout": 60} for each in ids]
        )

    return extend


def extend_too_long(aws: Aws) -> object:
    url, receipt = leased(aws)
    return aws.clients.acknowledge.change_message_visibility(
        QueueUrl=url, ReceiptHandle=receipt, VisibilityTimeout=43_201
    )


def text(value: str) -> MessageAttributeValueTypeDef:
    return {"DataType": "String", "StringValue": value}


REFUSED: dict[Rule, tuple[Callable[[Aws], object], str]] = {
    Rule.LONGEST_LEASE: (extend_too_long, "InvalidParameterValue"),
    Rule.BATCH_SIZE: (extending(*map(str, range(11))), "TooManyEntriesInBatchRequest"),
    Rule.BATCH_IDS: (extending("0", "0"), "BatchEntryIdsNotDistinct"),
    Rule.LONGEST_DELAY: (sending(DelaySeconds=901), "InvalidParameterValue"),
    Rule.EMPTY_BODY: (sending(MessageBody=""), "MissingParameter"),
    Rule.CHARACTERS: (sending(MessageBody="a\x00b"), "InvalidMessageContents"),
    Rule.WHOLE_SIZE: (
        sending(MessageBody="x" * (MIB - 8), MessageAttributes={"a": text("b" * 8)}),
        "InvalidParameterValue",
    ),
    Rule.MOST_ATTRIBUTES: (
        sending(MessageAttributes={f"a{number}": text("b") for number in range(11)}),
        "InvalidParameterValue",
    ),
    Rule.GROUP_LENGTH: (sending(MessageGroupId="g" * 129), "InvalidParameterValue"),
    Rule.KEY_LENGTH: (lambda aws: aws.clients.s3.put_object(Bucket=BUCKET, Key="k" * 1025), "KeyTooLongError"),
    Rule.CREDENTIALS: (lambda aws: aws.client("s3", NOBODY).list_objects_v2(Bucket=BUCKET), "InvalidAccessKeyId"),
}


@pytest.mark.parametrize("rule", REFUSED, ids=lambda rule: rule.name)
def test_what_aws_refuses_is_refused_or_taken(aws: Aws, rule: Rule) -> None:
    ask, code = REFUSED[rule]
    if not follows(aws.emulator, rule):
        assert ask(aws)
        return
    with pytest.raises(ClientError) as caught:
        ask(aws)
    assert caught.value.response["Error"]["Code"].removeprefix(LEGACY) == code


@pytest.mark.parametrize("size", [MIB, MIB + 1])
def test_a_body_of_one_mebibyte_is_the_largest(aws: Aws, size: int) -> None:
    send = sending(MessageBody="x" * size)
    if size <= MIB:
        assert send(aws)
        return
    with pytest.raises(ClientError, match="InvalidParameterValue"):
        send(aws)


@pytest.fixture(params=BENCHES)
def queue(request: pytest.FixtureRequest) -> QueueBench:
    if request.param == "memory":
        return MemoryBench(visibility_seconds=60)
    return SQSBench(request.getfixturevalue(request.param), visibility_seconds=60)


def test_a_waiting_group_comes_before_a_noisy_one(queue: QueueBench) -> None:
    for _ in range(NOISE + 5):
        queue.send(b'"noisy"', group_id="noisy")
    in_flight = 0
    while in_flight < NOISE:
        in_flight += len(queue.receive(10))
    queue.send(b'"quiet"', group_id="quiet")
    (first,) = queue.receive(1)
    assert (first.body == b'"quiet"') is follows(queue.bench, Rule.FAIR)


def dead_letter(aws: Aws) -> tuple[str, str, dict[str, Any], str]:
    """A message that was received too often: its queue, its dead-letter queue, itself, the id that it was sent with."""
    sqs, source, dead = aws.clients.acknowledge, new_queue(aws), new_queue(aws)
    redrive = {"deadLetterTargetArn": arn_of(aws, dead), "maxReceiveCount": "1"}
    sqs.set_queue_attributes(QueueUrl=source, Attributes={"RedrivePolicy": json.dumps(redrive)})
    sent = sqs.send_message(
        QueueUrl=source, MessageBody="{}", MessageGroupId="team-a", MessageAttributes={"laneway": text("a history")}
    )

    def arrived() -> list[Any]:
        sqs.receive_message(QueueUrl=source, VisibilityTimeout=0)
        return sqs.receive_message(
            QueueUrl=dead, VisibilityTimeout=0, MessageSystemAttributeNames=["All"], MessageAttributeNames=["All"]
        ).get("Messages", [])

    (message,) = eventually(arrived)
    return source, dead, message, sent["MessageId"]


def test_a_dead_letter_is_the_message_that_was_sent(aws: Aws) -> None:
    _, _, message, sent = dead_letter(aws)
    assert (message["MessageId"], message["Body"]) == (sent, "{}")
    assert message["MessageAttributes"]["laneway"]["StringValue"] == "a history"
    assert message["Attributes"]["MessageGroupId"] == "team-a"


def test_a_dead_letter_tells_its_source(aws: Aws) -> None:
    source, _, message, _ = dead_letter(aws)
    told = message["Attributes"].get("DeadLetterQueueSourceArn")
    assert (told == arn_of(aws, source)) is follows(aws.emulator, Rule.DEAD_LETTER_SOURCE)


def test_dead_letters_can_be_moved_back(aws: Aws) -> None:
    source, dead, _, sent = dead_letter(aws)
    sqs, arn = aws.clients.acknowledge, arn_of(aws, dead)
    if not follows(aws.emulator, Rule.MOVE_TASK):
        with pytest.raises(ClientError, match="500"):
            sqs.start_message_move_task(SourceArn=arn)
        return
    sqs.start_message_move_task(SourceArn=arn)
    (message,) = eventually(lambda: sqs.receive_message(QueueUrl=source).get("Messages", []))
    assert message["MessageId"] == sent


def conditional_put(aws: Aws, key: str, bucket: str = BUCKET, **condition: Any) -> str:
    """Its ETag, or the error's code."""
    try:
        return aws.clients.s3.put_object(Bucket=bucket, Key=key, Body=b"{}", **condition)["ETag"]
    except ClientError as error:
        return str(error.response["Error"]["Code"])


@pytest.mark.parametrize("condition", ["IfNoneMatch", "IfMatch"])
def test_conditional_writes_at_once_answer_412_alone(aws: Aws, condition: str) -> None:
    key = f"rules/{uuid.uuid4()}"
    value = "*" if condition == "IfNoneMatch" else conditional_put(aws, key)
    races = [in_thread(lambda: conditional_put(aws, key, **{condition: value})) for _ in range(WRITERS)]
    answers = {race.result(timeout=60) for race in races}
    assert ("ConditionalRequestConflict" in answers) is follows(aws.emulator, Rule.CONFLICT)


def forcing(bucket: str) -> str:
    """A policy that refuses every write without `If-None-Match`."""
    denied = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": {"Null": {"s3:if-none-match": "true"}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [denied]})


def test_a_bucket_can_force_conditional_writes(aws: Aws) -> None:
    bucket, s3 = f"rules-{uuid.uuid4()}", aws.clients.s3
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    s3.put_bucket_policy(Bucket=bucket, Policy=forcing(bucket))
    answers = [conditional_put(aws, "a", bucket), conditional_put(aws, "b", bucket, IfNoneMatch="*")]
    accepted = [answer.startswith('"') for answer in answers]
    assert accepted == {"moto": [False, False], "localstack": [True, True]}[aws.emulator]
    assert (accepted == [False, True]) is follows(aws.emulator, Rule.FORCED)


def test_an_object_is_deleted_by_its_etag_alone(aws: Aws) -> None:
    key, s3 = f"rules/{uuid.uuid4()}", aws.clients.s3
    etag = conditional_put(aws, key)
    answered = []
    for value in (NO_ETAG, etag):
        try:
            s3.delete_object(Bucket=BUCKET, Key=key, IfMatch=value)
            answered.append("deleted")
        except ClientError as error:
            answered.append(error.response["Error"]["Code"])
    there = s3.list_objects_v2(Bucket=BUCKET, Prefix=key)["KeyCount"]
    if follows(aws.emulator, Rule.DELETE_IF_MATCH):
        assert (answered, there) == (["PreconditionFailed", "deleted"], 0)
    else:
        assert (answered, there) == (["NotImplemented", "NotImplemented"], 1)


def test_an_emulator_listens_on_loopback_alone(aws: Aws) -> None:
    port = urlsplit(aws.endpoint).port
    sockets = [each for child in psutil.Process().children() for each in child.net_connections("tcp")]
    listening = {each.laddr.ip for each in sockets if each.status == psutil.CONN_LISTEN and each.laddr.port == port}
    assert listening == {"127.0.0.1"}


def test_every_rule_has_a_test() -> None:
    suites = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    assert set(re.findall(r"\bRule\.([A-Z_]+)", suites)) == {rule.name for rule in Rule}
    assert set(INSTEAD) == set(Rule)


def test_the_page_tells_what_the_tests_hold() -> None:
    assert PAGE.read_text() == page(), "write it anew: PYTHONPATH=tests python -m support.aws.emulators"
