"""The AWS emulator that everything is measured against, and what the same bare calls cost on it."""

from __future__ import annotations

import sys
import threading
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
import psutil
from botocore.config import Config

from laneway.local.aws.keys import KEYS_FILE, Keys
from laneway.local.state import write_privately
from support.aws.localstack import VERSION, localstack_server
from support.aws.moto import CREDENTIALS, REGION, aws_credentials
from support.processes import free_port, server

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType

BUCKET = "bench"
KEY, SECRET = CREDENTIALS["AWS_ACCESS_KEY_ID"], CREDENTIALS["AWS_SECRET_ACCESS_KEY"]
BATCH = 10  # SQS
LOOK_SECONDS = 0.1
COUNTS: tuple[QueueAttributeNameType, ...] = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


@dataclass(frozen=True)
class Emulator:
    """A running, empty AWS."""

    name: str
    endpoint: str
    pid: int
    sqs: SQSClient
    s3: S3Client
    sns: SNSClient

    def cpu_seconds(self) -> float:
        """User and system time of its process."""
        times = psutil.Process(self.pid).cpu_times()
        return times.user + times.system

    def queue(self, visibility_seconds: int = 60) -> str:
        """The URL of a new queue."""
        attributes: dict[QueueAttributeNameType, str] = {"VisibilityTimeout": str(visibility_seconds)}
        return self.sqs.create_queue(QueueName=f"bench-{uuid.uuid4()}", Attributes=attributes)["QueueUrl"]

    def topic(self) -> str:
        """The ARN of a new topic."""
        return self.sns.create_topic(Name=f"bench-{uuid.uuid4()}")["TopicArn"]

    def fill(self, queue: str, bodies: Iterable[str]) -> None:
        """Send messages, ten a call."""
        waiting = list(bodies)
        for start in range(0, len(waiting), BATCH):
            batch = waiting[start : start + BATCH]
            self.sqs.send_message_batch(
                QueueUrl=queue, Entries=[{"Id": str(index), "MessageBody": body} for index, body in enumerate(batch)]
            )

    def held(self, queue: str) -> int:
        """How many messages a queue holds, whoever has them."""
        attributes = self.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=COUNTS)["Attributes"]
        return sum(int(attributes[name]) for name in COUNTS)

    def wait_until_empty(self, queue: str, seconds: float) -> None:
        """Until every message is deleted; asked seldom, since asking costs the emulator as much as a job's call."""
        deadline, pause = time.monotonic() + seconds, threading.Event()
        while self.held(queue) > 0:
            assert time.monotonic() < deadline, f"{queue} still holds messages after {seconds} s"
            pause.wait(LOOK_SECONDS)


@contextmanager
def emulator(name: str, folder: Path) -> Iterator[Emulator]:
    """A fresh AWS by `localstack` or by `moto`, the latter as `laneway up` embeds it."""
    start = {"localstack": localstack_server, "moto": _embedded}[name]
    with aws_credentials(), start(folder) as endpoint:
        yield _connected(name, endpoint)


def _connected(name: str, endpoint: str) -> Emulator:
    session = boto3.Session(region_name=REGION)
    config = Config(retries={"mode": "standard"}, s3={"addressing_style": "path"}, proxies={})
    made = Emulator(
        f"LocalStack {VERSION}" if name == "localstack" else "moto, as `laneway up` embeds it",
        endpoint,
        _listener(int(endpoint.rpartition(":")[2])),
        session.client("sqs", endpoint_url=endpoint, config=config),
        session.client("s3", endpoint_url=endpoint, config=config),
        session.client("sns", endpoint_url=endpoint, config=config),
    )
    made.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return made


def _listener(port: int) -> int:
    """The process behind a port."""
    found = (each for each in psutil.net_connections("tcp") if each.status == psutil.CONN_LISTEN)
    return next(each.pid for each in found if each.laddr and each.laddr.port == port and each.pid is not None)


@contextmanager
def _embedded(folder: Path) -> Iterator[str]:
    port, aws = free_port(), folder / "aws"
    aws.mkdir(parents=True)
    keys = Keys(access_key_id=KEY, secret_access_key=SECRET)
    write_privately(aws / KEYS_FILE, keys.model_dump_json())
    command = [sys.executable, "-m", "laneway.local.aws.server", str(port), str(aws)]
    with server(command, {"HOME": str(folder), **CREDENTIALS}, port, folder / "moto.log"):
        yield f"http://127.0.0.1:{port}"
