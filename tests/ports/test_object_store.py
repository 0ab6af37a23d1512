from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING

import pytest

from laneway.schema.job.result import MAX_RESULT_BYTES
from laneway_worker.adapters.aws.s3 import S3Store
from laneway_worker.errors import AbsentError, AlreadyThereError, TooLargeError, Unavailable
from laneway_worker.testing.clock import ManualClock
from laneway_worker.testing.memory import MemoryStore
from support.aws.emulators import BENCHES, BUCKET, Rule, follows
from support.aws.moto import aws_clients
from support.ollama.stub import Ending, Reply
from support.waiting import in_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway_worker.adapters.aws.clients import Clients
    from laneway_worker.ports.objects import ObjectStore, Stored
    from support.aws.emulators import Aws, Bench
    from support.ollama.stub import StubOllama

MOST = 1024  # bytes
WRITERS = 16
ROUNDS = 5
NO_ETAG = '"00000000000000000000000000000000"'

CALLS: dict[str, Callable[[MemoryStore | S3Store, str], object]] = {
    "PutObject": lambda store, bucket: store.put_new(bucket, "key.json", b"{}"),
    "PutObject, If-Match": lambda store, bucket: store.replace(bucket, "key.json", b"{}", NO_ETAG),
    "GetObject": lambda store, bucket: store.get(bucket, "key.json", MOST),
    "HeadObject": lambda store, bucket: store.etag(bucket, "key.json"),
    "DeleteObject": lambda store, bucket: store.delete(bucket, "key.json"),
    "ListObjectsV2": lambda store, bucket: store.listed(bucket, "ports/", 10),
}


@pytest.fixture
def s3(aws: Aws) -> S3Store:
    return S3Store(aws.clients.s3)


@pytest.fixture(params=BENCHES)
def bench(request: pytest.FixtureRequest) -> Bench:
    name: Bench = request.param
    return name


@pytest.fixture
def store(request: pytest.FixtureRequest, bench: Bench) -> MemoryStore | S3Store:
    if bench == "memory":
        return MemoryStore(ManualClock())
    aws: Aws = request.getfixturevalue(bench)
    return S3Store(aws.clients.s3)


@pytest.fixture(params=["memory", "s3"])
def unreachable(request: pytest.FixtureRequest) -> MemoryStore | S3Store:
    if request.param == "s3":
        clients: Clients = request.getfixturevalue("unreachable_aws")
        return S3Store(clients.s3)
    memory = MemoryStore(ManualClock())
    memory.down = True
    return memory


@pytest.fixture
def key(request: pytest.FixtureRequest) -> str:
    return f"ports/results/{request.node.name}.json"


def body_of(store: ObjectStore, key: str) -> bytes:
    stored = store.get(BUCKET, key, MOST)
    assert stored is not None
    return stored.body


def winners(write: Callable[[bytes], str], race: int) -> dict[str, bytes]:
    """Sixteen write at once: who is accepted, by ETag; all others find that somebody was there first."""
    bodies = [f"{race}/{number}".encode() for number in range(WRITERS)]
    start = threading.Barrier(WRITERS)

    def run(body: bytes) -> str | None:
        start.wait(timeout=30)
        try:
            return write(body)
        except AlreadyThereError:
            return None

    writers = [in_thread(partial(run, body)) for body in bodies]
    etags = [writer.result(timeout=60) for writer in writers]
    return {etag: body for etag, body in zip(etags, bodies, strict=True) if etag}


def check_race(bench: Bench, accepted: dict[str, bytes], stored: Stored | None) -> None:
    assert stored is not None
    assert accepted[stored.etag] == stored.body
    assert len(accepted) == 1 or not follows(bench, Rule.ONE_WRITER)


def test_what_was_put_is_there(store: ObjectStore, key: str) -> None:
    store.put_new(BUCKET, key, b'{"text": "\xc3\xa9"}')
    assert body_of(store, key) == b'{"text": "\xc3\xa9"}'


def test_what_was_never_put_is_not_there(store: ObjectStore, key: str) -> None:
    assert store.get(BUCKET, key, MOST) is None
    assert store.etag(BUCKET, key) is None


def test_an_empty_object_is_an_object(store: ObjectStore, key: str) -> None:
    etag = store.put_new(BUCKET, key, b"")
    assert body_of(store, key) == b""
    assert store.etag(BUCKET, key) == etag


def test_put_get_and_head_tell_the_same_etag(store: ObjectStore, key: str) -> None:
    etag = store.put_new(BUCKET, key, b"{}")
    stored = store.get(BUCKET, key, MOST)
    assert stored is not None
    assert stored.etag == store.etag(BUCKET, key) == etag
    assert etag.startswith('"')


def test_other_bodies_have_other_etags(store: ObjectStore, key: str) -> None:
    assert store.put_new(BUCKET, f"{key}.1", b"1") != store.put_new(BUCKET, f"{key}.2", b"2")


def test_a_second_put_is_refused_and_changes_nothing(store: ObjectStore, key: str) -> None:
    store.put_new(BUCKET, key, b"first")
    before = store.get(BUCKET, key, MOST)
    with pytest.raises(AlreadyThereError):
        store.put_new(BUCKET, key, b"second")
    assert store.get(BUCKET, key, MOST) == before


def test_the_same_body_twice_is_refused_too(store: ObjectStore, key: str) -> None:
    store.put_new(BUCKET, key, b"{}")
    with pytest.raises(AlreadyThereError):
        store.put_new(BUCKET, key, b"{}")


def test_keys_are_apart(store: ObjectStore, key: str) -> None:
    store.put_new(BUCKET, f"{key}.1", b"1")
    assert store.etag(BUCKET, key) is None
    assert store.get(BUCKET, f"{key}.2", MOST) is None


def test_an_object_is_replaced_by_its_etag(store: ObjectStore, key: str) -> None:
    first = store.put_new(BUCKET, key, b"first")
    second = store.replace(BUCKET, key, b"second", first)
    assert second != first
    assert store.etag(BUCKET, key) == second
    assert body_of(store, key) == b"second"


@pytest.mark.parametrize("body", [b"first", b"second"])
def test_another_object_is_not_replaced(store: ObjectStore, key: str, body: bytes) -> None:
    store.put_new(BUCKET, key, b"first")
    before = store.get(BUCKET, key, MOST)
    with pytest.raises(AlreadyThereError):
        store.replace(BUCKET, key, body, NO_ETAG)
    assert store.get(BUCKET, key, MOST) == before


def test_an_etag_counts_only_as_long_as_its_object_stands(store: ObjectStore, key: str) -> None:
    first = store.put_new(BUCKET, key, b"first")
    store.replace(BUCKET, key, b"second", first)
    with pytest.raises(AlreadyThereError):
        store.replace(BUCKET, key, b"third", first)
    assert body_of(store, key) == b"second"


def test_what_is_not_there_is_not_replaced(store: ObjectStore, key: str) -> None:
    with pytest.raises(AbsentError):
        store.replace(BUCKET, key, b"{}", NO_ETAG)
    assert store.etag(BUCKET, key) is None


def test_what_was_replaced_is_still_there_for_a_new_put(store: ObjectStore, key: str) -> None:
    store.replace(BUCKET, key, b"second", store.put_new(BUCKET, key, b"first"))
    with pytest.raises(AlreadyThereError):
        store.put_new(BUCKET, key, b"third")
    assert body_of(store, key) == b"second"


def test_one_of_many_new_writers_wins(bench: Bench, store: ObjectStore, key: str) -> None:
    for race in range(ROUNDS):
        once = f"{key}.{race}"
        check_race(bench, winners(partial(store.put_new, BUCKET, once), race), store.get(BUCKET, once, MOST))


def test_one_of_many_replacing_writers_wins(bench: Bench, store: ObjectStore, key: str) -> None:
    etag = store.put_new(BUCKET, key, b"first")
    for race in range(ROUNDS):
        check_race(bench, winners(partial(store.replace, BUCKET, key, etag=etag), race), store.get(BUCKET, key, MOST))
        etag = store.etag(BUCKET, key) or NO_ETAG


def test_a_document_is_written_and_replaced(store: MemoryStore | S3Store, key: str) -> None:
    for body in (b"first", b"second"):
        store.put(BUCKET, key, body)
        assert body_of(store, key) == body


@pytest.mark.parametrize("call", CALLS)
def test_an_unreachable_store_is_unavailable(unreachable: MemoryStore | S3Store, call: str) -> None:
    with pytest.raises(Unavailable):
        CALLS[call](unreachable, BUCKET)


@pytest.mark.parametrize("call", ["PutObject", "PutObject, If-Match", "GetObject"])
def test_a_missing_bucket_is_unavailable(s3: S3Store, call: str) -> None:
    with pytest.raises(Unavailable, match=f"^{call.partition(',')[0]} was refused: NoSuchBucket$"):
        CALLS[call](s3, "no-such-bucket")


def test_a_head_can_not_tell_a_missing_bucket_from_a_missing_key(s3: S3Store) -> None:
    assert s3.etag("no-such-bucket", "key.json") is None  # S3: a HEAD's 404 has no body, so no code


def test_an_object_is_read_whole_up_to_the_bound_and_not_at_all_above_it(store: ObjectStore, key: str) -> None:
    store.put_new(BUCKET, key, bytes(MOST))
    assert len(body_of(store, key)) == MOST
    with pytest.raises(TooLargeError, match="has more than 1,023 bytes"):
        store.get(BUCKET, key, MOST - 1)


def test_the_largest_result_is_written_and_read(s3: S3Store, key: str) -> None:
    body = bytes(MAX_RESULT_BYTES)
    s3.put_new(BUCKET, key, body)
    found = s3.get(BUCKET, key, MAX_RESULT_BYTES)
    assert found is not None
    assert found.body == body


def test_results_are_stored_as_json(s3: S3Store, aws: Aws, key: str) -> None:
    s3.put_new(BUCKET, f"{key}.1", b"{}")
    s3.replace(BUCKET, f"{key}.2", b"{}", s3.put_new(BUCKET, f"{key}.2", b""))
    s3.put(BUCKET, f"{key}.3", b"{}")
    for number in (1, 2, 3):
        head = aws.clients.s3.head_object(Bucket=BUCKET, Key=f"{key}.{number}")
        assert head["ContentType"] == "application/json"


@pytest.mark.parametrize("call", ["PutObject", "PutObject, If-Match"])
@pytest.mark.parametrize(
    ("status", "words"),
    [(503, "SlowDown"), (500, "InternalError"), (403, "AccessDenied"), (409, "ConditionalRequestConflict")],
)
@pytest.mark.usefixtures("_credentials")
def test_what_s3_refuses_is_unavailable(stub: StubOllama, call: str, status: int, words: str) -> None:
    stub.on(f"/{BUCKET}/key.json", Reply((f"<Error><Code>{words}</Code></Error>".encode(),), status))
    with aws_clients(stub.url) as clients, pytest.raises(Unavailable, match=f"^PutObject was refused: {words}$"):
        CALLS[call](S3Store(clients.s3), BUCKET)


@pytest.mark.parametrize("ending", [Ending.CUT, Ending.SHORT])
@pytest.mark.usefixtures("_credentials")
def test_a_body_that_breaks_off_is_unavailable(stub: StubOllama, ending: Ending) -> None:
    stub.on(f"/{BUCKET}/key.json", Reply((b'{"text": "half',), ending=ending, headers={"ETag": NO_ETAG}))
    with aws_clients(stub.url) as clients, pytest.raises(Unavailable, match=r"^GetObject failed: "):
        S3Store(clients.s3).get(BUCKET, "key.json", MOST)


@pytest.mark.usefixtures("_credentials")
def test_a_body_that_is_not_the_one_of_its_checksum_is_unavailable(stub: StubOllama) -> None:
    headers = {"ETag": NO_ETAG, "x-amz-checksum-crc32": "AAAAAA=="}
    stub.on(f"/{BUCKET}/key.json", Reply((b'{"text": "other"}',), headers=headers))
    with (
        aws_clients(stub.url) as clients,
        pytest.raises(Unavailable, match=r"^GetObject failed: FlexibleChecksumError$"),
    ):
        S3Store(clients.s3).get(BUCKET, "key.json", MOST)


def test_what_is_deleted_is_gone_and_may_be_deleted_again(store: MemoryStore | S3Store, key: str) -> None:
    store.put(BUCKET, key, b"{}")
    store.delete(BUCKET, key)
    store.delete(BUCKET, key)
    assert store.get(BUCKET, key, MOST) is None


def test_what_lies_under_a_prefix_is_listed_with_its_time(store: MemoryStore | S3Store, key: str) -> None:
    folder = f"{key}/"
    for name in ("b", "a", "c"):
        store.put(BUCKET, f"{folder}{name}", b"{}")
    store.put(BUCKET, f"{key}-beside", b"{}")
    listed = store.listed(BUCKET, folder, 2)
    assert list(listed) == [f"{folder}a", f"{folder}b"]
    assert all(at.tzinfo is not None for at in listed.values())
    assert store.listed(BUCKET, f"{folder}none", 2) == {}
