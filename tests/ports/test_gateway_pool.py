"""What the gateway asks of a pool's bucket and queues: one suite for memory and for AWS' emulators."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from laneway.client.sending.checked import check
from laneway.schema.job.job import parse_message
from laneway.schema.job.keys import Place
from laneway.schema.job.result import Usage as Tokens
from laneway.schema.shared.names import LANE_METADATA, MESSAGE_ATTRIBUTE, NOT_SENT_METADATA
from laneway_gateway.adapters.aws import S3Store, SQSQueues, Threads
from laneway_gateway.desk import Tenant
from laneway_gateway.errors import PoolUnreachable, QuotaExceeded
from laneway_gateway.ports.traces import NoTraces
from laneway_gateway.testing.clock import ManualClock
from laneway_gateway.testing.pool import MemoryQueues, MemoryStore
from laneway_gateway.usage.usage import Usage
from support.aws.emulators import BENCHES, BUCKET
from support.gateway.aws import document_with, remote_at
from support.gateway.quotas import quota
from support.inputs.documents import POOL_DOCUMENT
from support.inputs.offers import result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from laneway.client.sending.checked import CheckedJob
    from laneway.schema.pool.documents.pool_document import PoolDocument
    from laneway_gateway.ports.queues import Queues
    from laneway_gateway.ports.store import Store
    from support.aws.emulators import Aws

Message = tuple[str, str | None, str]
CARRIED = {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "tracestate": "own=1"}
NO_ETAG = '"00000000000000000000000000000000"'


@dataclass
class Bench:
    store: Store
    queues: Queues
    place: Place
    document: PoolDocument
    messages: Callable[[], list[Message]]
    """Body, MessageGroupId and our attribute of each."""
    others: Callable[[], list[Mapping[str, str]]]
    """All other attributes of each."""

    def job(self, prompt: str = "Hi", job_id: str = "a") -> CheckedJob:
        return check(self.document, {"id": job_id, "prompt": prompt}, {}, None, None)


class OneSpan(NoTraces):
    """The same for every task."""

    def carrier(self) -> Mapping[str, str]:
        return CARRIED


def in_memory(place: Place) -> Bench:
    store = MemoryStore()
    queues = MemoryQueues(store, place, traces=OneSpan())
    told: Callable[[], list[Message]] = lambda: [(each.body, each.group, each.attribute) for each in queues.sent]  # noqa: E731 - reads what was sent
    return Bench(store, queues, place, POOL_DOCUMENT, told, lambda: [each.trace for each in queues.sent])


def on_aws(aws: Aws, place: Place, name: str, threads: Threads) -> Bench:
    sqs = aws.clients.poll
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    remote = remote_at(aws.endpoint, place)

    def received() -> list[Any]:
        found = sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"], AttributeNames=["All"]
        )
        return found.get("Messages", [])

    def others() -> list[Mapping[str, str]]:
        told = [{name: at["StringValue"] for name, at in each["MessageAttributes"].items()} for each in received()]
        return [{name: text for name, text in each.items() if name != MESSAGE_ATTRIBUTE} for each in told]

    def told() -> list[Message]:
        return [
            (
                each["Body"],
                each["Attributes"].get("MessageGroupId"),
                each["MessageAttributes"][MESSAGE_ATTRIBUTE]["StringValue"],
            )
            for each in received()
        ]

    queues = SQSQueues(remote, place, threads, OneSpan())
    return Bench(S3Store(remote, threads), queues, place, document_with(url), told, others)


@pytest.fixture
def threads() -> Iterator[Threads]:
    made = Threads()
    yield made
    made.close()


@pytest.fixture(params=BENCHES)
def bench(request: pytest.FixtureRequest, threads: Threads) -> Bench:
    name = f"gateway-{request.node.name}".replace("[", "-").replace("]", "")[-79:].strip("-")
    place = Place(bucket=BUCKET, prefix=f"{name}/")
    if request.param == "memory":
        return in_memory(place)
    return on_aws(request.getfixturevalue(request.param), place, name, threads)


async def test_a_message_carries_its_tasks_span(bench: Bench) -> None:
    await bench.queues.send(bench.job(), group="claims", attribute="{}")
    assert bench.others() == [CARRIED]


async def test_an_object_is_written_once_and_then_by_its_etag(bench: Bench) -> None:
    key = bench.place.owner("a")
    first = await bench.store.put_new(key, b"one")
    assert first is not None
    assert await bench.store.put_new(key, b"other") is None
    assert await bench.store.replace(key, b"other", NO_ETAG) is None
    second = await bench.store.replace(key, b"two", first)
    assert second not in {None, first}
    found = await bench.store.read(key)
    assert found is not None
    assert (found.body, found.etag) == (b"two", second)


async def test_only_exactly_this_object_is_deleted(bench: Bench) -> None:
    key = bench.place.owner("a")
    etag = await bench.store.put_new(key, b"one")
    assert etag is not None
    assert not await bench.store.delete(key, NO_ETAG)
    assert await bench.store.delete(key, etag)
    assert await bench.store.read(key) is None
    assert not await bench.store.delete(key, etag)


async def test_nothing_is_written_over_an_object_that_is_gone(bench: Bench) -> None:
    assert await bench.store.replace(bench.place.owner("a"), b"one", NO_ETAG) is None


async def test_a_listing_tells_of_each_object_what_its_reader_would_be_told(bench: Bench) -> None:
    day, other = date(2026, 11, 22), date(2026, 11, 23)
    etags = {key: await bench.store.put_new(key, key.encode()) for key in map(partial(bench.place.usage, day), "ab")}
    await bench.store.put_new(bench.place.usage(other, "a"), b"{}")
    assert await bench.store.etags(bench.place.usages(day)) == etags
    key = bench.place.usage(day, "a")
    stored = await bench.store.read(key)
    assert stored is not None
    assert stored.etag == etags[key]
    etags[key] = await bench.store.replace(key, b"{}", stored.etag)
    assert await bench.store.etags(bench.place.usages(day)) == etags


async def test_what_gateways_tell_of_usage_is_heard(bench: Bench) -> None:
    clock, bounds = ManualClock(), quota(tokens=100)
    one, two = (Usage(bench.store, bench.place, clock, name, lambda: {"claims": bounds}) for name in "ab")
    tenant = Tenant("claims", quota=bounds)
    for number in range(2):
        with one.slot(tenant, str(number)) as slot:
            slot.check()
            slot.keep(str(number))
        one.settle(result(id=str(number), usage=Tokens(prompt_tokens=30, completion_tokens=20)))
        await one.exchange()
        await two.exchange()
        assert [each.left for each in two.limits(tenant)] == [50 - 50 * number]
    assert isinstance(two.slot(tenant, "more").refused, QuotaExceeded)


async def test_keys_are_told_in_order_between_two_of_them(bench: Bench) -> None:
    keys = [bench.place.result(f"{gateway}-{number}") for gateway in ("a", "b") for number in range(4)]
    for key in keys:
        await bench.store.put_new(key, b"{}")
    folder = bench.place.result("a-").removesuffix(".json")
    assert await bench.store.keys(folder) == keys[:4]
    assert await bench.store.keys(folder, keys[1]) == keys[1:4]
    assert await bench.store.keys(folder, keys[1], keys[2]) == keys[1:3]
    assert await bench.store.keys(folder, bench.place.result("a-1x"), keys[2]) == [keys[2]]
    assert await bench.store.keys(bench.place.waiters("a-1")) == []


async def test_a_job_is_stored_and_sent_with_group_and_attribute(bench: Bench) -> None:
    job = bench.job()
    await bench.queues.send(job, group="claims", attribute='{"reply":1}')
    stored = await bench.store.read(bench.place.job("a"))
    assert stored is not None
    assert stored.body == job.body
    assert stored.metadata[LANE_METADATA] == job.lane.name
    assert NOT_SENT_METADATA not in stored.metadata
    assert bench.messages() == [(job.body.decode(), "claims", '{"reply":1}')]


async def test_a_large_body_waits_in_the_bucket(bench: Bench) -> None:
    job = bench.job("x" * 100_000)
    await bench.queues.send(job, group="claims", attribute="{}")
    ((body, _, _),) = bench.messages()
    assert parse_message(body.encode()).model_dump(exclude_none=True) == {"id": "a", "stored": True}


async def test_a_job_is_sent_again_until_it_has_its_result(bench: Bench) -> None:
    job = bench.job()
    await bench.queues.send(job, group="claims", attribute="{}")
    await bench.queues.send(job, group="claims", attribute="{}")
    await bench.store.put_new(bench.place.result("a"), b"{}")
    await bench.queues.send(job, group="claims", attribute="{}")
    assert len(bench.messages()) == 2


async def test_another_request_under_the_same_id_is_refused(bench: Bench) -> None:
    await bench.queues.send(bench.job(), group="claims", attribute="{}")
    with pytest.raises(PoolUnreachable, match="belongs to another request"):
        await bench.queues.send(bench.job("Ho"), group="claims", attribute="{}")


async def test_a_queue_tells_how_many_wait(bench: Bench) -> None:
    figures = await bench.queues.figures(bench.document.lanes[0].queue.url)
    assert (figures.queued, figures.running, figures.delayed) == (0, 0, 0)


CALLS = ("read", "put_new", "replace", "delete", "keys", "send", "figures")


def called(bench: Bench, call: str) -> Callable[[], object]:
    key = bench.place.owner("a")
    return {
        "read": lambda: bench.store.read(key),
        "put_new": lambda: bench.store.put_new(key, b"{}"),
        "replace": lambda: bench.store.replace(key, b"{}", NO_ETAG),
        "delete": lambda: bench.store.delete(key, NO_ETAG),
        "keys": lambda: bench.store.keys(key),
        "send": lambda: bench.queues.send(bench.job(), group="claims", attribute="{}"),
        "figures": lambda: bench.queues.figures(bench.document.lanes[0].queue.url),
    }[call]


@pytest.fixture(params=["memory", "silent"])
def down(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """AWS takes connections and says nothing."""
    place = Place(bucket=BUCKET)
    if request.param == "memory":
        bench = in_memory(place)
        assert isinstance(bench.store, MemoryStore)
        bench.store.error = PoolUnreachable("nothing answers")
        yield bench
        return
    threads = Threads(most_seconds=0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        remote = remote_at(url, place)
        document = document_with(f"{url}/123456789012/jobs")
        yield Bench(S3Store(remote, threads), SQSQueues(remote, place, threads), place, document, list, list)
        threads.close()


@pytest.mark.parametrize("call", CALLS)
async def test_a_pool_that_does_not_answer_is_told_in_time(down: Bench, call: str) -> None:
    began = time.monotonic()
    with pytest.raises(PoolUnreachable):
        await called(down, call)()  # type: ignore[misc] # because it is one of several calls
    assert time.monotonic() < began + 5
