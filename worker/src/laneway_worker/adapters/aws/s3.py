"""Objects on S3, with conditional writes."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from laneway_worker.adapters.aws.clients import code_of, translated
from laneway_worker.errors import AbsentError, AlreadyThereError, TooLargeError
from laneway_worker.ports.objects import Stored

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from botocore.response import StreamingBody
    from mypy_boto3_s3 import S3Client

NO_KEY = "NoSuchKey"
ABSENT = {NO_KEY, "404", "NotFound"}
PRESENT = {"PreconditionFailed", "412"}


class S3Store:
    """S3. Conditional writes: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html."""

    def __init__(self, client: S3Client) -> None:
        """A client with `standard` retries; it does not retry the 409 of two writers at once: our caller does."""
        self._client = client

    def put_new(self, bucket: str, key: str, body: bytes) -> str:
        """PUT with `If-None-Match: *`."""
        with _conditional(key):
            return self._client.put_object(
                Bucket=bucket, Key=key, Body=body, IfNoneMatch="*", ContentType="application/json"
            )["ETag"]

    def replace(self, bucket: str, key: str, body: bytes, etag: str) -> str:
        """PUT with `If-Match`."""
        with _conditional(key):
            return self._client.put_object(
                Bucket=bucket, Key=key, Body=body, IfMatch=etag, ContentType="application/json"
            )["ETag"]

    def get(self, bucket: str, key: str, most_bytes: int) -> Stored | None:
        """GET; None where there is nothing."""
        with translated("GetObject"):
            try:
                answer = self._client.get_object(Bucket=bucket, Key=key)
                with closing(answer["Body"]) as body:  # as a context manager it would give urllib3's raw stream
                    return Stored(_whole(body, most_bytes), answer["ETag"], answer["Metadata"])
            except ClientError as error:
                if code_of(error) in ABSENT:
                    return None
                raise

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """PUT, whatever is there."""
        with translated("PutObject"):
            self._client.put_object(Bucket=bucket, Key=key, Body=body, ContentType="application/json")

    def delete(self, bucket: str, key: str) -> None:
        """DELETE."""
        with translated("DeleteObject"):
            self._client.delete_object(Bucket=bucket, Key=key)

    def listed(self, bucket: str, prefix: str, most: int) -> dict[str, datetime]:
        """LIST, one page."""
        with translated("ListObjectsV2"):
            page = self._client.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=most)
        return {each["Key"]: each["LastModified"] for each in page.get("Contents", [])}

    def etag(self, bucket: str, key: str) -> str | None:
        """HEAD. Without `s3:ListBucket` an absent key answers 403, which counts as unavailable."""
        with translated("HeadObject"):
            try:
                return self._client.head_object(Bucket=bucket, Key=key)["ETag"]
            except ClientError as error:
                if code_of(error) in ABSENT:
                    return None
                raise


def _whole(body: StreamingBody, most_bytes: int) -> bytes:
    found = body.read(most_bytes + 1)
    if len(found) > most_bytes:
        raise TooLargeError(most_bytes)
    return found + body.read(1)  # at its end, no sooner, botocore holds a body against its length and its checksum


@contextmanager
def _conditional(key: str) -> Iterator[None]:
    """A PUT whose condition may not hold."""
    with translated("PutObject"):
        try:
            yield
        except ClientError as error:
            if code_of(error) in PRESENT:
                raise AlreadyThereError(key) from error
            if code_of(error) == NO_KEY:
                raise AbsentError(key) from error
            raise
