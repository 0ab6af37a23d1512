"""One gateway as `laneway up` runs it: a process before a pool on an emulator of AWS, on whose queue nobody works."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from laneway.client.connection import CONNECTION_FILE, Connection
from laneway.schema.job.job import Job, parse_job
from laneway.schema.job.keys import Place
from laneway.schema.shared.names import GATEWAY_READY
from support import canary
from support.aws.emulators import BUCKET
from support.aws.moto import CREDENTIALS, REGION
from support.gateway.aws import document_with
from support.inputs.documents import MODEL
from support.inputs.offers import result
from support.local.pool import AWS, READY_SECONDS, environment
from support.processes import free_port
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

COMMAND = (sys.executable, "-P", "-m", "laneway_gateway")
STOP_SECONDS = 30.0
PAGE_SECONDS = 10.0


class GatewayPool:
    """A pool of one lane, and a folder that leads to it."""

    def __init__(self, folder: Path, endpoint: str) -> None:
        """Its bucket is there."""
        name = f"gateway-{uuid.uuid4().hex[:8]}"
        keys = (CREDENTIALS["AWS_ACCESS_KEY_ID"], CREDENTIALS["AWS_SECRET_ACCESS_KEY"])
        self.place = Place(bucket=BUCKET, prefix=f"{name}/")
        self.folder = folder
        self._connection = Connection(
            place=self.place, endpoint=endpoint, region=REGION, access_key_id=keys[0], secret_access_key=keys[1]
        )
        self.aws = AWS(self._connection)
        self._name = name
        self.lead_to(endpoint)

    def lead_to(self, endpoint: str) -> None:
        """Have gateways that start from now on find AWS there."""
        connection = self._connection.model_copy(update={"endpoint": endpoint})
        (self.folder / CONNECTION_FILE).write_text(connection.model_dump_json())

    def publish(self) -> None:
        """Write `pool.json`."""
        self.queue_url = self.aws.sqs.create_queue(QueueName=self._name)["QueueUrl"]
        document = document_with(self.queue_url).model_copy(update={"region": REGION})
        body = document.model_dump_json().encode()
        self.aws.s3.put_object(Bucket=BUCKET, Key=self.place.pool_document(), Body=body)

    def received(self) -> Job:
        """The job of the next message."""
        found = self.aws.sqs.receive_message(QueueUrl=self.queue_url, WaitTimeSeconds=10)
        return parse_job(found["Messages"][0]["Body"].encode())

    def commit(self, job: Job, text: str) -> None:
        """Write its result, as a worker does."""
        assert job.id is not None
        body = result(id=job.id, text=text, request_hash=job.request_hash(MODEL.name)).to_json()
        self.aws.s3.put_object(Bucket=BUCKET, Key=self.place.result(job.id), Body=body)

    def is_cancelled(self, job: Job) -> bool:
        """Whether workers are asked to cancel it."""
        assert job.id is not None
        found = self.aws.s3.list_objects_v2(Bucket=BUCKET, Prefix=self.place.cancel(job.id))
        return found["KeyCount"] > 0

    def registrations(self) -> list[str]:
        """The keys of the gateways that are registered."""
        found = self.aws.s3.list_objects_v2(Bucket=BUCKET, Prefix=f"{self.place.prefix}gateways/")
        return [each["Key"] for each in found.get("Contents", [])]


@dataclass
class GatewayProcess:
    """A running one."""

    process: subprocess.Popen[bytes]
    log_file: Path
    probes: int

    @property
    def words(self) -> str:
        """Everything that it has said."""
        return self.log_file.read_text(errors="replace")

    def lines(self, message: str) -> list[dict[str, Any]]:
        """Its log lines with this message."""
        found = [json.loads(each) for each in self.words.splitlines() if each.startswith("{")]
        return [each for each in found if each["message"] == message]

    def wait_until_ready(self) -> None:
        """Until it serves; fails at once where it has ended."""
        eventually(lambda: self.process.poll() is not None or self.lines(GATEWAY_READY), READY_SECONDS)
        assert self.process.poll() is None, self.words

    @property
    def url(self) -> str:
        """Where the doors are."""
        return f"http://{self.lines(GATEWAY_READY)[-1]['address']}"

    def page(self, path: str) -> tuple[int, str]:
        """One of its probes' pages."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.probes}{path}", timeout=PAGE_SECONDS) as answer:
                return answer.status, canary.saw(str(answer.read(), "utf-8"), path)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, str(error.read(), "utf-8")

    def wait(self, seconds: float = STOP_SECONDS) -> int:
        """Its exit code."""
        return self.process.wait(seconds)


@contextmanager
def gateway_process(folder: Path, command: Sequence[str] = COMMAND, **variables: str) -> Iterator[GatewayProcess]:
    """A gateway on ports of its own, unless the variables say otherwise; it may be starting. At the end it is gone."""
    probes, log = free_port(), folder / f"gateway-{uuid.uuid4().hex[:8]}.log"
    canary.watch(log)
    given = {
        "LANEWAY_POOL": str(folder),
        "LANEWAY_GATEWAY_LISTEN": "127.0.0.1:0",
        "LANEWAY_GATEWAY_REPLIES_PORT": "0",
        "LANEWAY_GATEWAY_PROBES": f"127.0.0.1:{probes}",
    }
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command,
            env=environment(**given | variables),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        ) as process,
    ):
        try:
            yield GatewayProcess(process, log, probes)
        finally:
            process.kill()
