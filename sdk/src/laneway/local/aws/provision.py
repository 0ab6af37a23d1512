"""Makes what a local pool needs in AWS and does not find there: queues, bucket, topic, pool.json."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from laneway.client.remote import code_of
from laneway.local.errors import LocalError
from laneway.schema.pool.queues.queue import LONGEST_RETENTION_SECONDS, MAX_RECEIVES, QueueURLs
from laneway.schema.shared.names import dead_letter_queue_name, queue_name, topic_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from laneway.schema.job.keys import Place
    from laneway.schema.pool.documents.pool_document import PoolDocument
    from laneway.schema.pool.lane import Lane
    from laneway.schema.pool.pool import LLMWorkerPool

NO_LOCATION = "us-east-1"  # S3: the region that must not be named as a location


@dataclass(frozen=True)
class Account:
    """How to reach AWS, or an emulator."""

    region: str
    endpoint: str | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = None


class Provisioner:
    """Idempotent. Of what is there it changes only the settings of queues that it makes; it never deletes."""

    def __init__(self, account: Account) -> None:
        """boto3 finds credentials by its own chain, an emulator's aside."""
        self._account = account
        with self._asking("reading AWS settings"):
            self._connect(account)

    def _connect(self, account: Account) -> None:
        session = boto3.Session(
            aws_access_key_id=account.access_key_id,
            aws_secret_access_key=account.secret_access_key,
            region_name=account.region,
        )
        config = Config(
            retries={"mode": "standard", "total_max_attempts": 3},
            s3={"addressing_style": "path" if account.endpoint else "auto"},
            proxies={} if account.endpoint else None,  # a proxy from the environment is not for an emulator
        )
        self._sqs = session.client("sqs", endpoint_url=account.endpoint, config=config)
        self._s3 = session.client("s3", endpoint_url=account.endpoint, config=config)
        self._sns = session.client("sns", endpoint_url=account.endpoint, config=config)

    def queues(self, pool: LLMWorkerPool, lane: Lane) -> QueueURLs:
        """The lane's queues: its own, or managed ones that are made where they are missing."""
        own = lane.queue.own
        if own is not None:
            self._refuse_foreign(own.url, lane)
            return own
        name = pool.metadata.name
        dead = self._queue(
            dead_letter_queue_name(name, lane.name), {"MessageRetentionPeriod": LONGEST_RETENTION_SECONDS}
        )
        with self._asking("reading the dead-letter queue"):
            arn = self._sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        redrive = {"deadLetterTargetArn": arn, "maxReceiveCount": MAX_RECEIVES}
        url = self._queue(
            queue_name(name, lane.name),
            {"MessageRetentionPeriod": lane.retention_seconds, "RedrivePolicy": json.dumps(redrive)},
        )
        return QueueURLs(url=url, dead_letter_url=dead)

    def _refuse_foreign(self, url: str, lane: Lane) -> None:
        endpoint = self._account.endpoint
        if endpoint is not None and not url.startswith(endpoint):
            raise LocalError(
                f"lane {lane.name} names the queue {url}, which {endpoint} has not; leave `queue` out for a pool "
                "on this machine, or use AWS itself: --aws"
            )

    def _queue(self, name: str, attributes: dict[str, Any]) -> str:
        texts: dict[Any, str] = {key: str(value) for key, value in attributes.items()}  # the stubs list every name
        with self._asking(f"making the queue {name}"):
            try:
                url = self._sqs.get_queue_url(QueueName=name)["QueueUrl"]
                self._sqs.set_queue_attributes(QueueUrl=url, Attributes=texts)
            except self._sqs.exceptions.QueueDoesNotExist:
                url = self._sqs.create_queue(QueueName=name, Attributes=texts)["QueueUrl"]
            return url

    def bucket(self, name: str) -> None:
        """A bucket that is there or made."""
        with self._asking(f"making the bucket {name}"):
            try:
                self._s3.head_bucket(Bucket=name)
            except ClientError as error:
                if code_of(error) not in ("404", "NoSuchBucket"):
                    raise
                self._make_bucket(name)

    def _make_bucket(self, name: str) -> None:
        region = self._account.region
        if region == NO_LOCATION:
            self._s3.create_bucket(Bucket=name)
        else:
            self._s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})  # type: ignore[typeddict-item] # a literal type of every region - the user's is one

    def topic(self, pool: LLMWorkerPool) -> str:
        """The pool's topic. An emulator has none of AWS: there a topic of the same name stands in for it."""
        named = pool.spec.notifications
        if named is not None and self._account.endpoint is None:
            return named.sns.topic_arn
        name = named.sns.topic_arn.rpartition(":")[2] if named else topic_name(pool.metadata.name)
        with self._asking("making the topic"):
            return self._sns.create_topic(Name=name)["TopicArn"]

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
            code = code_of(error)
            raise LocalError(f"{what}: {where} refused with {code}; check the credentials and their rights") from None
        except BotoCoreError as error:
            raise LocalError(f"{what}: no answer from {where} ({error}); check endpoint and credentials") from None
