"""The lane's queue on SQS."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from laneway.schema.shared.names import MESSAGE_ATTRIBUTE
from laneway_worker.adapters.aws.clients import code_of, translated
from laneway_worker.ports.queue import Delivery, Extension

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_sqs.type_defs import MessageTypeDef

    from laneway_worker.adapters.aws.clients import Clients

BATCH = 10  # SQS: entries of a batch call
MAX_ATTRIBUTES = 10  # SQS
MAX_MESSAGE_BYTES = 1024 * 1024  # SQS: body and attributes together
OWN_ATTRIBUTE_BYTES = 64  # name and type of our attribute
GONE = {
    "ReceiptHandleIsInvalid",
    "AWS.SimpleQueueService.MessageNotInflight",
    "MessageNotInflight",
    "InvalidParameterValue",
}
"""Codes that say: this handle no longer counts (InvalidParameterValue: the handle has expired)."""


class SQSQueue:
    """A standard queue. Semantics: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/."""

    def __init__(self, clients: Clients, url: str, visibility_seconds: int, poll_seconds: int) -> None:
        """Each use has its own client."""
        self._clients = clients
        self._url = url
        self._visibility = visibility_seconds
        self._wait = poll_seconds

    def receive(self, most: int) -> list[Delivery]:
        """Long poll for 1 to 10 messages."""
        with translated("ReceiveMessage"):
            answer = self._clients.poll.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=most,
                VisibilityTimeout=self._visibility,
                WaitTimeSeconds=self._wait,
                MessageAttributeNames=["All"],
                MessageSystemAttributeNames=["All"],
            )
        return [_delivery(message) for message in answer.get("Messages", [])]

    def extend(self, receipts: Sequence[str], seconds: int) -> Extension:
        """Renew leases, ten a call; an entry's id is its index."""
        extended: set[str] = set()
        lost: set[str] = set()
        for start in range(0, len(receipts), BATCH):
            chunk = receipts[start : start + BATCH]
            with translated("ChangeMessageVisibilityBatch"):
                answer = self._clients.heartbeat.change_message_visibility_batch(
                    QueueUrl=self._url,
                    Entries=[
                        {"Id": str(index), "ReceiptHandle": receipt, "VisibilityTimeout": seconds}
                        for index, receipt in enumerate(chunk)
                    ],
                )
            extended |= {chunk[int(entry["Id"])] for entry in answer.get("Successful", [])}
            lost |= {chunk[int(entry["Id"])] for entry in answer.get("Failed", []) if entry["Code"] in GONE}
        return Extension(frozenset(extended), frozenset(lost))

    def release(self, receipt: str) -> None:
        """Visible at once."""
        with translated("ChangeMessageVisibility"):
            try:
                self._clients.acknowledge.change_message_visibility(
                    QueueUrl=self._url, ReceiptHandle=receipt, VisibilityTimeout=0
                )
            except ClientError as error:
                if code_of(error) not in GONE:
                    raise

    def delete(self, receipt: str) -> None:
        """Delete by the newest handle."""
        with translated("DeleteMessage"):
            try:
                self._clients.acknowledge.delete_message(QueueUrl=self._url, ReceiptHandle=receipt)
            except ClientError as error:
                if code_of(error) not in GONE:
                    raise

    def resend(self, delivery: Delivery, history: str, delay: int) -> None:
        """Send the job again as a new message."""
        entry: dict[str, Any] = {
            "QueueUrl": self._url,
            "MessageBody": delivery.body.decode(errors="surrogatepass"),
            "DelaySeconds": delay,
            "MessageAttributes": {
                **_kept(delivery, history),
                MESSAGE_ATTRIBUTE: {"DataType": "String", "StringValue": history},
            },
        }
        if delivery.group_id:
            entry["MessageGroupId"] = delivery.group_id
        if delivery.trace_header:
            entry["MessageSystemAttributes"] = {
                "AWSTraceHeader": {"DataType": "String", "StringValue": delivery.trace_header}
            }
        with translated("SendMessage"):
            self._clients.acknowledge.send_message(**entry)


def _delivery(message: MessageTypeDef) -> Delivery:
    system = message.get("Attributes", {})
    attributes = dict(message.get("MessageAttributes", {}))
    own = attributes.pop(MESSAGE_ATTRIBUTE, None)
    return Delivery(
        message_id=message["MessageId"],
        receipt=message["ReceiptHandle"],
        body=message["Body"].encode(errors="surrogatepass"),
        sent_at=datetime.fromtimestamp(int(system["SentTimestamp"]) / 1000, UTC),
        receive_count=int(system["ApproximateReceiveCount"]),
        history=own.get("StringValue") if own else None,
        attributes={name: _sendable(value) for name, value in attributes.items()},
        group_id=system.get("MessageGroupId"),
        trace_header=system.get("AWSTraceHeader"),
    )


def _kept(delivery: Delivery, history: str) -> dict[str, Any]:
    """As many of the sender's attributes as fit beside ours, in number and in size."""
    left = MAX_MESSAGE_BYTES - len(delivery.body) - len(history.encode()) - OWN_ATTRIBUTE_BYTES
    kept: dict[str, Any] = {}
    for name, value in list(delivery.attributes.items())[: MAX_ATTRIBUTES - 1]:
        size = len(name.encode()) + sum(
            len(part if isinstance(part, bytes) else part.encode()) for part in value.values()
        )
        left -= size
        if left >= 0:
            kept[name] = value
    return kept


def _sendable(value: Any) -> dict[str, Any]:
    """A received attribute in the form in which it can be sent: lists of values are answered, never accepted."""
    return {name: value[name] for name in ("DataType", "StringValue", "BinaryValue") if value.get(name) is not None}
