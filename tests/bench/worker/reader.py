"""What a reader on a CPU before a lane's queue would add to every job's way (docs/design/0020)."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import boto3

from bench.worker.report import Spread
from laneway.schema.job.job import parse_job
from support.aws.moto import CREDENTIALS, REGION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_sqs import SQSClient

    from bench.worker.emulator import Emulator
    from bench.worker.report import Report

JOB = json.dumps({"prompt": "Say nothing.", "options": {"num_predict": 1}})
POLL_SECONDS = 1
MILLISECONDS = 1000
COLUMNS = ("from sending a message to holding it", "ms")
NOTE = (
    "In turns, one message at a time, both queues polled all the while. The reader receives, parses, sends on and "
    "deletes; its calls are the emulator's on the same cores, without a network between."
)


def measure(emulator: Emulator, report: Report, repeats: int) -> None:
    """`repeats` messages each way."""
    door, lane = emulator.queue(), emulator.queue()
    straight, read = [], []
    worker = _another(emulator)
    with _reading(emulator, door, lane):
        for _ in range(repeats):
            straight.append(_seconds(emulator.sqs, lane, worker, lane))
            read.append(_seconds(emulator.sqs, door, worker, lane))
    added = [through - direct for through, direct in zip(read, straight, strict=True)]
    rows = [("straight", straight), ("through a reader", read), ("the reader adds", added)]
    shown = [[name, Spread([each * MILLISECONDS for each in seconds]).show_tail()] for name, seconds in rows]
    report.table(f"A reader before the lane ({emulator.name})", COLUMNS, shown, NOTE)


def _seconds(sender: SQSClient, to: str, worker: SQSClient, lane: str) -> float:
    """From the call that sends to the return of a receive that was opened beside it."""
    held: list[float] = []
    waiting = threading.Thread(target=lambda: held.append(_hold(worker, lane)))
    waiting.start()
    began = time.monotonic()
    sender.send_message(QueueUrl=to, MessageBody=JOB)
    waiting.join()
    return held[0] - began


def _hold(sqs: SQSClient, queue: str) -> float:
    while True:
        for _, handle in _receive(sqs, queue):
            held = time.monotonic()
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=handle)
            return held


def _receive(sqs: SQSClient, queue: str) -> list[tuple[str, str]]:
    found = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=POLL_SECONDS).get("Messages", [])
    return [(each["Body"], each["ReceiptHandle"]) for each in found]


def _another(emulator: Emulator) -> SQSClient:
    return boto3.client(
        "sqs",
        region_name=REGION,
        endpoint_url=emulator.endpoint,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )


@contextmanager
def _reading(emulator: Emulator, door: str, lane: str) -> Iterator[None]:
    ended = threading.Event()

    def read() -> None:
        sqs = _another(emulator)
        while not ended.is_set():
            for body, handle in _receive(sqs, door):
                parse_job(body.encode())
                sqs.send_message(QueueUrl=lane, MessageBody=body)
                sqs.delete_message(QueueUrl=door, ReceiptHandle=handle)

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
