"""Rights on AWS, tried by requests that must come to nothing: AWS asks for the right before it looks at the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from laneway.schema.pool.queues.rules import ASKED, QueueSettings, queue_settings
from laneway_worker.adapters.aws.clients import code_of, translated
from laneway_worker.ports.access import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from laneway_worker.adapters.aws.clients import Clients

DENIED = {"403", "AccessDenied", "AccessDeniedException", "AuthorizationError"}
MISSING = {"AWS.SimpleQueueService.NonExistentQueue", "NoSuchBucket", "NotFound", "QueueDoesNotExist"}
NO_HANDLE = "laneway-preflight"
NO_ETAG = '"laneway-preflight"'
OTHER_DIGEST = "1B2M2Y8AsgTpgAmY7PhCfg=="  # MD5 of nothing, for a body that is something
TOO_MANY = 11  # SQS gives 1 to 10
NO_OBJECT = {"404", "NoSuchKey", "412", "PreconditionFailed"}
NO_MESSAGE = {"InvalidParameterValue", "ReceiptHandleIsInvalid"}
NOTHING_IN_IT = {"AWS.SimpleQueueService.EmptyBatchRequest", "EmptyBatchRequest", "InternalError", "InvalidParameter"}


class AWSAccess:
    """The port `Access`."""

    def __init__(self, clients: Clients) -> None:
        """Those of a worker."""
        self._s3: Any = clients.s3  # the stubs know no request that must be refused
        self._sqs: Any = clients.acknowledge
        self._topics = clients.topics

    def list(self, bucket: str, prefix: str) -> Verdict:
        """See the port."""
        return _ask("ListObjectsV2", lambda: self._s3.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=1))

    def read(self, bucket: str, key: str) -> Verdict:
        """A HEAD needs the same right, and has no body."""
        return _ask("HeadObject", lambda: self._s3.head_object(Bucket=bucket, Key=key), NO_OBJECT)

    def replace(self, bucket: str, key: str) -> Verdict:
        """See the port."""
        return _ask(
            "PutObject", lambda: self._s3.put_object(Bucket=bucket, Key=key, Body=b"", IfMatch=NO_ETAG), NO_OBJECT
        )

    def write(self, bucket: str, key: str) -> Verdict:
        """`If-None-Match` for buckets whose policy wants it."""

        def put() -> None:
            self._s3.put_object(Bucket=bucket, Key=key, Body=b"{}", ContentMD5=OTHER_DIGEST, IfNoneMatch="*")

        return _ask("PutObject", put, {"BadDigest", "InvalidDigest", *NO_OBJECT})

    def look(self, url: str) -> Verdict:
        """See the port."""
        return _ask("GetQueueAttributes", lambda: self._attributes(url))

    def receive(self, url: str) -> Verdict:
        """See the port."""
        return _ask(
            "ReceiveMessage",
            lambda: self._sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=TOO_MANY, VisibilityTimeout=0),
            NO_MESSAGE,
        )

    def extend(self, url: str) -> Verdict:
        """See the port."""
        return _ask(
            "ChangeMessageVisibility",
            lambda: self._sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=NO_HANDLE, VisibilityTimeout=0),
            NO_MESSAGE,
        )

    def delete(self, url: str) -> Verdict:
        """See the port."""
        return _ask(
            "DeleteMessage", lambda: self._sqs.delete_message(QueueUrl=url, ReceiptHandle=NO_HANDLE), NO_MESSAGE
        )

    def send(self, url: str) -> Verdict:
        """See the port."""
        return _ask("SendMessageBatch", lambda: self._sqs.send_message_batch(QueueUrl=url, Entries=[]), NOTHING_IN_IT)

    def publish(self, topic_arn: str) -> Verdict:
        """See the port."""
        sns: Any = self._topics.of(topic_arn)
        return _ask(
            "PublishBatch",
            lambda: sns.publish_batch(TopicArn=topic_arn, PublishBatchRequestEntries=[]),
            NOTHING_IN_IT,
        )

    def settings(self, url: str) -> QueueSettings:
        """See the port."""
        with translated("GetQueueAttributes"):
            return queue_settings(self._attributes(url))

    def _attributes(self, url: str) -> dict[str, str]:
        return dict(self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(ASKED))["Attributes"])


def _ask(call: str, request: Callable[[], object], passed: Collection[str] = ()) -> Verdict:
    """`passed`: codes that come only after the right was found; those of other calls are about who asks at all."""
    with translated(call):
        try:
            request()
        except ClientError as error:
            verdict = _verdict(code_of(error), passed) if error.operation_name == call else None
            if verdict is None:
                raise
            return verdict
        return Verdict.ALLOWED


def _verdict(code: str, passed: Collection[str]) -> Verdict | None:
    if code in DENIED:
        return Verdict.DENIED
    if code in MISSING:
        return Verdict.MISSING
    return Verdict.ALLOWED if code in passed else None
