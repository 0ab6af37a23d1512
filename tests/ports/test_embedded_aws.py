"""The server of embedded AWS as `laneway up` starts it."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError

from laneway.local.aws.keys import Keys, keys_of
from support.aws.moto import REGION
from support.processes import free_port, server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

QUEUE = "kept"
OTHERS = Keys(access_key_id="laneway", secret_access_key="any")  # noqa: S106 - what other emulators take


@contextmanager
def embedded(folder: Path) -> Iterator[str]:
    """Its URL."""
    port = free_port()
    command = [sys.executable, "-P", "-m", "laneway.local.aws.server", str(port), str(folder)]
    with server(command, {"HOME": str(folder)}, port, folder.with_suffix(".log")):
        yield f"http://127.0.0.1:{port}"


def sqs(url: str, keys: Keys) -> SQSClient:
    session = boto3.Session(keys.access_key_id, keys.secret_access_key, region_name=REGION)
    return session.client("sqs", endpoint_url=url)


def test_a_folder_from_before_gets_a_key_that_alone_reads_what_it_holds(tmp_path: Path) -> None:
    folder = tmp_path / "aws"
    folder.mkdir()
    queues: dict[str, Any] = {REGION: {QUEUE: {"attributes": {}, "messages": []}}}
    (folder / "queues.json").write_text(json.dumps(queues))
    with embedded(folder) as url:
        assert httpx.post(f"{url}/moto-api/reset").status_code == 403
        with pytest.raises(ClientError, match="this is not the access key"):
            sqs(url, OTHERS).list_queues()
        assert sqs(url, keys_of(folder)).get_queue_url(QueueName=QUEUE)["QueueUrl"].startswith(url)


def s3(url: str, keys: Keys, region: str) -> S3Client:
    session = boto3.Session(keys.access_key_id, keys.secret_access_key, region_name=region)
    return session.client("s3", endpoint_url=url)


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1", "cn-north-1", "us-gov-west-1"])
def test_a_bucket_is_where_it_was_after_a_restart(tmp_path: Path, region: str) -> None:
    folder = tmp_path / "aws"
    folder.mkdir()
    keys = keys_of(folder)
    where: Any = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    with embedded(folder) as url:
        s3(url, keys, region).create_bucket(Bucket="acme", **where)
        s3(url, keys, region).put_object(Bucket="acme", Key="a", Body=b"text", Metadata={"owner": "anna"})
    with embedded(folder) as url:
        found = s3(url, keys, region).get_object(Bucket="acme", Key="a")
        assert (found["Body"].read(), found["Metadata"]) == (b"text", {"owner": "anna"})
        headers = s3(url, keys, region).head_bucket(Bucket="acme")["ResponseMetadata"]["HTTPHeaders"]
        assert headers["x-amz-bucket-region"] == region


def test_a_folder_that_does_not_say_has_its_buckets_where_its_queues_are(tmp_path: Path) -> None:
    folder = tmp_path / "aws"
    folder.mkdir()
    (folder / "queues.json").write_text(json.dumps({REGION: {QUEUE: {"attributes": {}, "messages": []}}}))
    (folder / "objects.json").write_text(json.dumps({"acme": {}}))
    with embedded(folder) as url:
        headers = s3(url, keys_of(folder), REGION).head_bucket(Bucket="acme")["ResponseMetadata"]["HTTPHeaders"]
        assert headers["x-amz-bucket-region"] == REGION


def test_a_queue_says_whose_it_is_after_a_restart(tmp_path: Path) -> None:
    folder = tmp_path / "aws"
    folder.mkdir()
    keys = keys_of(folder)
    with embedded(folder) as url:
        sqs(url, keys).create_queue(QueueName=QUEUE, tags={"owner": "anna"})
    with embedded(folder) as url:
        there = sqs(url, keys).get_queue_url(QueueName=QUEUE)["QueueUrl"]
        assert sqs(url, keys).list_queue_tags(QueueUrl=there)["Tags"] == {"owner": "anna"}
