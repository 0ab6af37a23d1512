"""The one piece of work that every peer does for a message: PUT one object. Settings come from the environment."""

from __future__ import annotations

import os
import time
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT = os.environ["BENCH_ENDPOINT"]
REGION = os.environ["BENCH_REGION"]
QUEUE_URL = os.environ["BENCH_QUEUE"]
SLOTS = int(os.environ["BENCH_SLOTS"])
VISIBILITY_SECONDS = int(os.environ["BENCH_VISIBILITY"])
WORK_SECONDS = float(os.environ["BENCH_WORK_SECONDS"])
POLL_SECONDS = 5
BODY = b"x" * 900


@cache
def client(service: str) -> Any:
    """One client a service, as the worker has."""
    config = Config(
        max_pool_connections=SLOTS * 2 + 4,
        retries={"mode": "standard", "total_max_attempts": 3},
        s3={"addressing_style": "path"},
        proxies={},
    )
    return boto3.client(service, region_name=REGION, endpoint_url=ENDPOINT, config=config)  # type: ignore[call-overload] # because the service is a variable


def work(key: str) -> None:
    """Take as long as asked, and store a result."""
    if WORK_SECONDS:
        time.sleep(WORK_SECONDS)
    try:
        client("s3").put_object(
            Bucket=os.environ["BENCH_BUCKET"],
            Key=os.environ["BENCH_PREFIX"] + key,
            Body=BODY,
            IfNoneMatch="*",
            ContentType="application/json",
        )
    except ClientError as error:
        if error.response["Error"]["Code"] != "PreconditionFailed":  # a job that comes again finds its own result
            raise
