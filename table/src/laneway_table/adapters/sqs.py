"""The events queue in SQS."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from laneway_table.errors import QueueUnavailable
from laneway_table.ports.events import MOST_MESSAGES, Message

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mypy_boto3_sqs import SQSClient

HELD_SECONDS = 60  # longer than a pause and a try; at first it is as long as the queue says
WAIT_SECONDS = 10  # of a long poll; whoever is to leave waits for its end


class SQSEvents:
    """One queue."""

    def __init__(self, client: SQSClient, url: str, wait_seconds: int = WAIT_SECONDS) -> None:
        """Nothing is asked yet."""
        self._client = client
        self._url = url
        self._wait_seconds = wait_seconds

    def receive(self) -> Sequence[Message]:
        """A long poll."""
        with _in_words():
            answer = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=MOST_MESSAGES,
                WaitTimeSeconds=self._wait_seconds,
                MessageSystemAttributeNames=["SentTimestamp"],
            )
        return [
            Message(each["ReceiptHandle"], each["Body"], _moment(each.get("Attributes", {}).get("SentTimestamp")))
            for each in answer.get("Messages", ())
        ]

    def hold(self, receipts: Sequence[str]) -> None:
        """One that is held no longer is received again, and written again, which changes nothing."""
        self._visible_in(receipts, HELD_SECONDS)

    def release(self, receipts: Sequence[str]) -> None:
        """Visible at once."""
        self._visible_in(receipts, 0)

    def delete(self, receipts: Sequence[str]) -> None:
        """In one call; one that fails comes again."""
        if receipts:
            with _in_words():
                entries = [{"Id": str(number), "ReceiptHandle": each} for number, each in enumerate(receipts)]
                self._client.delete_message_batch(QueueUrl=self._url, Entries=entries)  # type: ignore[arg-type] # they have the two fields that a delete needs

    def _visible_in(self, receipts: Sequence[str], seconds: int) -> None:
        if receipts:
            with _in_words():
                self._client.change_message_visibility_batch(
                    QueueUrl=self._url,
                    Entries=[
                        {"Id": str(number), "ReceiptHandle": each, "VisibilityTimeout": seconds}
                        for number, each in enumerate(receipts)
                    ],
                )


def _moment(milliseconds: str | None) -> datetime:
    return datetime.now(UTC) if milliseconds is None else datetime.fromtimestamp(int(milliseconds) / 1000, UTC)


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise QueueUnavailable(f"SQS answers {error.response.get('Error', {}).get('Code', 'an error')}") from error
    except BotoCoreError as error:
        raise QueueUnavailable(f"SQS can't be reached: {type(error).__name__}") from error
