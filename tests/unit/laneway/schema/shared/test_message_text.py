"""What SQS and SNS carry: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.history import MAX_ATTRIBUTE_BYTES, Failure, History, read_history
from laneway.schema.job.job import Job, parse_job
from laneway.schema.job.result import Notification
from laneway.schema.shared.message_text import message_text

REFUSED = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
ANY = "".join(map(chr, [*range(0x20), 0x7F, 0x9F, 0x2028, 0xFDD0, 0xFFFD, 0xFFFE, 0xFFFF, 0x1FFFE, 0x10FFFF]))


def told(message: str) -> History:
    failure = Failure(attempt=1, code=ErrorCode.TIMED_OUT, message=message, worker="w-1", at=AT)
    return History(id="a", submitted_at=AT, failures=(failure,))


def test_a_body_holds_what_sqs_carries_whatever_its_texts_hold() -> None:
    body = Job(prompt=ANY, labels={"team\uffff": "claims\ufffe"}).to_body()
    assert not REFUSED.search(body.decode())
    assert parse_job(body).prompt == ANY


def test_a_history_holds_what_sqs_carries_within_its_bytes() -> None:
    text = told(ANY).to_attribute()
    assert not REFUSED.search(text)
    assert read_history(text, "other", AT) == told(ANY)
    history = told("\uffff" * 300)
    many = history.model_copy(update={"failures": history.failures * 8})
    assert len(many.to_attribute().encode()) <= MAX_ATTRIBUTE_BYTES


def test_a_notification_holds_what_sns_hands_on_to_sqs() -> None:
    told_of = Notification(
        id="a", status="succeeded", url="s3://b/a.json", etag='"0"', pool="a/b", lane="c", labels={"team": ANY}
    )
    assert not REFUSED.search(told_of.to_message())
    assert Notification.model_validate_json(told_of.to_message()) == told_of


@pytest.mark.parametrize("text", ['{"prompt":"a\\\\\uffff"}', '{"\ufffe":1}', "{}"])
def test_the_same_document_is_read_from_it(text: str) -> None:
    assert json.loads(message_text(text)) == json.loads(text)
