"""boto3 clients with the time-outs and retries that each use needs, made once; and AWS errors as `Unavailable`."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
)
from botocore.handlers import add_expect_header

from laneway.schema.shared.regions import region_of_topic
from laneway_worker.errors import Refused, TargetRefused, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

READ_SLACK_SECONDS = 10  # a long poll's read time-out must exceed its wait
HEARTBEAT_TIMEOUT_SECONDS = 3
TIMEOUT_SECONDS = 10
TRIES = 3
USER_AGENT = "laneway-worker"  # botocore builds its own anew for each call, which is a tenth of the call


IDENTITY = "allow it in the IAM policy of the pool's identity"
CREDENTIALS = "correct the credentials of the pool's identity"
QUEUE = "make the queue, or correct its URL in the pool"
REGION = "correct the region in the pool"
CLOCK = "set the clock of this machine right"
REACH = "see that the endpoint is right and can be reached from here"
REDIRECTS = "name the endpoint that answers by itself: this one leads elsewhere, where no signed request may go"

ADVICE = {
    "AccessDenied": IDENTITY,
    "AccessDeniedException": IDENTITY,
    "403": IDENTITY,  # a HEAD has no body, and so no other code
    "KMS.AccessDeniedException": "allow the key of the queue's encryption to the pool's identity",
    "KmsAccessDenied": "allow the key of the queue's encryption to the pool's identity",
    "AWS.SimpleQueueService.NonExistentQueue": QUEUE,
    "QueueDoesNotExist": QUEUE,
    "NoSuchBucket": "make the bucket, or correct its name in the pool",
    "NotFound": "make what is missing, or correct its name in the pool",
    "ExpiredToken": CREDENTIALS,
    "ExpiredTokenException": CREDENTIALS,
    "InvalidAccessKeyId": CREDENTIALS,
    "InvalidClientTokenId": CREDENTIALS,
    "InvalidIdentityToken": CREDENTIALS,
    "SignatureDoesNotMatch": CREDENTIALS,
    "UnrecognizedClientException": CREDENTIALS,
    "RequestTimeTooSkewed": CLOCK,
    "PermanentRedirect": REGION,
    "AuthorizationHeaderMalformed": REGION,
    "IllegalLocationConstraintException": REGION,
}
"""AWS's codes for what a person has to change: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html."""

OF_THE_TARGET = {code for code, advice in ADVICE.items() if advice not in (CREDENTIALS, REGION, CLOCK)}
"""Codes that are about a bucket, queue or topic, and not about who asks."""

NO_CREDENTIALS = (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError)


@dataclass(frozen=True)
class Clients:
    """One client a use: a stuck long poll must not hold a heartbeat's connection."""

    poll: SQSClient
    heartbeat: SQSClient
    acknowledge: SQSClient
    events: SQSClient
    s3: S3Client
    topics: Topics


class Topics:
    """A client for each region that a topic is in, which need not be the queues': SNS knows the topics of one region.
    Instances may be used by several threads.
    """

    def __init__(self, make: Callable[[str], SNSClient], region: str) -> None:
        """`make` makes a region's client; `region` is the pool's, whose client is there from the first."""
        self._make = make
        self._lock = threading.Lock()
        self._clients = {region: make(region)}
        self._own = region

    def of(self, topic_arn: str) -> SNSClient:
        """The client of a topic's region."""
        region = region_of_topic(topic_arn) or self._own
        with self._lock:
            if region not in self._clients:
                self._clients[region] = self._make(region)
            return self._clients[region]

    def close(self) -> None:
        """Close what was made."""
        for client in self._clients.values():
            client.close()


def make_clients(region: str, endpoint: str | None, slots: int, poll_seconds: int) -> Clients:
    """The clients of one worker; boto3 finds credentials by its own chain."""
    session = boto3.Session(region_name=region)
    pool = slots * 2 + 4

    def config(read: int, tries: int) -> Config:
        return _config(endpoint, read, tries, pool)

    def sns(topics_region: str) -> SNSClient:
        settings = config(TIMEOUT_SECONDS, TRIES)
        return session.client("sns", region_name=topics_region, endpoint_url=endpoint, config=settings)

    return Clients(
        poll=session.client("sqs", endpoint_url=endpoint, config=config(poll_seconds + READ_SLACK_SECONDS, 1)),
        heartbeat=session.client("sqs", endpoint_url=endpoint, config=config(HEARTBEAT_TIMEOUT_SECONDS, 1)),
        acknowledge=session.client("sqs", endpoint_url=endpoint, config=config(TIMEOUT_SECONDS, TRIES)),
        events=session.client("sqs", endpoint_url=endpoint, config=config(HEARTBEAT_TIMEOUT_SECONDS, 1)),
        s3=_s3(session, endpoint, config(TIMEOUT_SECONDS, TRIES)),
        topics=Topics(sns, region),
    )


def few_clients(region: str, endpoint: str | None) -> Clients:
    """Clients for a few calls; raises `Refused` where the endpoint is none."""
    try:
        return make_clients(region, endpoint, slots=1, poll_seconds=1)
    except ValueError as error:
        raise Refused(
            f"there can be no AWS at {endpoint} in {region}", "correct the endpoint and the region"
        ) from error


def _s3(session: boto3.Session, endpoint: str | None, config: Config) -> S3Client:
    """Sends bodies at once: botocore would ask before each (`Expect: 100-continue`), which costs a PUT a round trip."""
    client = session.client("s3", endpoint_url=endpoint, config=config)
    client.meta.events.unregister("before-call.s3", add_expect_header)
    return client


def _config(endpoint: str | None, read: int, tries: int, pool: int) -> Config:
    return Config(
        user_agent=USER_AGENT,
        connect_timeout=HEARTBEAT_TIMEOUT_SECONDS,
        read_timeout=read,
        max_pool_connections=pool,
        retries={"mode": "standard", "total_max_attempts": tries},
        s3={"addressing_style": "path" if endpoint else "auto"},
        proxies={} if endpoint else None,  # an emulator is near; a proxy from the environment is not for it
    )


def code_of(error: ClientError) -> str:
    """AWS's code of an error, such as `PreconditionFailed`."""
    return str(error.response.get("Error", {}).get("Code", ""))


@contextmanager
def translated(call: str) -> Iterator[None]:
    """Turn what AWS refuses into `Unavailable`; only the error's code is kept, since messages may quote a request."""
    try:
        yield
    except ClientError as error:
        raise _refusal(call, error) from error
    except NO_CREDENTIALS as error:
        raise Refused(f"{call} found no credentials", "give the pool's identity access to AWS") from error
    except RecursionError as error:  # botocore asks a bucket's region of who redirects that question, too
        raise Refused(f"{call} was redirected", REDIRECTS) from error
    except BotoCoreError as error:
        raise Unavailable(f"{call} failed: {type(error).__name__}", REACH) from error


def _refusal(call: str, error: ClientError) -> Unavailable:
    """A refusal stays where its code says so; others, throttling among them, pass."""
    code = code_of(error)
    words = f"{call} was refused: {code}"
    if code not in ADVICE:
        return Unavailable(words)
    if error.operation_name not in ("", call):  # the credentials' own call, such as AssumeRoleWithWebIdentity
        return Refused(f"{words} ({error.operation_name})", ADVICE[code])
    return TargetRefused(words, ADVICE[code]) if code in OF_THE_TARGET else Refused(words, ADVICE[code])
