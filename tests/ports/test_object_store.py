from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING

import pytest

from laneway_worker.adapters.s3 import S3Store
from laneway_worker.errors import AlreadyThereError, Unavailable
from laneway_worker.testing.clock import ManualClock
from laneway_worker.testing.memory import MemoryStore
from support.moto_server import aws_clients
from support.stub_ollama import Ending, Reply
from support.waiting import in_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from laneway_worker.adapters.aws import Clients
    from laneway_worker.ports import ObjectStore
    from support.stub_ollama import StubOllama

BUCKET = "results"
WRITERS = 16

CALLS: dict[str, Callable[[ObjectStore, str], object]] = {
    "PutObject": lambda store, bucket: store.put_new(bucket, "key.json", b"{}"),
    "GetObject": lambda store, bucket: store.get(bucket, "key.json"),
    "HeadObject": lambda store, bucket: store.exists(bucket, "key.json"),
}


@pytest.fixture(scope="module")
def s3(aws: Clients) -> Iterator[S3Store]:
    aws.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    yield S3Store(aws.s3)
    for page in aws.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET):
        for each in page.get("Contents", []):
            aws.s3.delete_object(Bucket=BUCKET, Key=each["Key"])
    aws.s3.delete_bucket(Bucket=BUCKET)


@pytest.fixture(params=["memory", "s3"])
def store(request: pytest.FixtureRequest) -> MemoryStore | S3Store:
    if request.param == "memory":
        return MemoryStore(ManualClock())
    real: S3Store = request.getfixturevalue("s3")
    return real


@pytest.fixture(params=["memory", "s3"])
def unreachable(request: pytest.FixtureRequest) -> ObjectStore:
    if request.param == "s3":
        clients: Clients = request.getfixturevalue("unreachable_aws")
        return S3Store(clients.s3)
    memory = MemoryStore(ManualClock())
    memory.down = True
    return memory


@pytest.fixture
def key(request: pytest.FixtureRequest) -> str:
    return f"ports/results/{request.node.name}.json"


def put(store: ObjectStore, key: str, body: bytes) -> str | None:
    """The ETag of a won race, or None."""
    try:
        return store.put_new(BUCKET, key, body)
    except AlreadyThereError:
        return None


def test_what_was_put_is_there(store: ObjectStore, key: str) -> None:
    store.put_new(BUCKET, key, b'{"text": "\xc3\xa9"}')
    stored = store.get(BUCKET, key)
    assert stored is not None
    assert stored.body == b'{"text": "\xc3\xa9"}'
    assert store.exists(BUCKET, key)


def test_what_was_never_put_is_not_there(store: ObjectStore, key: str) -> None:
    assert store.get(BUCKET, key) is None
    assert store.exists(BUCKET, key) is False


def test_an_empty_object_is_an_object(store: ObjectStore, key: str) -> None:
    store.put_new(BUCKET, key, b"")
    stored = store.get(BUCKET, key)
    assert stored is not None
    assert stored.body == b""
    assert store.exists(BUCKET, key)


def test_put_and_get_tell_the_same_etag(store: ObjectStore, key: str) -> None:
    etag = store.put_new(BUCKET, key, b"{}")
    stored = store.get(BUCKET, key)
    assert stored is not None
    assert stored.etag == etag
    assert etag.startswith('"')


def test_other_bodies_have_other_etags(store: ObjectStore, key: str) -> None:
    assert store.put_new(BUCKET, f"{key}.1", b"1") != store.put_new(BUCKET, f"{key}.2", b"2")


def test_a_second_put_is_refused_and_changes_nothing(store: ObjectStore, key: str) -> None:
    store.put_new(BUCKET, key, b"first")
    before = store.get(BUCKET, key)
    with pytest.raises(AlreadyThereError):
        store.put_new(BUCKET, key, b"second")
    assert store.get(BUCKET, key) == before


def test_the_same_body_twice_is_refused_too(store: ObjectStore, key: str) -> None:
    store.put_new(BUCKET, key, b"{}")
    with pytest.raises(AlreadyThereError):
        store.put_new(BUCKET, key, b"{}")


def test_keys_are_apart(store: ObjectStore, key: str) -> None:
    store.put_new(BUCKET, f"{key}.1", b"1")
    assert not store.exists(BUCKET, key)
    assert store.get(BUCKET, f"{key}.2") is None


def test_one_of_many_writers_wins(store: ObjectStore, key: str) -> None:
    start = threading.Barrier(WRITERS)

    def write(number: int) -> str | None:
        start.wait(timeout=30)
        return put(store, key, str(number).encode())

    races = [in_thread(partial(write, number)) for number in range(WRITERS)]
    etags = [race.result(timeout=60) for race in races]
    (winner,) = [number for number, etag in enumerate(etags) if etag]
    stored = store.get(BUCKET, key)
    assert stored is not None
    assert (stored.body, stored.etag) == (str(winner).encode(), etags[winner])


def test_a_document_is_written_and_replaced(store: MemoryStore | S3Store, key: str) -> None:
    for body in (b"first", b"second"):
        store.put(BUCKET, key, body)
        stored = store.get(BUCKET, key)
        assert stored is not None
        assert stored.body == body


@pytest.mark.parametrize("call", CALLS)
def test_an_unreachable_store_is_unavailable(unreachable: ObjectStore, call: str) -> None:
    with pytest.raises(Unavailable):
        CALLS[call](unreachable, BUCKET)


@pytest.mark.parametrize("call", ["PutObject", "GetObject"])
def test_a_missing_bucket_is_unavailable(s3: S3Store, call: str) -> None:
    with pytest.raises(Unavailable, match=f"^{call} was refused: NoSuchBucket$"):
        CALLS[call](s3, "no-such-bucket")


def test_a_head_can_not_tell_a_missing_bucket_from_a_missing_key(s3: S3Store) -> None:
    assert s3.exists("no-such-bucket", "key.json") is False  # S3: a HEAD's 404 has no body, so no code


def test_results_are_stored_as_json(s3: S3Store, aws: Clients, key: str) -> None:
    s3.put_new(BUCKET, key, b"{}")
    assert aws.s3.head_object(Bucket=BUCKET, Key=key)["ContentType"] == "application/json"


@pytest.mark.parametrize(
    ("status", "words"),
    [(503, "SlowDown"), (500, "InternalError"), (403, "AccessDenied"), (409, "ConditionalRequestConflict")],
)
@pytest.mark.usefixtures("_credentials")
def test_what_s3_refuses_is_unavailable(stub: StubOllama, status: int, words: str) -> None:
    stub.on("/results/key.json", Reply((f"<Error><Code>{words}</Code></Error>".encode(),), status))
    with aws_clients(stub.url) as clients, pytest.raises(Unavailable, match=f"^PutObject was refused: {words}$"):
        S3Store(clients.s3).put_new(BUCKET, "key.json", b"{}")


@pytest.mark.usefixtures("_credentials")
def test_a_body_that_breaks_off_is_unavailable(stub: StubOllama) -> None:
    stub.on("/results/key.json", Reply((b'{"text": "half',), ending=Ending.CUT))
    with aws_clients(stub.url) as clients, pytest.raises(Unavailable):
        S3Store(clients.s3).get(BUCKET, "key.json")
