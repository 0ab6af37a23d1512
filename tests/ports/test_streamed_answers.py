"""From a request at a gateway to the end of its answer, by a whole worker. Ollama follows a script."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from laneway.schema.job.job import Job
from laneway.translate.translated import Translated
from laneway_gateway.adapters.clock import SystemClock
from laneway_gateway.desk import Asked, Ended, Record, Started, Tenant
from laneway_worker.app import real_worker
from support.aws.moto import REGION
from support.gateway.desks import Client, take
from support.gateway.running import running_gateway
from support.inputs.documents import MODEL
from support.ollama.stub import Ending, Reply, error, records
from support.waiting import eventually
from support.worker.lane import documents_with

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from laneway_gateway.desk import Held
    from laneway_worker.serving import Worker
    from support.aws.emulators import Aws
    from support.gateway.running import Gateway
    from support.ollama.stub import Asked as AskedOllama
    from support.ollama.stub import StubOllama

SECONDS = 30
HEARTBEAT_SECONDS = 20
QUESTION = "Capital of France?"
FINAL = {"response": "", "done": True, "done_reason": "stop", "prompt_eval_count": 7, "eval_count": 3}
PARIS = records({"response": "Par", "done": False}, {"response": "is.", "done": False}, FINAL)


class Hurried(SystemClock):
    """A gateway's seconds are tenths."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / 10)


@pytest.fixture
def ollama(stub: StubOllama) -> StubOllama:
    """Has the model, and answers what is asked of it."""
    stub.on("/api/version", records({"version": "0.30.0"}))
    stub.on("/api/tags", records({"models": [{"name": MODEL.name, "digest": "a" * 64}]}))
    stub.on("/api/show", records({"capabilities": ["completion"]}))
    answering(stub, PARIS)
    return stub


def answering(stub: StubOllama, *replies: Reply) -> None:
    """What jobs get, one after the other, and the last again and again."""
    left = list(replies)

    def answer(asked: AskedOllama) -> Reply:
        if asked.body.get("prompt") != QUESTION:
            return records(FINAL)
        return left.pop(0) if len(left) > 1 else left[0]

    stub.answering("/api/generate", answer)


@pytest.fixture
async def gateway(moto: Aws, request: pytest.FixtureRequest) -> AsyncIterator[Gateway]:
    async with running_gateway(moto, request.node.name, Hurried()) as running:
        yield running


@asynccontextmanager
async def working(gateway: Gateway, ollama: StubOllama) -> AsyncIterator[Worker]:
    """A worker of the gateway's pool."""
    fields: dict[str, Any] = {
        "model": MODEL.model_dump(),
        "queue": {"url": gateway.queue_url, "dead_letter_url": f"{gateway.queue_url}-dead"},
        "results": gateway.place.model_dump(),
        "destinations": {},
        "topic_arn": None,
        "region": REGION,
        "endpoint": gateway.aws.endpoint,
        "ollama_url": ollama.url,
        "poll_seconds": 1,
        "local": True,
    }
    worker = real_worker(documents_with(**fields))
    worker.start()
    yield worker
    ollama.released.set()
    worker.consumer.drain()
    worker.consumer.leave()
    assert await asyncio.to_thread(worker.consumer.wait_until_done, SECONDS)


async def ask(gateway: Gateway) -> Held:
    translated = Translated("fast", MODEL.name, Job(prompt=QUESTION))
    return await take(gateway.desk, Asked(Tenant("claims"), translated, "/api/generate", "0" * 64))


async def until(true: Callable[[], bool]) -> None:
    await asyncio.to_thread(eventually, true, SECONDS)


def said(client: Client) -> str:
    return "".join(each.fields["response"] for each in client.heard if isinstance(each, Record))


async def ended(client: Client) -> Ended:
    async with asyncio.timeout(SECONDS):
        await client.task
    end = client.heard[-1]
    assert isinstance(end, Ended)
    return end


async def test_an_answer_is_streamed_while_it_is_made_and_ended_by_its_result(
    gateway: Gateway, ollama: StubOllama
) -> None:
    async with working(gateway, ollama):
        client = Client(await ask(gateway))
        end = await ended(client)
    assert client.heard[0] == Started(1)
    assert said(client) == "Paris."
    assert (end.streamed, end.result.text, end.result.status) == (True, "Paris.", "succeeded")
    assert not any(each.fields.get("done") for each in client.heard if isinstance(each, Record))


async def test_who_hangs_up_has_the_engine_freed_long_before_the_next_heartbeat(
    gateway: Gateway, ollama: StubOllama
) -> None:
    answering(ollama, records({"response": "Par", "done": False}, ending=Ending.HANG))
    async with working(gateway, ollama) as worker:
        held = await ask(gateway)
        client = Client(held)
        await until(lambda: said(client) == "Par")
        await asyncio.to_thread(eventually, lambda: worker.consumer.held == 1)
        client.task.cancel()
        began = time.monotonic()
        await held.leave(hung_up=True)
        await until(lambda: gateway.desk.registry.find(held.job_id) is None)
        await until(lambda: worker.consumer.held == 0)
        assert time.monotonic() - began < HEARTBEAT_SECONDS / 2
        standing = await gateway.desk.standing(Tenant("claims"), held.job_id)
    assert standing.status == "cancelled"


async def test_what_only_ollamas_final_record_says_is_heard_with_the_end(gateway: Gateway, ollama: StubOllama) -> None:
    answering(ollama, records({"response": "Par", "done": False}, FINAL | {"response": "is."}))
    async with working(gateway, ollama):
        client = Client(await ask(gateway))
        end = await ended(client)
    assert (said(client), end.streamed, end.result.text) == ("Paris.", True, "Paris.")


async def test_an_attempt_that_fails_is_followed_by_one_that_goes_on(gateway: Gateway, ollama: StubOllama) -> None:
    answering(ollama, error(500, "something went wrong"), PARIS)
    async with working(gateway, ollama):
        client = Client(await ask(gateway))
        end = await ended(client)
    assert [each for each in client.heard if isinstance(each, Started)] == [Started(1), Started(2)]
    assert (said(client), end.streamed, len(end.result.failures)) == ("Paris.", True, 1)
