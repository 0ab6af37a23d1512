"""Makes what a local pool needs in AWS and does not find there: queues, bucket, topic, pool.json."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from laneway.local.errors import LocalError
from laneway.schema.lane_config import QueueURLs
from laneway.schema.names import dead_letter_queue_name, queue_name, topic_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from laneway.schema.keys import Place
    from laneway.schema.pool import Lane, LLMWorkerPool
    from laneway.schema.pool_document import PoolDocument

MAX_RECEIVES = 20  # SQS's own count tells of crashes; attempts are counted by the workers
DAY = 24 * 3600
DEAD_LETTER_RETENTION = 14 * DAY  # SQS: the longest
BUCKET_IS_OURS = "BucketAlreadyOwnedByYou"
NO_LOCATION = "us-east-1"  # S3: the region that must not be named as a location


@dataclass(frozen=True)
class Account:
    """How to reach AWS, or an emulator."""

    region: str
    endpoint: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = None


class Provisioner:
    """Idempotent; never changes what is there, and never deletes."""

    def __init__(self, account: Account) -> None:
        """boto3 finds credentials by its own chain, an emulator's aside."""
        self._account = account
        session = boto3.Session(
            aws_access_key_id=account.access_key_id,
            aws_secret_access_key=account.secret_access_key,
            region_name=account.region,
        )
        config = Config(
            retries={"mode": "standard", "total_max_attempts": 3},
            s3={"addressing_style": "path" if account.endpoint else "auto"},
        )
        self._sqs = session.client("sqs", endpoint_url=account.endpoint, config=config)
        self._s3 = session.client("s3", endpoint_url=account.endpoint, config=config)
        self._sns = session.client("sns", endpoint_url=account.endpoint, config=config)

    def queues(self, pool: LLMWorkerPool, lane: Lane) -> QueueURLs:
        """The lane's queues: its own, or managed ones that are made where they are missing."""
        own = lane.queue
        if own.url is not None and own.dead_letter_url is not None:
            return QueueURLs(url=own.url, dead_letter_url=own.dead_letter_url)
        name = pool.metadata.name
        dead = self._queue(dead_letter_queue_name(name, lane.name), {"MessageRetentionPeriod": DEAD_LETTER_RETENTION})
        with self._asking("reading the dead-letter queue"):
            arn = self._sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        redrive = {"deadLetterTargetArn": arn, "maxReceiveCount": MAX_RECEIVES}
        retention = min(DEAD_LETTER_RETENTION, lane.limits.expires_after + DAY)
        url = self._queue(
            queue_name(name, lane.name),
            {"MessageRetentionPeriod": retention, "RedrivePolicy": json.dumps(redrive)},
        )
        return QueueURLs(url=url, dead_letter_url=dead)

    def _queue(self, name: str, attributes: dict[str, Any]) -> str:
        with self._asking(f"making the queue {name}"):
            try:
                return self._sqs.get_queue_url(QueueName=name)["QueueUrl"]
            except self._sqs.exceptions.QueueDoesNotExist:
                texts = {key: str(value) for key, value in attributes.items()}
                return self._sqs.create_queue(QueueName=name, Attributes=texts)["QueueUrl"]  # type: ignore[arg-type] # a literal type of every attribute's name - ours are among them

    def bucket(self, name: str) -> None:
        """A bucket that is there or made."""
        with self._asking(f"making the bucket {name}"):
            try:
                self._s3.head_bucket(Bucket=name)
            except ClientError as error:
                if error.response["Error"]["Code"] not in ("404", "NoSuchBucket"):
                    raise
                self._make_bucket(name)

    def _make_bucket(self, name: str) -> None:
        region = self._account.region
        if region == NO_LOCATION:
            self._s3.create_bucket(Bucket=name)
        else:
            self._s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})  # type: ignore[typeddict-item] # a literal type of every region - the user's is one

    def topic(self, pool: LLMWorkerPool) -> str:
        """The pool's own topic, made where it is missing."""
        with self._asking("making the topic"):
            return self._sns.create_topic(Name=topic_name(pool.metadata.name))["TopicArn"]

    def publish(self, place: Place, document: PoolDocument) -> None:
        """Write `pool.json`."""
        with self._asking("writing pool.json"):
            self._s3.put_object(
                Bucket=place.bucket,
                Key=place.pool_document(),
                Body=document.model_dump_json().encode(),
                ContentType="application/json",
            )

    @contextmanager
    def _asking(self, what: str) -> Iterator[None]:
        where = self._account.endpoint or f"AWS in {self._account.region}"
        try:
            yield
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "unknown")
            raise LocalError(f"{what}: {where} refused with {code}; check the credentials and their rights") from None
        except BotoCoreError as error:
            raise LocalError(f"{what}: no answer from {where} ({error}); check endpoint and credentials") from None
