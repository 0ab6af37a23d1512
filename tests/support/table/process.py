"""Projectors as processes, with an events queue on an emulator."""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from laneway.schema.pool.documents.projector_config import ProjectorConfig
from support.aws.moto import CREDENTIALS, REGION
from support.processes import free_port, server
from support.table.events import PLACE
from support.table.rows import POOL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import psutil

    from support.aws.emulators import Aws

MOST_RECEIVES = 3
HELD_SECONDS = 5
BATCH = 10


class Queue:
    """An events queue with its dead letters."""

    def __init__(self, aws: Aws) -> None:
        self._client = aws.clients.acknowledge
        name = f"events-{uuid.uuid4()}"
        self.dead_url = self._client.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
        arn = self._client.get_queue_attributes(QueueUrl=self.dead_url, AttributeNames=["QueueArn"])["Attributes"]
        policy = {"deadLetterTargetArn": arn["QueueArn"], "maxReceiveCount": str(MOST_RECEIVES)}
        self.url = self._client.create_queue(QueueName=name, Attributes={"RedrivePolicy": json.dumps(policy)})[
            "QueueUrl"
        ]

    def send(self, bodies: Sequence[str]) -> None:
        for begin in range(0, len(bodies), BATCH):
            entries = [{"Id": str(n), "MessageBody": each} for n, each in enumerate(bodies[begin : begin + BATCH])]
            self._client.send_message_batch(QueueUrl=self.url, Entries=entries)  # type: ignore[arg-type] # they are

    def left(self) -> int:
        """Visible and in flight."""
        return self._count(self.url)

    def dead(self) -> int:
        return self._count(self.dead_url)

    def _count(self, url: str) -> int:
        found = self._client.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return int(found["ApproximateNumberOfMessages"]) + int(found["ApproximateNumberOfMessagesNotVisible"])


def config(aws: Aws, queue: Queue, store: dict[str, Any], **also: Any) -> ProjectorConfig:
    """The document of a projector."""
    document = {
        "pool": POOL,
        "events_queue_url": queue.url,
        "region": REGION,
        "endpoint": aws.endpoint,
        "results": PLACE.model_dump(),
        "retention_seconds": 3600 * 24 * 3000,
        "store": store,
        "health_address": f"127.0.0.1:{free_port()}",
    }
    return ProjectorConfig.model_validate_json(json.dumps(document | also))


@contextmanager
def projector(told: ProjectorConfig, folder: Path) -> Iterator[psutil.Process]:
    """A process that listens; at the end it is gone."""
    name = uuid.uuid4().hex
    path = folder / f"projector-{name}.json"
    path.write_text(told.model_dump_json())
    command = [sys.executable, "-P", "-m", "laneway_table", "--config", str(path)]
    port = int(told.health_address.rpartition(":")[2])
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **CREDENTIALS}
    with server(command, environment, port, folder / f"projector-{name}.log") as process:
        yield process


def page(told: ProjectorConfig, path: str) -> tuple[int, str]:
    """What it says of itself."""
    try:
        with urllib.request.urlopen(f"http://{told.health_address}{path}", timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
