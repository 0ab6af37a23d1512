"""The client's calls to AWS, and AWS's refusals in words that say what to do."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError, NoCredentialsError

from laneway.errors import PoolUnavailable
from laneway.schema.shared.names import MESSAGE_ATTRIBUTE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from laneway.client.connection import Connection

CONNECTIONS = 16
TRIES = 4
CONNECT_SECONDS = 5
READ_SECONDS = 20
ABSENT = {"NoSuchKey", "404", "NotFound"}
TAKEN = {"PreconditionFailed", "412"}
UNSUPPORTED = {"NotImplemented", "501"}  # LocalStack's answer to a conditional delete
BODY_REFUSED = {"InvalidMessageContents", "InvalidParameterValue"}  # a character, the size; the queue takes others
REGION_HEADER = "x-amz-bucket-region"
CONFLICT = {"ConditionalRequestConflict", "409"}  # S3: two writers at once; one of them may try again


class MessageRefused(PoolUnavailable):
    """SQS refuses this very message; it may take others."""


@dataclass(frozen=True)
class Stored:
    """An object as it was read."""

    body: bytes
    etag: str
    """With its quotes."""
    metadata: Mapping[str, str]


@dataclass(frozen=True)
class Figures:
    """About how many jobs a queue holds; SQS counts approximately."""

    queued: int
    """Waiting, back-offs not counted."""
    running: int
    """In the hands of workers."""
    delayed: int
    """Backing off before another attempt."""


class Remote:
    """One pool's bucket and queues. Every method raises `PoolUnavailable`."""

    def __init__(self, connection: Connection) -> None:
        """boto3 finds credentials by its own chain, an emulator's aside."""
        self._connection = connection
        self._bucket = connection.place.bucket
        with self._reaching("connecting"):
            self._connect(connection)

    def _connect(self, connection: Connection) -> None:
        session = boto3.Session(
            aws_access_key_id=connection.access_key_id,
            aws_secret_access_key=connection.secret_access_key,
            region_name=connection.region,
        )
        config = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            max_pool_connections=CONNECTIONS,
            retries={"mode": "standard", "total_max_attempts": TRIES},
            s3={"addressing_style": "path" if connection.endpoint else "auto"},
            proxies={} if connection.endpoint else None,  # a proxy from the environment is not for an emulator
        )
        self._s3 = session.client("s3", endpoint_url=connection.endpoint, config=config)
        region = session.region_name or self._region()
        self._sqs = session.client("sqs", endpoint_url=connection.endpoint, config=config, region_name=region)

    def _region(self) -> str:
        """The bucket's region, where nobody named one."""
        try:
            answer: Any = self._s3.head_bucket(Bucket=self._bucket)
        except ClientError as error:  # S3 tells the region also to those who may list a part of the bucket only
            if REGION_HEADER not in _headers(error.response):
                raise
            answer = error.response
        return _headers(answer).get(REGION_HEADER, "us-east-1")

    @contextmanager
    def _reaching(self, what: str) -> Iterator[None]:
        url = self._connection.url
        try:
            yield
        except NoCredentialsError:
            raise PoolUnavailable(f"{what}: no AWS credentials; set AWS_PROFILE, or log in with the AWS CLI") from None
        except EndpointConnectionError as error:
            where = error.kwargs.get("endpoint_url")
            raise PoolUnavailable(f"{what}: nothing answers at {where}; is `laneway up` still running?") from None
        except ClientError as error:
            code = code_of(error)
            raise PoolUnavailable(f"{what} was refused by AWS: {code} ({url}); {_advice(code)}") from None
        except BotoCoreError as error:
            raise PoolUnavailable(f"{what} failed: {error}") from None

    def get(self, key: str, bucket: str | None = None) -> bytes | None:
        """An object's bytes, or None."""
        found = self.read(key, bucket)
        return None if found is None else found.body

    def read(self, key: str, bucket: str | None = None) -> Stored | None:
        """An object with its ETag and its own metadata, or None."""
        with self._reaching(f"reading {key}"):
            try:
                answer = self._s3.get_object(Bucket=bucket or self._bucket, Key=key)
                return Stored(answer["Body"].read(), answer["ETag"], answer["Metadata"])
            except ClientError as error:
                if code_of(error) in ABSENT:
                    return None
                raise

    def metadata(self, key: str) -> Mapping[str, str] | None:
        """An object's own metadata, or None where there is no object."""
        found = self._head(key)
        return None if found is None else found.metadata

    def etag(self, key: str) -> str | None:
        """An object's ETag with its quotes, or None where there is no object."""
        found = self._head(key)
        return None if found is None else found.etag

    def exists(self, key: str) -> bool:
        """Whether there is an object."""
        return self._head(key) is not None

    def _head(self, key: str) -> Stored | None:
        """An object without its bytes."""
        with self._reaching(f"looking for {key}"):
            try:
                answer = self._s3.head_object(Bucket=self._bucket, Key=key)
                return Stored(b"", answer["ETag"], answer["Metadata"])
            except ClientError as error:
                if code_of(error) in ABSENT:
                    return None
                raise

    def keys(self, folder: str) -> Iterator[tuple[str, datetime]]:
        """The keys under a prefix with their times of writing, in S3's order, page by page."""
        with self._reaching(f"listing {folder}"):
            for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=folder):
                yield from ((each["Key"], each["LastModified"]) for each in page.get("Contents", []))

    def put_new(self, key: str, body: bytes, metadata: Mapping[str, str]) -> bool:
        """Write an object that must not exist; False where it does."""
        with self._reaching(f"writing {key}"):
            for _ in range(TRIES):
                code = self._put(key, body, metadata)
                if code not in CONFLICT:
                    return code is None
            raise PoolUnavailable(f"writing {key}: another writer is always there first; try again")

    def _put(self, key: str, body: bytes, metadata: Mapping[str, str]) -> str | None:
        """None, or AWS's code where the object is there or being written."""
        try:
            self._s3.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=body,
                IfNoneMatch="*",
                Metadata=metadata,
                ContentType="application/json",
            )
        except ClientError as error:
            code = code_of(error)
            if code in TAKEN | CONFLICT:
                return code
            raise
        return None

    def delete(self, key: str, etag: str) -> bool:
        """Delete exactly this object; False where another one is there, or none."""
        with self._reaching(f"deleting {key}"):
            for _ in range(TRIES):
                code = self._delete(key, etag)
                if code not in CONFLICT:
                    return code is None
            raise PoolUnavailable(f"deleting {key}: another writer is always there first; try again")

    def _delete(self, key: str, etag: str) -> str | None:
        """None, or AWS's code where the object is gone, another one or being written."""
        try:
            self._s3.delete_object(Bucket=self._bucket, Key=key, IfMatch=etag)
        except ClientError as error:
            code = code_of(error)
            if code in UNSUPPORTED:
                return self._delete_after_a_look(key, etag)
            if code in ABSENT | TAKEN | CONFLICT:
                return code
            raise
        return None

    def _delete_after_a_look(self, key: str, etag: str) -> str | None:
        """For emulators: an object that is written between look and delete is lost."""
        if self.etag(key) != etag:
            return "PreconditionFailed"
        self._s3.delete_object(Bucket=self._bucket, Key=key)
        return None

    def send(self, queue_url: str, body: str, *, history: str | None = None, group_id: str | None = None) -> None:
        """Send one message; `history` is the text of our own attribute. Raises `MessageRefused`."""
        extra: dict[str, Any] = {"MessageGroupId": group_id} if group_id else {}
        if history is not None:
            extra["MessageAttributes"] = {MESSAGE_ATTRIBUTE: {"DataType": "String", "StringValue": history}}
        with self._reaching("sending the job"):
            try:
                self._sqs.send_message(QueueUrl=queue_url, MessageBody=body, **extra)
            except ClientError as error:
                if code_of(error) in BODY_REFUSED:
                    raise MessageRefused(f"{code_of(error)}: {_words(error)}") from None
                raise

    def figures(self, queue_url: str) -> Figures:
        """A queue's approximate counts."""
        with self._reaching("asking the queue"):
            attributes = self._sqs.get_queue_attributes(
                QueueUrl=queue_url,
                AttributeNames=[
                    "ApproximateNumberOfMessages",
                    "ApproximateNumberOfMessagesNotVisible",
                    "ApproximateNumberOfMessagesDelayed",
                ],
            )["Attributes"]
        return Figures(
            queued=int(attributes["ApproximateNumberOfMessages"]),
            running=int(attributes["ApproximateNumberOfMessagesNotVisible"]),
            delayed=int(attributes["ApproximateNumberOfMessagesDelayed"]),
        )


def _headers(answer: Any) -> Mapping[str, str]:
    found: Mapping[str, str] = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return found


def code_of(error: ClientError) -> str:
    """AWS's code of an error, such as `NoSuchBucket`."""
    return str(error.response.get("Error", {}).get("Code", "unknown"))


def _words(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Message", "no reason given"))


def _advice(code: str) -> str:
    if code == "NoSuchBucket":
        return "check the bucket's name in the URL"
    if code in ("AccessDenied", "403", "AccessDeniedException"):
        return "ask for access to the pool's bucket prefix and queues, s3:ListBucket included"
    if code.startswith(("Invalid", "Signature", "ExpiredToken", "UnrecognizedClient")):
        return "check the AWS credentials in use"
    return "try again; AWS's error code says more"
