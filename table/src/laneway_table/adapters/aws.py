"""Clients of AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_rds import RDSClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient


class Keys(NamedTuple):
    """An AWS access key."""

    access_key_id: str
    secret_access_key: str


POLL_SECONDS = 20  # SQS: the longest
CONNECT_SECONDS = 5
READ_SECONDS = 15
RETRIES = 3
FETCHERS = 16  # threads that get results at once


def sqs_client(region: str, endpoint: str | None) -> SQSClient:
    """A receive may take a long poll longer than any other call."""
    return _session(region, endpoint).client(
        "sqs", endpoint_url=endpoint, config=_config(READ_SECONDS + POLL_SECONDS, 10)
    )


def s3_client(region: str, endpoint: str | None, keys: Keys | None = None) -> S3Client:
    """For as many threads as get results; without keys, with those that boto3 finds."""
    return _session(region, endpoint, keys).client(
        "s3",
        endpoint_url=endpoint,
        config=_config(READ_SECONDS, FETCHERS, s3={"addressing_style": "path"} if endpoint else None),
    )


def dynamodb_client(region: str, endpoint: str | None) -> DynamoDBClient:
    """For as many threads as write rows."""
    return _session(region, endpoint).client("dynamodb", endpoint_url=endpoint, config=_config(READ_SECONDS, FETCHERS))


def rds_client(region: str) -> RDSClient:
    """Signs tokens, and calls nobody."""
    return boto3.Session(region_name=region).client("rds")


def _session(region: str, endpoint: str | None, keys: Keys | None = None) -> boto3.Session:
    """Emulators take any credentials, and people at their machine may have none."""
    if keys is not None:
        return boto3.Session(keys.access_key_id, keys.secret_access_key, region_name=region)
    own = boto3.Session(region_name=region)
    if endpoint is None or own.get_credentials() is not None:
        return own
    return boto3.Session("emulator", "emulator", region_name=region)


def _config(read_seconds: int, connections: int, s3: dict[str, str] | None = None) -> Config:
    return Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=read_seconds,
        max_pool_connections=connections,
        retries={"mode": "standard", "total_max_attempts": RETRIES},
        s3=s3,  # type: ignore[arg-type]  # None is as good as nothing
    )
