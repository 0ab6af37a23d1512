"""Applications that know SQS and nothing of Laneway: boto3 with what `laneway up` prints."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

from laneway.schema.job.result import Notification
from support.inputs.pool_files import BUCKET, CANARY, short
from support.waiting import eventually

if TYPE_CHECKING:
    from mypy_boto3_sqs.type_defs import MessageAttributeValueTypeDef

    from laneway import Result
    from support.local.pool import LocalPool

WAIT_SECONDS = 180.0


def sent(shared: LocalPool, body: str, attributes: dict[str, MessageAttributeValueTypeDef] | None = None) -> str:
    answer = shared.aws.sqs.send_message(
        QueueUrl=shared.pool.lane("slow").queue.url, MessageBody=body, MessageAttributes=attributes or {}
    )
    return answer["MessageId"]


def result_of(shared: LocalPool, job_id: str) -> Result:
    return shared.pool.wait(job_id, timeout=WAIT_SECONDS)


def test_a_job_without_an_id_has_its_result_at_the_message_id(shared: LocalPool) -> None:
    message_id = sent(shared, json.dumps(short(CANARY)))
    result = result_of(shared, message_id)
    assert result.status == "succeeded"
    assert result.id == message_id
    assert shared.aws.object(BUCKET, f"e2e/results/{message_id}.json")["text"] == result.text


def test_a_job_with_an_id_has_its_result_there(shared: LocalPool) -> None:
    job_id = f"raw-{uuid.uuid4().hex}"
    sent(shared, json.dumps(short(id=job_id)))
    assert result_of(shared, job_id).status == "succeeded"


def test_what_is_not_json_has_its_failed_result_at_the_message_id(shared: LocalPool) -> None:
    result = result_of(shared, sent(shared, f"Summarise: {CANARY}"))
    assert result.status == "failed"
    assert result.error is not None
    assert result.error.code == "invalid_job"
    assert "not JSON" in result.error.message
    assert CANARY not in result.to_json().decode()


def test_a_wrong_field_is_named_in_the_result_and_its_value_is_not(shared: LocalPool) -> None:
    job_id = f"raw-{uuid.uuid4().hex}"
    sent(shared, json.dumps(short(id=job_id, temperature=CANARY)))
    result = result_of(shared, job_id)
    assert result.error is not None
    assert "temperature" in result.error.message
    assert CANARY not in result.error.message


def test_an_envelope_of_sns_is_told_as_such(shared: LocalPool) -> None:
    envelope = {"Type": "Notification", "TopicArn": "arn:aws:sns:us-east-1:123456789012:t", "Message": "{}"}
    result = result_of(shared, sent(shared, json.dumps(envelope)))
    assert result.error is not None
    assert result.error.code == "envelope"
    assert "raw message delivery" in result.error.fix


def test_a_pointer_to_nothing_is_told_as_such(shared: LocalPool) -> None:
    job_id = f"raw-{uuid.uuid4().hex}"
    sent(shared, json.dumps({"id": job_id, "stored": True}))
    result = result_of(shared, job_id)
    assert result.error is not None
    assert result.error.code == "stored_job_missing"


def test_attributes_of_the_sender_do_no_harm(shared: LocalPool) -> None:
    attributes: dict[str, MessageAttributeValueTypeDef] = {
        f"own.{number}": {"DataType": "String", "StringValue": str(number)} for number in range(8)
    }
    attributes["data"] = {"DataType": "Binary", "BinaryValue": b"\x00\xff"}
    assert result_of(shared, sent(shared, json.dumps(short()), attributes)).status == "succeeded"


def test_a_forged_history_harms_nobody(shared: LocalPool) -> None:
    forged: dict[str, MessageAttributeValueTypeDef] = {"laneway": {"DataType": "String", "StringValue": "{nonsense"}}
    assert result_of(shared, sent(shared, json.dumps(short()), forged)).status == "succeeded"


def test_subscribers_are_told_and_get_no_text(shared: LocalPool) -> None:
    aws = shared.aws
    queue = aws.sqs.create_queue(QueueName=f"told-{uuid.uuid4().hex}")["QueueUrl"]
    arn = aws.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    subscription = aws.sns.subscribe(TopicArn=shared.topic, Protocol="sqs", Endpoint=arn, ReturnSubscriptionArn=True)
    result = result_of(shared, sent(shared, json.dumps(short(CANARY, labels={"team": "claims"}))))
    message = eventually(lambda: _message_about(shared, queue, result.id))
    aws.sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
    note = Notification.model_validate_json(message)
    assert note.status == "succeeded"
    assert note.url == f"s3://{BUCKET}/e2e/results/{result.id}.json"
    assert note.labels == {"team": "claims"}
    assert CANARY not in message
    assert result.text is not None
    assert result.text not in message


def _message_about(shared: LocalPool, queue: str, job_id: str) -> str:
    received = shared.aws.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    told = [str(json.loads(each["Body"])["Message"]) for each in received]
    return next((each for each in told if job_id in each), "")
