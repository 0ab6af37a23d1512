"""What a message takes through embedded AWS when plain boto3 sends and receives it: AWS has other times."""

from __future__ import annotations

import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

POLL_SECONDS = 20
MILLISECONDS = 1000
MOST = 10  # messages that one answer of SQS has


class BareQueue:
    """A queue of its own, of which nobody else knows."""

    def __init__(self, sqs: SQSClient) -> None:
        """It is made in the emulator that the pool uses."""
        self._sqs = sqs
        self._url = sqs.create_queue(QueueName=f"bare-{uuid.uuid4().hex}")["QueueUrl"]

    def pass_through(self, together: int) -> list[float]:
        """Milliseconds from the call that sends a message until an open long poll has brought it."""
        polling = threading.Event()
        with ThreadPoolExecutor(together + 1) as pool:
            received = pool.submit(self._receive, together, polling)
            polling.wait()
            sent = dict(pool.map(self._send, map(str, range(together))))
            return [(at - sent[body]) * MILLISECONDS for body, at in received.result().items()]

    def _send(self, body: str) -> tuple[str, float]:
        at = time.perf_counter()
        self._sqs.send_message(QueueUrl=self._url, MessageBody=body)
        return body, at

    def _receive(self, number: int, polling: threading.Event) -> dict[str, float]:
        found: dict[str, float] = {}
        polling.set()
        while len(found) < number:
            answer = self._sqs.receive_message(
                QueueUrl=self._url, WaitTimeSeconds=POLL_SECONDS, MaxNumberOfMessages=MOST
            )
            for message in answer.get("Messages", []):
                found[message["Body"]] = time.perf_counter()
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])
        return found
