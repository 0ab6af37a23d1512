from __future__ import annotations

import pytest

from laneway.client.connection import Connection
from laneway.client.remote import Remote
from laneway.schema.job.keys import Place
from laneway.schema.pool.documents.pool_document import PoolDocument, pool_document
from support.worker.lane import documents_with

NAMELESS = "http://127.0.0.1:4566/000000000000/jobs"
IN_OHIO = "https://sqs.us-east-2.amazonaws.com/111122223333/jobs"


@pytest.fixture
def remote(monkeypatch: pytest.MonkeyPatch) -> Remote:
    """Of a caller whose own settings name a region where the pool is not."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-1")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    return Remote(Connection(place=Place(bucket="acme-llm")))


def document(region: str) -> PoolDocument:
    return pool_document([documents_with(region=region)])


def region_for(remote: Remote, url: str) -> str:
    return str(remote._sqs(url).meta.region_name)


def test_queues_are_asked_in_the_region_that_the_pool_names(remote: Remote) -> None:
    remote.follow(document("eu-west-1"))
    assert region_for(remote, NAMELESS) == "eu-west-1"


def test_the_url_of_a_queue_comes_first(remote: Remote) -> None:
    remote.follow(document("eu-west-1"))
    assert region_for(remote, IN_OHIO) == "us-east-2"
    assert region_for(remote, NAMELESS) == "eu-west-1"


def test_a_region_that_is_empty_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "")
    made = Remote(Connection(place=Place(bucket="acme-llm")))
    made.follow(document("eu-west-1"))
    assert region_for(made, NAMELESS) == "eu-west-1"
