"""`laneway-worker`, as a container runs it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from laneway.schema.pool.documents.pool_document import PoolDocument, pool_document
from laneway.schema.pool.documents.preflight import Preflight
from support.aws.moto import CREDENTIALS
from support.ollama.stub import Reply
from support.worker.documents import written
from support.worker.lane import documents_with

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from laneway_worker.adapters.aws.clients import Clients
    from support.aws.emulators import Aws
    from support.ollama.stub import StubOllama

BUCKET = "acme-llm"
KEY = "documents/pool.json"
NOBODY = {name: value for name, value in CREDENTIALS.items() if "KEY" not in name}


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    said: str


def laneway_worker(*arguments: str | Path, environment: Mapping[str, str] = CREDENTIALS) -> Done:
    done = subprocess.run(
        [sys.executable, "-m", "laneway_worker", *arguments],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def aws(moto: Aws) -> Clients:
    return moto.clients


@pytest.fixture
def published(tmp_path: Path, aws: Clients) -> Iterator[Path]:
    """The document of a pool whose queues and bucket are there; the bucket keeps every version."""
    aws.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    aws.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    make_queues(aws)
    yield document(tmp_path, aws.s3.meta.endpoint_url)
    for each in versions(aws):
        aws.s3.delete_object(Bucket=BUCKET, Key=KEY, VersionId=each)
    aws.s3.delete_bucket(Bucket=BUCKET)


def versions(aws: Clients) -> list[str]:
    listed = aws.s3.list_object_versions(Bucket=BUCKET)
    return [each["VersionId"] for each in listed.get("Versions", [])]


def make_queues(aws: Clients) -> None:
    sqs = aws.acknowledge
    dead = sqs.create_queue(QueueName="preflight-dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 20})
    sqs.create_queue(QueueName="preflight", Attributes={"RedrivePolicy": policy})


def document(folder: Path, endpoint: str, **config: Any) -> Path:
    queue = {"url": f"{endpoint}/123456789012/preflight", "dead_letter_url": f"{endpoint}/123456789012/preflight-dead"}
    lane = documents_with(**{"queue": queue, **config})
    path = folder / "preflight.json"
    asked = Preflight(
        results=lane.config.results, region="eu-central-1", endpoint=endpoint, document=pool_document([lane])
    )
    path.write_text(asked.model_dump_json())
    return path


def refused(path: Path, environment: Mapping[str, str] = CREDENTIALS) -> tuple[str, str]:
    """Code and message of a preflight's first finding."""
    done = laneway_worker("--preflight", path, environment=environment)
    assert done.code == 3, done.said
    first, *_, last = done.said.splitlines()
    told = json.loads(last)
    assert first == f"laneway-worker: {told['message']}"
    return told["code"], told["message"]


# Publishing


def test_a_pools_document_is_published_once(aws: Clients, published: Path) -> None:
    assert [laneway_worker("--preflight", published).code for _ in range(2)] == [0, 0]
    assert len(versions(aws)) == 1
    there = aws.s3.get_object(Bucket=BUCKET, Key=KEY)
    assert there["ContentType"] == "application/json"
    assert PoolDocument.model_validate_json(there["Body"].read()).lanes[0].name == "fast"


def test_a_changed_document_is_published_again(aws: Clients, published: Path, tmp_path: Path) -> None:
    laneway_worker("--preflight", published)
    done = laneway_worker("--preflight", document(tmp_path, aws.s3.meta.endpoint_url, lane="slow"))
    assert (done.code, len(versions(aws))) == (0, 2)
    assert json.loads(done.out)["url"] == f"s3://{BUCKET}/{KEY}"


def test_a_missing_bucket_is_named(aws: Clients, tmp_path: Path) -> None:
    found = refused(document(tmp_path, aws.s3.meta.endpoint_url))
    assert found == ("bucket_missing", f"the bucket {BUCKET} is not there")


def test_a_preflight_that_is_told_to_leave_does_so_at_once(tmp_path: Path) -> None:
    """As the first process of a container too, which no signal ends by itself: so not by the signal."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        path = document(tmp_path, f"http://127.0.0.1:{silent.getsockname()[1]}")
        with subprocess.Popen([sys.executable, "-m", "laneway_worker", "--preflight", path], env=CREDENTIALS) as child:
            silent.settimeout(60)
            asked, _ = silent.accept()
            child.terminate()
            assert child.wait(20) == 128 + signal.SIGTERM
            asked.close()


def test_nobody_listening_is_said(refused_url: str, tmp_path: Path) -> None:
    code, message = refused(document(tmp_path, refused_url))
    assert code == "aws_unavailable"
    assert "EndpointConnectionError; see that the endpoint is right" in message


def test_missing_credentials_are_said(refused_url: str, tmp_path: Path) -> None:
    code, message = refused(document(tmp_path, refused_url), NOBODY)
    assert code == "aws_refused"
    assert "no credentials; give the pool's identity access" in message


def test_what_is_no_endpoint_is_said(tmp_path: Path) -> None:
    code, message = refused(document(tmp_path, "nonsense"))
    assert code == "aws_refused"
    assert "correct the endpoint" in message


def test_throttling_is_no_lack_of_rights(stub: StubOllama, tmp_path: Path) -> None:
    listing = f"/{BUCKET}?list-type=2&prefix=documents%2F&max-keys=1&encoding-type=url"
    stub.on(listing, Reply((b"<Error><Code>SlowDown</Code></Error>",), 503))
    assert refused(document(tmp_path, stub.url)) == (
        "aws_unavailable",
        "can't try the pool's rights: ListObjectsV2 was refused: SlowDown",
    ), stub.asked


# Documents and options


@pytest.mark.parametrize("options", [("--config", "--live"), ("--preflight",), ("--dead-letters",)])
@pytest.mark.parametrize(
    ("text", "words"), [(None, "can't read"), ("{}", "is not a"), ("no json", "is not a")], ids=["none", "{}", "text"]
)
def test_what_can_not_be_used_is_said(tmp_path: Path, options: tuple[str, ...], text: str | None, words: str) -> None:
    path = tmp_path / "document.json"
    if text is not None:
        path.write_text(text)
    done = laneway_worker(*(each for option in options for each in (option, path)))
    assert done.code == 2
    (line,) = done.said.splitlines()
    assert words in line


@pytest.mark.parametrize("body", [None, "{}", "no json"])
def test_a_live_document_that_can_not_be_used_is_said_at_the_start(tmp_path: Path, body: str | None) -> None:
    arguments = written(documents_with(), tmp_path, "lane")
    live = Path(arguments[-1])
    live.unlink() if body is None else live.write_text(body)
    done = laneway_worker(*arguments)
    assert done.code == 2
    (line,) = done.said.splitlines()
    assert str(live) in line


@pytest.mark.parametrize(
    "arguments", [[], ["--config", "a", "--preflight", "b"], ["--config", "a"], ["--preflight", "a", "--live", "b"]]
)
def test_it_wants_the_documents_of_one_thing(arguments: list[str]) -> None:
    done = laneway_worker(*arguments)
    assert done.code == 2
    assert done.said.startswith("usage: laneway-worker")
