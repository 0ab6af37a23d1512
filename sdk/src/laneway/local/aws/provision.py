"""Makes what a local pool needs in AWS and does not find there: queues, bucket, topic, pool.json.

A name may be taken by somebody else's pool: what is not tagged as this pool's is never used.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from laneway.client.aws.words import NO_QUEUE, code_of
from laneway.local.errors import LocalError
from laneway.local.owner import OWNER_FILE
from laneway.schema.pool.queues.managed import ManagedQueue, Owner
from laneway.schema.pool.queues.queue import LONGEST_RETENTION_SECONDS, MAX_RECEIVES, QueueURLs
from laneway.schema.shared.base import shown
from laneway.schema.shared.names import OWNER_METADATA, OWNER_TAG, topic_name
from laneway.schema.shared.regions import is_of_aws

if TYPE_CHECKING:
    from collections.abc import Collection

    from laneway.local.aws.account import Account
    from laneway.schema.job.keys import Place
    from laneway.schema.pool.documents.pool_document import PoolDocument
    from laneway.schema.pool.lane import Lane
    from laneway.schema.pool.pool import LLMWorkerPool

NO_LOCATION = "us-east-1"  # S3: the region that must not be named as a location
ABSENT = {"404", "NoSuchBucket", "NoSuchKey"}
DENIED = {"403", "AccessDenied"}


class Provisioner:
    """Idempotent. Of what is there it changes only the settings of queues that it makes; it never deletes.

    Every method raises `LocalError`.
    """

    def __init__(self, account: Account, owner: str) -> None:
        """`owner` tells this state folder from others that use the account."""
        self._account = account
        self._owner = owner
        with account.asking("reading AWS settings"):
            self._sqs, self._s3, self._sns = (account.client(each) for each in ("sqs", "s3", "sns"))

    def _owner_of(self, pool: LLMWorkerPool) -> Owner:
        return Owner(self._owner, pool.metadata.namespace, pool.metadata.name)

    def queues(self, pool: LLMWorkerPool, lane: Lane) -> QueueURLs:
        """The lane's queues: its own, or managed ones that are made where they are missing."""
        own = lane.queue.own
        if own is not None:
            for url in (own.url, own.dead_letter_url):
                self._refuse_elsewhere(url, lane)
            return own
        return self._both(
            ManagedQueue.of(self._owner_of(pool), lane.name, self._account.region, lane.retention_seconds)
        )

    def events(self, pool: LLMWorkerPool) -> str:
        """The URL of the pool's events queue."""
        return self._both(ManagedQueue.of_events(self._owner_of(pool), self._account.region)).url

    def _both(self, queue: ManagedQueue) -> QueueURLs:
        dead = self._queue(queue, queue.dead_letter_name, {"MessageRetentionPeriod": LONGEST_RETENTION_SECONDS})
        with self._account.asking("reading the dead-letter queue"):
            arn = self._sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        redrive = {"deadLetterTargetArn": arn, "maxReceiveCount": MAX_RECEIVES}
        wanted = {"MessageRetentionPeriod": queue.retention_seconds, "RedrivePolicy": json.dumps(redrive)}
        return QueueURLs(url=self._queue(queue, queue.name, wanted), dead_letter_url=dead)

    def _refuse_elsewhere(self, url: str, lane: Lane) -> None:
        """An emulator's queue is the emulator's, whatever name of its host the URL has: the emulator is asked."""
        endpoint = self._account.endpoint
        if endpoint is None or (not is_of_aws(url) and self._has(url)):
            return
        raise LocalError(
            f"lane {lane.name} names the queue {url}, which {endpoint} has not; leave `queue` out for a pool "
            "on this machine, or use AWS itself: --aws"
        )

    def _has(self, url: str) -> bool:
        with self._account.asking(f"looking for the queue {url}"):
            try:
                self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
            except ClientError as error:
                if code_of(error) not in NO_QUEUE:
                    raise
                return False
            return True

    def _queue(self, queue: ManagedQueue, name: str, attributes: dict[str, Any]) -> str:
        texts = {key: str(value) for key, value in attributes.items()}
        with self._account.asking(f"making the queue {name}"):
            try:
                url = str(self._sqs.get_queue_url(QueueName=name)["QueueUrl"])
            except self._sqs.exceptions.QueueDoesNotExist:
                made = self._sqs.create_queue(QueueName=name, Attributes=texts, tags={OWNER_TAG: queue.owner})
                return str(made["QueueUrl"])
            tag = self._sqs.list_queue_tags(QueueUrl=url).get("Tags", {}).get(OWNER_TAG)
            if tag != queue.owner:
                raise LocalError(_not_ours(f"the queue {url}", tag, queue.owner))
            self._sqs.set_queue_attributes(QueueUrl=url, Attributes=texts)
            return url

    def bucket(self, name: str) -> None:
        """A bucket that is there or made."""
        with self._account.asking(f"making the bucket {name}"):
            try:
                self._s3.head_bucket(Bucket=name)
            except ClientError as error:
                if code_of(error) not in ABSENT:
                    raise
                self._make_bucket(name)

    def _make_bucket(self, name: str) -> None:
        region = self._account.region
        if region == NO_LOCATION:
            self._s3.create_bucket(Bucket=name)
        else:
            self._s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": region})

    def claim(self, pool: LLMWorkerPool) -> None:
        """See that nobody else's pool has its results where this one's are to go, or around that."""
        place, ours = pool.results, self._owner_of(pool).path
        for around in place.around():
            self._refuse_within(around, place, ours)
        there = self._marks_of(place, ABSENT)
        if there is None:
            return
        owner, named = there
        theirs = owner or named
        from_before = owner is None and self._account.endpoint is not None and theirs == pool.full_name
        if theirs != ours and not from_before:
            there_already = place.url(place.pool_document())
            raise LocalError(
                _not_ours(there_already, theirs, ours) if owner else _unmarked(there_already, theirs, ours)
            )

    def _refuse_within(self, around: Place, place: Place, ours: str) -> None:
        """Where `around` is another pool's. Who may not look there has no rights in it, either."""
        owner, named = self._marks_of(around, ABSENT | DENIED) or (None, None)
        if named is not None and owner != ours:
            raise LocalError(
                f"results in {place.url(place.prefix)} would lie within those of the pool {shown(named)}, whose "
                f"document is {around.url(around.pool_document())}: give this pool another bucket or prefix"
            )

    def _marks_of(self, place: Place, none: Collection[str]) -> tuple[str | None, str | None] | None:
        """Whose the `pool.json` of a place is: by the mark of `laneway up`, and by the pool that it names. `none` are
        the codes by which S3 says that nothing is to be seen there.
        """
        with self._account.asking("looking for another pool's pool.json"):
            try:
                there = self._s3.get_object(Bucket=place.bucket, Key=place.pool_document())
            except ClientError as error:
                if code_of(error) not in none:
                    raise
                return None
            return there["Metadata"].get(OWNER_METADATA), _pool_named_in(there["Body"].read())

    def topic(self, pool: LLMWorkerPool) -> str:
        """The pool's topic. An emulator has none of AWS: there a topic of the same name stands in for it."""
        named, owner = pool.spec.notifications, self._owner_of(pool)
        if named is not None and self._account.endpoint is None:
            return named.sns.topic_arn
        with self._account.asking("making the topic"):
            if named is not None:
                return str(self._sns.create_topic(Name=named.sns.topic_arn.rpartition(":")[2])["TopicArn"])
            return self._own_topic(owner)

    def _own_topic(self, owner: Owner) -> str:
        mark = [{"Key": OWNER_TAG, "Value": owner.path}]
        arn = str(self._sns.create_topic(Name=topic_name(owner.pool, owner.suffix), Tags=mark)["TopicArn"])
        tags = self._sns.list_tags_for_resource(ResourceArn=arn).get("Tags", [])
        tag = next((each["Value"] for each in tags if each["Key"] == OWNER_TAG), None)
        if tag != owner.path:
            raise LocalError(_not_ours(f"the topic {arn}", tag, owner.path))
        return arn

    def publish(self, pool: LLMWorkerPool, document: PoolDocument) -> None:
        """Write `pool.json`."""
        place = pool.results
        with self._account.asking("writing pool.json"):
            self._s3.put_object(
                Bucket=place.bucket,
                Key=place.pool_document(),
                Body=document.model_dump_json().encode(),
                ContentType="application/json",
                Metadata={OWNER_METADATA: self._owner_of(pool).path},
            )


def _pool_named_in(body: bytes) -> str | None:
    """That of a `pool.json`, and of a result, which lies there where the prefix is another pool's folder of results."""
    try:
        found = json.loads(body)
    except ValueError:
        return None
    named = found.get("pool") if isinstance(found, dict) else None
    return named if isinstance(named, str) else None


def _not_ours(what: str, theirs: str | None, ours: str) -> str:
    if not theirs:
        return _unmarked(what, theirs, ours)
    return (
        f"{_unmarked(what, theirs, ours)}. If it is yours, from another state folder, use that one (--state), or write "
        f"its name, which is all before the first slash, into the file {OWNER_FILE} of this one"
    )


def _unmarked(what: str, theirs: str | None, ours: str) -> str:
    """Of what no `laneway up` has marked as its own, so that no state folder has its name."""
    whose = f"belongs to {shown(theirs)}" if theirs else "does not say whose it is"
    return (
        f"{what} {whose}, and this pool is {ours}: give the pool another name, or its results another bucket or prefix"
    )
