"""The AWS of a run, made as `laneway up` makes it, with a versioned bucket and a subscriber."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from laneway.client.connection import Connection
from laneway.local.aws.account import Account
from laneway.local.aws.provision import Provisioner
from laneway.schema.job.result import Notification, Result
from laneway.schema.pool.documents.lane_config import LaneConfig, LaneSettings
from laneway.schema.pool.documents.lane_documents import LaneDocuments, lane_documents
from laneway.schema.pool.documents.pool_document import pool_document
from laneway.schema.pool.file import read_pools
from support.aws.localstack import localstack_server
from support.aws.moto import CREDENTIALS, REGION
from support.chaos.engine import MODEL
from support.processes import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

    from laneway.schema.pool.pool import LLMWorkerPool
    from support.chaos.plan import Planned

Emulator = Callable[[Path], AbstractContextManager[str]]
"""In a folder of its own → its endpoint."""
BUCKET, PREFIX = "chaos-results", "chaos/"
LASTING = ("results", "failed")
"""Folders from which nothing is ever deleted."""
KEY = CREDENTIALS["AWS_ACCESS_KEY_ID"]
SECRET = CREDENTIALS["AWS_SECRET_ACCESS_KEY"]
OWNER = "chaos@here-00000000"
VISIBILITY_SECONDS = 25  # the shortest that a LaneConfig allows
POLL_SECONDS = 1
CALM_SECONDS = 4.0 * VISIBILITY_SECONDS  # for what is left in the queues once a storm is over
TOKEN_GAP_SECONDS = 4
DEADLY_RECEIVES = 2
BATCH = 10  # SQS: entries of a batch call
MAIN, DEADLY = "main", "deadly"

POOL = """\
apiVersion: laneway.dev/v1alpha1
kind: LLMWorkerPool
metadata: {name: chaos}
spec:
  model: {name: "%(model)s", contextLength: 2048}
  results: {s3: {bucket: %(bucket)s, prefix: %(prefix)s}}
  lanes:
  - name: main
    parallel: %(parallel)d
    limits: {timeout: 2m, expiresAfter: 2h, maxAttempts: %(attempts)d, maxTokens: 1024}
  - name: deadly
    limits: {timeout: 2m, expiresAfter: 2h}
"""


@dataclass(frozen=True)
class Versions:
    """The bucket's history: how often each key was written."""

    results: dict[str, int]
    failed: dict[str, int]
    deleted: int


@dataclass
class World:
    """SQS, S3 and SNS without faults, for the one who sends and the one who judges."""

    endpoint: str
    pool: LLMWorkerPool
    lanes: dict[str, LaneDocuments] = field(default_factory=dict)
    inbox: str = ""

    @cached_property
    def sqs(self) -> SQSClient:
        return self._session.client("sqs", endpoint_url=self.endpoint)

    @cached_property
    def s3(self) -> S3Client:
        config = Config(s3={"addressing_style": "path"})
        return self._session.client("s3", endpoint_url=self.endpoint, config=config)

    @property
    def _session(self) -> boto3.Session:
        return boto3.Session(KEY, SECRET, region_name=REGION)

    def provision(self) -> None:
        """Queues, bucket, topic; then what only a test wants: versions, a subscriber, an early dead-letter queue."""
        made = Provisioner(Account(REGION, self.endpoint, KEY, SECRET), OWNER)
        made.bucket(BUCKET)
        self.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        topic = made.topic(self.pool)
        self.inbox = self.sqs.create_queue(QueueName="notified")["QueueUrl"]
        sns = self._session.client("sns", endpoint_url=self.endpoint)
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=self._arn(self.inbox))
        for lane in self.pool.spec.lanes:
            settings = LaneSettings(
                queue=made.queues(self.pool, lane),
                region=REGION,
                endpoint=self.endpoint,
                topic_arn=topic,
                visibility_seconds=VISIBILITY_SECONDS,
                poll_seconds=POLL_SECONDS,
                local=True,
            )
            self.lanes[lane.name] = lane_documents(self.pool, lane, settings)
        made.publish(self.pool, pool_document(list(self.lanes.values())))
        self._die_early(self.configs[DEADLY])

    def _die_early(self, config: LaneConfig) -> None:
        dead = {"deadLetterTargetArn": self._arn(config.queue.dead_letter_url), "maxReceiveCount": DEADLY_RECEIVES}
        self.sqs.set_queue_attributes(QueueUrl=config.queue.url, Attributes={"RedrivePolicy": json.dumps(dead)})

    def _arn(self, url: str) -> str:
        return self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    @property
    def connection(self) -> Connection:
        """What clients and gateways read."""
        return Connection(
            place=self.pool.results,
            endpoint=self.endpoint,
            region=REGION,
            access_key_id=KEY,
            secret_access_key=SECRET,
        )

    @property
    def configs(self) -> dict[str, LaneConfig]:
        """Of each lane, by its name."""
        return {name: lane.config for name, lane in self.lanes.items()}

    def documents(self, lane: str, endpoint: str, ollama_url: str) -> LaneDocuments:
        """One worker's documents: its own way to AWS, and its own Ollama."""
        config, live = self.lanes[lane].config, self.lanes[lane].live
        limits = live.limits.model_copy(update={"token_gap_seconds": TOKEN_GAP_SECONDS})
        own = {"endpoint": endpoint, "ollama_url": ollama_url, "health_address": f"127.0.0.1:{free_port()}"}
        return LaneDocuments(config=config.model_copy(update=own), live=live.model_copy(update={"limits": limits}))

    def send(self, lane: str, jobs: Sequence[Planned]) -> None:
        """Send up to ten jobs; raises where one is not accepted."""
        entries: Any = [{"Id": str(number), "MessageBody": job.body} for number, job in enumerate(jobs)]
        answer = self.sqs.send_message_batch(QueueUrl=self.configs[lane].queue.url, Entries=entries)
        assert not answer.get("Failed"), answer

    def waiting(self, lane: str) -> int:
        """Messages that could be received now."""
        return self._count(self.configs[lane].queue.url)["ApproximateNumberOfMessages"]

    def left(self) -> dict[str, int]:
        """Every message of every queue, the subscriber's aside."""
        urls = [url for config in self.configs.values() for url in (config.queue.url, config.queue.dead_letter_url)]
        return {url.rpartition("/")[2]: sum(self._count(url).values()) for url in urls}

    def _count(self, url: str) -> dict[str, int]:
        counts = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return {name: int(value) for name, value in counts.items() if name.startswith("ApproximateNumberOf")}

    def told(self) -> list[Notification]:
        """The next notifications, up to ten; each is read once."""
        found = self.sqs.receive_message(QueueUrl=self.inbox, MaxNumberOfMessages=BATCH).get("Messages", [])
        if found:
            entries: Any = [{"Id": str(n), "ReceiptHandle": each["ReceiptHandle"]} for n, each in enumerate(found)]
            self.sqs.delete_message_batch(QueueUrl=self.inbox, Entries=entries)
        return [Notification.model_validate_json(json.loads(each["Body"])["Message"]) for each in found]

    def result(self, job: str) -> Result:
        """A job's result."""
        key = self.pool.results.result(job)
        return Result.model_validate_json(self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())

    def versions(self) -> Versions:
        """What was ever written below `results/` and `failed/`."""
        written: defaultdict[str, Counter[str]] = defaultdict(Counter)
        deleted = 0
        for page in self.s3.get_paginator("list_object_versions").paginate(Bucket=BUCKET, Prefix=PREFIX):
            deleted += sum(_folder_of(each["Key"]) in LASTING for each in page.get("DeleteMarkers", []))
            for each in page.get("Versions", []):
                written[_folder_of(each["Key"])][_name_of(each["Key"])] += 1
        return Versions(written["results"], written["failed"], deleted)

    def names(self, folder: str) -> list[str]:
        """What lies in a folder of the pool's."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"{PREFIX}{folder}/")
        return [_name_of(each["Key"]) for page in pages for each in page.get("Contents", [])]

    def body(self, folder: str, name: str) -> dict[str, Any]:
        """One of those."""
        found = self.s3.get_object(Bucket=BUCKET, Key=f"{PREFIX}{folder}/{name}.json")["Body"].read()
        return dict(json.loads(found))


def _folder_of(key: str) -> str:
    return key.removeprefix(PREFIX).partition("/")[0]


def _name_of(key: str) -> str:
    return key.removeprefix(PREFIX).partition("/")[2].removesuffix(".json")


@contextmanager
def world(
    folder: Path, parallel: int, attempts: int = 4, model: str = MODEL, emulator: Emulator = localstack_server
) -> Iterator[World]:
    """An AWS of its own, provisioned."""
    text = POOL % {"model": model, "bucket": BUCKET, "prefix": PREFIX, "parallel": parallel, "attempts": attempts}
    with emulator(folder) as endpoint:
        made = World(endpoint, read_pools(text, "pool.yaml").pools[0])
        made.provision()
        try:
            yield made
        finally:
            made.sqs.close()
            made.s3.close()
