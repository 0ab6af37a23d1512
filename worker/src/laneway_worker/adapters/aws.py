"""boto3 clients with the time-outs and retries that each use needs, made once; and AWS errors as `Unavailable`."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from laneway_worker.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

READ_SLACK_SECONDS = 10  # a long poll's read time-out must exceed its wait
HEARTBEAT_TIMEOUT_SECONDS = 3
TIMEOUT_SECONDS = 10
TRIES = 3


@dataclass(frozen=True)
class Clients:
    """One client a use: a stuck long poll must not hold a heartbeat's connection."""

    poll: SQSClient
    heartbeat: SQSClient
    acknowledge: SQSClient
    s3: S3Client
    sns: SNSClient


def clients(region: str, endpoint: str | None, slots: int, poll_seconds: int) -> Clients:
    """The clients of one worker; boto3 finds credentials by its own chain."""
    session = boto3.Session(region_name=region)
    pool = slots * 2 + 4

    def config(read: int, tries: int, connect: int = HEARTBEAT_TIMEOUT_SECONDS) -> Config:
        return Config(
            connect_timeout=connect,
            read_timeout=read,
            max_pool_connections=pool,
            retries={"mode": "standard", "total_max_attempts": tries},
            s3={"addressing_style": "path" if endpoint else "auto"},
            proxies={} if endpoint else None,  # an emulator is near; a proxy from the environment is not for it
        )

    return Clients(
        poll=session.client("sqs", endpoint_url=endpoint, config=config(poll_seconds + READ_SLACK_SECONDS, 1)),
        heartbeat=session.client("sqs", endpoint_url=endpoint, config=config(HEARTBEAT_TIMEOUT_SECONDS, 1)),
        acknowledge=session.client("sqs", endpoint_url=endpoint, config=config(TIMEOUT_SECONDS, TRIES)),
        s3=session.client("s3", endpoint_url=endpoint, config=config(TIMEOUT_SECONDS, TRIES)),
        sns=session.client("sns", endpoint_url=endpoint, config=config(TIMEOUT_SECONDS, TRIES)),
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
        raise Unavailable(f"{call} was refused: {code_of(error)}") from error
    except BotoCoreError as error:
        raise Unavailable(f"{call} failed: {type(error).__name__}") from error
