"""What the calls of a job cost when plain boto3 makes them, and what else a job costs apart from its calls."""

from __future__ import annotations

import threading
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.worker.emulator import BUCKET
from bench.worker.report import Spread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.worker.emulator import Emulator
    from bench.worker.report import Report

BODY = b"x" * 900  # about a small result
HEARTBEAT = 10  # messages in one call
COLUMNS = ("", "ms", "CPU of the caller, ms")
NOTE = (
    "One after the other, the emulator on the same cores. A heartbeat is one call for ten messages, three times a "
    "visibility: at 60 s and jobs of 5 s that is 0.025 calls a job."
)
MILLISECONDS = 1000


@dataclass
class Timings:
    """Seconds of each thing that was done."""

    wall: dict[str, list[float]] = field(default_factory=dict)
    cpu: dict[str, list[float]] = field(default_factory=dict)

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """Time what happens inside."""
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self.cpu.setdefault(name, []).append(time.process_time() - cpu)
        self.wall.setdefault(name, []).append(time.perf_counter() - wall)


def measure(emulator: Emulator, report: Report, repeats: int) -> None:
    """All calls, `repeats` times."""
    timings = Timings()
    queue, topic = emulator.queue(), emulator.topic()
    for _ in range(repeats):
        _job(emulator, queue, topic, timings)
        _threads(timings)
    _heartbeats(emulator, timings, repeats)
    rows = [
        [name, _milliseconds(seconds).show_tail(), _milliseconds(timings.cpu[name]).show_tail(2)]
        for name, seconds in timings.wall.items()
    ]
    report.table(f"Bare boto3 calls ({emulator.name})", COLUMNS, rows, NOTE)


def _job(emulator: Emulator, queue: str, topic: str, timings: Timings) -> None:
    key = f"bare/{uuid.uuid4()}"
    with timings.of("SendMessage"):
        emulator.sqs.send_message(QueueUrl=queue, MessageBody=key)
    with timings.of("ReceiveMessage"):
        (message,) = emulator.sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1)["Messages"]
    with timings.of("PutObject"):
        emulator.s3.put_object(Bucket=BUCKET, Key=key, Body=BODY, IfNoneMatch="*")
    with timings.of("HeadObject"):
        emulator.s3.head_object(Bucket=BUCKET, Key=key)
    with timings.of("GetObject"):
        emulator.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    with timings.of("Publish"):
        emulator.sns.publish(TopicArn=topic, Message=key)
    with timings.of("DeleteMessage"):
        emulator.sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])


def _heartbeats(emulator: Emulator, timings: Timings, repeats: int) -> None:
    queue = emulator.queue()
    emulator.fill(queue, map(str, range(HEARTBEAT)))
    messages = emulator.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=HEARTBEAT)["Messages"]
    receipts = [message["ReceiptHandle"] for message in messages]
    for _ in range(repeats):
        with timings.of("ChangeMessageVisibilityBatch of ten"):
            emulator.sqs.change_message_visibility_batch(
                QueueUrl=queue,
                Entries=[
                    {"Id": str(index), "ReceiptHandle": receipt, "VisibilityTimeout": 60}
                    for index, receipt in enumerate(receipts)
                ],
            )


def _threads(timings: Timings) -> None:
    with timings.of("no call: start and end of two threads"):
        threads = [threading.Thread(target=time.monotonic) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def _milliseconds(values: list[float]) -> Spread:
    return Spread([each * MILLISECONDS for each in values])
