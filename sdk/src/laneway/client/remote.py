"""The client's calls to AWS, and AWS's refusals in words that say what to do."""

from __future__ import annotations

import os
import threading
from contextlib import closing, contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from botocore.config import Config
from botocore.exceptions import ClientError

from laneway.client.aws.answers import age_of, date_of, is_refusal, reason_of, whole
from laneway.client.aws.session import ANYWHERE, session_with
from laneway.client.aws.words import RAISED, code_of, settings_of, words_of
from laneway.errors import PoolUnavailable
from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.job import InvalidJob
from laneway.schema.shared.message_text import message_text
from laneway.schema.shared.names import MESSAGE_ATTRIBUTE
from laneway.schema.shared.regions import region_of_queue

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from laneway.client.connection import Connection
    from laneway.schema.pool.documents.pool_document import PoolDocument

CONNECTIONS = 16
TRIES = 4
CONNECT_SECONDS = 5
READ_SECONDS = 20
ABSENT = {"NoSuchKey", "404", "NotFound"}
TAKEN = {"PreconditionFailed", "412"}
UNSUPPORTED = {"NotImplemented", "501"}  # LocalStack's answer to a conditional delete
BODY_REFUSED = {"InvalidMessageContents", "InvalidParameterValue"}  # a character, the size; the queue takes others
NO_TRACE: Mapping[str, str] = MappingProxyType({})
CONFLICT = {"ConditionalRequestConflict", "409"}  # S3: two writers at once; one of them may try again


class RefusedByAWS(PoolUnavailable):
    """AWS answered that it did not do what it was asked for, at its first try."""


class MessageRefused(InvalidJob):
    """SQS refuses this very message, whoever sends it; it may take others."""


@dataclass(frozen=True)
class Stored:
    """An object as it was read."""

    body: bytes
    etag: str
    """With its quotes."""
    metadata: Mapping[str, str]
    age_seconds: float = 0.0
    """By S3's own clock."""


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
        self._region = connection.region
        self._queues: dict[str | None, Any] = {}
        self._lock = threading.Lock()
        with self._reaching("connecting"):
            self._connect(connection)

    def _connect(self, connection: Connection) -> None:
        self._session = session_with(connection.access_key_id, connection.secret_access_key, connection.region)
        self._config = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            max_pool_connections=CONNECTIONS,
            retries={"mode": "standard", "total_max_attempts": TRIES},
            s3={"addressing_style": "path" if connection.endpoint else "auto"},
            proxies={} if connection.endpoint else None,  # a proxy from the environment is not for an emulator
        )
        region = self._session.region_name or ANYWHERE  # a variable that is there and empty is a region to boto3
        self._s3 = self._session.client("s3", endpoint_url=connection.endpoint, config=self._config, region_name=region)

    def follow(self, document: PoolDocument) -> None:
        """Queues are where the pool says, whatever region the caller's own settings name."""
        self._region = document.region

    def _sqs(self, queue_url: str) -> Any:
        """SQS in the region of a queue: that of its URL, else the pool's. Sessions aren't for several threads."""
        region = region_of_queue(queue_url) or self._region
        with self._lock:
            if region not in self._queues:
                self._queues[region] = self._session.client(
                    "sqs", endpoint_url=self._connection.endpoint, config=self._config, region_name=region
                )
            return self._queues[region]

    @contextmanager
    def _reaching(self, what: str) -> Iterator[None]:
        url = self._connection.url
        try:
            yield
        except MessageRefused:  # a ValueError, as what a person's settings raise is
            raise
        except RAISED as error:
            words = words_of(error, settings_of(os.environ))
            kind = RefusedByAWS if isinstance(error, ClientError) and is_refusal(error) else PoolUnavailable
            raise kind(f"{what} ({url}): {words}") from None

    def get(self, key: str, bucket: str | None = None) -> bytes | None:
        """An object's bytes, or None."""
        found = self.read(key, bucket)
        return None if found is None else found.body

    def read(self, key: str, bucket: str | None = None) -> Stored | None:
        """An object with its ETag and its own metadata, or None."""
        with self._reaching(f"reading {key}"):
            try:
                answer = self._s3.get_object(Bucket=bucket or self._bucket, Key=key)
                with closing(answer["Body"]) as body:
                    age = age_of(answer.get("LastModified"), date_of(answer))
                    return Stored(whole(body, key), answer["ETag"], answer["Metadata"], age)
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

    def keys(self, folder: str, after: str = "") -> Iterator[tuple[str, datetime]]:
        """The keys under a prefix, and after this key, with their times of writing, in S3's order, page by page."""
        yield from ((each["Key"], each["LastModified"]) for each in self._listed(folder, after))

    def etags(self, folder: str) -> dict[str, str]:
        """The keys under a prefix, and the ETag of each with its quotes."""
        return {each["Key"]: each["ETag"] for each in self._listed(folder)}

    def _listed(self, folder: str, after: str = "") -> Iterator[Any]:
        """In S3's order, page by page."""
        pages = self._s3.get_paginator("list_objects_v2")
        with self._reaching(f"listing {folder}"):
            for page in pages.paginate(Bucket=self._bucket, Prefix=folder, StartAfter=after):
                yield from page.get("Contents", [])

    def ages(self, folder: str, most: int) -> dict[str, float]:
        """The first keys under a prefix, and how many seconds ago each was written, by S3's own clock."""
        with self._reaching(f"listing {folder}"):
            page = self._s3.list_objects_v2(Bucket=self._bucket, Prefix=folder, MaxKeys=most)
        now = date_of(page)
        return {each["Key"]: age_of(each.get("LastModified"), now) for each in page.get("Contents", [])}

    def put_new(self, key: str, body: bytes, metadata: Mapping[str, str]) -> str | None:
        """Write an object that must not exist; its ETag, or None where there is one."""
        return self._put(key, body, metadata, IfNoneMatch="*")

    def replace(self, key: str, body: bytes, metadata: Mapping[str, str], etag: str) -> str | None:
        """Write over exactly this object; the new one's ETag, or None where another one is there, or none."""
        return self._put(key, body, metadata, IfMatch=etag)

    def _put(self, key: str, body: bytes, metadata: Mapping[str, str], **condition: Any) -> str | None:
        with self._reaching(f"writing {key}"):
            for _ in range(TRIES):
                try:
                    answer: Any = self._s3.put_object(
                        Bucket=self._bucket,
                        Key=key,
                        Body=body,
                        Metadata=metadata,
                        ContentType="application/json",
                        **condition,
                    )
                    return str(answer["ETag"])
                except ClientError as error:
                    if code_of(error) in TAKEN | ABSENT:
                        return None
                    if code_of(error) not in CONFLICT:
                        raise
            raise PoolUnavailable(f"writing {key}: another writer is always there first; try again")

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

    def send(
        self,
        queue_url: str,
        body: str,
        *,
        history: str | None = None,
        group_id: str | None = None,
        trace: Mapping[str, str] = NO_TRACE,
    ) -> None:
        """Send one message; `history` is the text of our own attribute, `trace` holds others. A body that was stored by
        another client may hold what SQS does not carry as it is. Raises `MessageRefused`.
        """
        extra: dict[str, Any] = {"MessageGroupId": group_id} if group_id else {}
        told = dict(trace) | ({} if history is None else {MESSAGE_ATTRIBUTE: history})
        if told:
            extra["MessageAttributes"] = {
                name: {"DataType": "String", "StringValue": each} for name, each in told.items()
            }
        with self._reaching("sending the job"):
            try:
                self._sqs(queue_url).send_message(QueueUrl=queue_url, MessageBody=message_text(body), **extra)
            except ClientError as error:
                if code_of(error) in BODY_REFUSED:
                    words = f"SQS refuses the message: {code_of(error)}: {reason_of(error)}"
                    raise MessageRefused(ErrorCode.INVALID_JOB, words) from None
                raise

    def figures(self, queue_url: str) -> Figures:
        """A queue's approximate counts."""
        with self._reaching("asking the queue"):
            attributes = self._sqs(queue_url).get_queue_attributes(
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
