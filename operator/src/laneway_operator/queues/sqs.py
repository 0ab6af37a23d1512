"""The queues of lanes on SQS: Laneway's own are made and deleted, others' are looked at."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
)
from botocore.exceptions import (
    ConnectionError as NoConnection,
)

from laneway.schema.pool.queues.queue import LONGEST_RETENTION_SECONDS, MAX_RECEIVES, QueueURLs
from laneway.schema.pool.queues.rules import ASKED, OwnQueue, queue_settings
from laneway.schema.shared.names import OWNER_TAG
from laneway_operator.errors import NotYet
from laneway_operator.queues.port import Depth
from laneway_operator.queues.recent import Recent
from laneway_operator.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from laneway.schema.pool.queues.managed import ManagedQueue

SILENCE_SECONDS = 10.0  # for so long a region that gave no answer isn't asked: each try holds a thread for seconds
ENCRYPTED = {"SqsManagedSseEnabled": "true"}
"""Of a new queue only: what a person or a policy of the account makes of it later is theirs, such as a key."""
QUEUED, RUNNING = "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"
COUNTS = (QUEUED, "ApproximateNumberOfMessagesDelayed", RUNNING)
DENIED = {
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "ExpiredToken",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
MISSING = {"InvalidAddress", "NonExistentQueue", "QueueDoesNotExist"}
PASSING = {"QueueDeletedRecently": ", as a name is free only a minute after its queue was deleted"}
WITHOUT_IDENTITY = (CredentialRetrievalError, NoCredentialsError, PartialCredentialsError)
SILENCE = (NoConnection, HTTPClientError)


class SQSQueues:
    """On SQS. Instances may be used by several threads."""

    def __init__(self, endpoint: str | None, clock: Callable[[], float] = time.monotonic) -> None:
        """boto3 finds credentials by its own chain; `clock` is monotonic."""
        self._endpoint = endpoint
        self._clock = clock
        self._session = boto3.Session()
        self._lock = threading.Lock()
        self._clients: dict[str, Any] = {}
        self._seen: Recent[ManagedQueue, QueueURLs] = Recent()
        self._silent: dict[str, tuple[float, str]] = {}
        """Region → until when it isn't asked, and the error that it gave no answer with."""

    def ensure(self, queue: ManagedQueue) -> QueueURLs:
        """A few calls the first time, none for some minutes then."""
        seen = self._seen.get(queue, self._clock())
        if seen is not None:
            return seen
        with self._asking(f"queue {queue.name}", queue.region):
            urls = self._ensure(self._client(queue.region), queue)
        self._seen.put(queue, urls, self._clock())
        return urls

    def delete(self, queue: ManagedQueue) -> None:
        """See the port."""
        self._seen.drop(lambda each: each.name == queue.name)
        sqs = self._client(queue.region)
        for name in (queue.name, queue.dead_letter_name):
            with self._asking(f"queue {name}", queue.region), suppress(sqs.exceptions.QueueDoesNotExist):
                url = str(sqs.get_queue_url(QueueName=name)["QueueUrl"])
                if self._owner(sqs, url) == queue.owner:
                    sqs.delete_queue(QueueUrl=url)

    def held(self, urls: QueueURLs, region: str) -> int:
        """Two calls. SQS counts approximately: one zero is no proof."""
        sqs = self._client(region)
        total = 0
        for url in (urls.url, urls.dead_letter_url):
            with self._asking(f"queue {url}", region), suppress(sqs.exceptions.QueueDoesNotExist):
                answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(COUNTS))
                total += sum(int(each) for each in answer["Attributes"].values())
        return total

    def depth(self, url: str, region: str) -> Depth:
        """One call."""
        with self._asking(f"queue {url}", region):
            answer = self._client(region).get_queue_attributes(QueueUrl=url, AttributeNames=[QUEUED, RUNNING])
            return Depth(queued=int(answer["Attributes"][QUEUED]), running=int(answer["Attributes"][RUNNING]))

    def look(self, urls: QueueURLs, region: str) -> OwnQueue:
        """Two calls. They go to the region's own endpoint, whatever host a URL names."""
        sqs = self._client(region)
        found = []
        for url in (urls.url, urls.dead_letter_url):
            with self._asking(f"queue {url}", region):
                answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(ASKED))
                found.append(queue_settings(answer["Attributes"]))
        return OwnQueue(queue=found[0], dead=found[1])

    def _ensure(self, sqs: Any, queue: ManagedQueue) -> QueueURLs:
        dead = self._one(sqs, queue, queue.dead_letter_name, {"MessageRetentionPeriod": LONGEST_RETENTION_SECONDS})
        arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": MAX_RECEIVES})
        wanted = {"MessageRetentionPeriod": queue.retention_seconds, "RedrivePolicy": redrive}
        return QueueURLs(url=self._one(sqs, queue, queue.name, wanted), dead_letter_url=dead)

    def _one(self, sqs: Any, queue: ManagedQueue, name: str, attributes: dict[str, Any]) -> str:
        wanted = {key: str(value) for key, value in attributes.items()}
        try:
            url = str(sqs.get_queue_url(QueueName=name)["QueueUrl"])
        except sqs.exceptions.QueueDoesNotExist:
            made = sqs.create_queue(QueueName=name, Attributes=wanted | ENCRYPTED, tags={OWNER_TAG: queue.owner})
            return str(made["QueueUrl"])
        self._refuse_foreign(sqs, url, queue.owner)
        there = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        changed = {key: value for key, value in wanted.items() if _differs(there.get(key), value)}
        if changed:
            sqs.set_queue_attributes(QueueUrl=url, Attributes=changed)
        return url

    @staticmethod
    def _owner(sqs: Any, url: str) -> str | None:
        tags: dict[str, str] = sqs.list_queue_tags(QueueUrl=url).get("Tags", {})
        return tags.get(OWNER_TAG)

    def _refuse_foreign(self, sqs: Any, url: str, owner: str) -> None:
        if self._owner(sqs, url) != owner:
            raise NotYet(Reason.QUEUE_NOT_OURS, f"the queue {url} is there, but its tag {OWNER_TAG} is not {owner}")

    def _client(self, region: str) -> Any:
        with self._lock:
            if region not in self._clients:
                config = Config(
                    connect_timeout=3,
                    read_timeout=5,
                    retries={
                        "mode": "standard",
                        "total_max_attempts": 2,
                    },  # a pass that waits keeps a thread from others
                    proxies={} if self._endpoint else None,  # a proxy from the environment is not for an emulator
                )
                self._clients[region] = self._session.client(
                    "sqs", region_name=region, endpoint_url=self._endpoint, config=config
                )
            return self._clients[region]

    @contextmanager
    def _asking(self, what: str, region: str) -> Iterator[None]:
        where = self._endpoint or f"SQS in {region}"
        until, silence = self._silent.get(region, (0.0, ""))
        if self._clock() < until:
            raise _no_answer(what, where, silence)
        try:
            yield
        except ClientError as error:
            raise _answered(error, what, where) from error
        except WITHOUT_IDENTITY as error:
            words = f"{what}: the operator has no credentials for AWS ({type(error).__name__})"
            raise NotYet(Reason.QUEUE_ACCESS_DENIED, words) from error
        except BotoCoreError as error:
            if isinstance(error, SILENCE):
                self._silent[region] = (self._clock() + SILENCE_SECONDS, type(error).__name__)
            raise _no_answer(what, where, type(error).__name__) from error


def _no_answer(what: str, where: str, error: str) -> NotYet:
    return NotYet(Reason.AWS_UNREACHABLE, f"{what}: no answer from {where} ({error})")


def _answered(error: ClientError, what: str, where: str) -> NotYet:
    code = str(error.response.get("Error", {}).get("Code", "")).rpartition(".")[2]
    if code in DENIED:
        words = f"{what}: {where} refused the operator's identity with {code} for {error.operation_name}"
        return NotYet(Reason.QUEUE_ACCESS_DENIED, words)
    if code in MISSING:
        return NotYet(Reason.QUEUE_MISSING, f"{what}: {where} has no such queue")
    because = PASSING.get(code, "")
    return NotYet(Reason.AWS_UNREACHABLE, f"{what}: {where} answered with {code}{because}")


def _differs(there: str | None, wanted: str) -> bool:
    """An attribute is text; a policy is JSON, which SQS writes in its own way."""
    if there is None or not wanted.startswith("{"):
        return there != wanted
    try:
        found = json.loads(there)
    except ValueError:
        return True
    return {key: str(value) for key, value in found.items()} != {
        key: str(value) for key, value in json.loads(wanted).items()
    }
