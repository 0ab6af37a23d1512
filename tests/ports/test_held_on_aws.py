"""A held request from end to end: a bucket and a queue of AWS' emulators, a stream over TLS, and a worker by hand."""

from __future__ import annotations

import asyncio
import json
import ssl
from typing import TYPE_CHECKING

import httpx
import pytest

from laneway.schema.job.history import read_history
from laneway.schema.job.job import Job
from laneway.translate.translated import Translated
from laneway_gateway.adapters.clock import SystemClock
from laneway_gateway.desk import Asked, Ended, Record, Started, Tenant
from support.gateway.desks import Client, take
from support.gateway.running import running_gateway

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from support.aws.emulators import Aws
    from support.gateway.running import Gateway

SECONDS = 20


@pytest.fixture
async def gateway(aws: Aws, request: pytest.FixtureRequest) -> AsyncIterator[Gateway]:
    async with running_gateway(aws, request.node.name) as running:
        yield running


async def told(gateway: Gateway, job: Job, attribute: str, lines: list[dict[str, object]]) -> int:
    """Tell a gateway of a job, as a worker does; the status."""
    reply = read_history(attribute, "message-1", SystemClock().now()).reply
    assert reply is not None
    there = gateway.registration(reply.gateway)
    context = ssl.create_default_context(cadata=there.certificate)
    context.check_hostname = False

    async def body() -> AsyncIterator[bytes]:
        for each in lines:
            yield json.dumps(each).encode() + b"\n"
            await asyncio.sleep(0)

    headers = {"Authorization": f"Stream {reply.stream}", "Laneway-Attempt": "1", "Laneway-Receives": "1"}
    async with httpx.AsyncClient(verify=context, trust_env=False) as client:
        url = f"https://{there.address}:{there.port}/streams/{job.id}"
        return (await client.post(url, headers=headers, content=body())).status_code


async def test_a_request_is_sent_streamed_and_ended_by_its_result(gateway: Gateway) -> None:
    translated = Translated("fast", "gemma3:4b", Job(prompt="Capital of France?"))
    held = await take(gateway.desk, Asked(Tenant("claims"), translated, "/api/generate", "0" * 64))
    client = Client(held)
    job, attribute = await asyncio.to_thread(gateway.received)
    assert job.id == held.job_id
    lines: list[dict[str, object]] = [
        {"started": {"attempt": 1, "worker": "w"}},
        {"record": {"response": "Par", "done": False}},
        {"record": {"response": "is.", "done": False}},
    ]
    etag = await asyncio.to_thread(gateway.commit, job, "Paris.")
    assert await told(gateway, job, attribute, [*lines, {"ended": {"etag": etag, "sha256": "0" * 64}}]) == 200
    async with asyncio.timeout(SECONDS):
        await client.task
    first, *records, end = client.heard
    assert first == Started(1)
    assert "".join(each.fields["response"] for each in records if isinstance(each, Record)) == "Paris."
    assert isinstance(end, Ended)
    assert (end.etag, end.streamed, end.result.text) == (etag, True, "Paris.")


async def test_without_a_stream_the_result_is_found_in_the_bucket(gateway: Gateway) -> None:
    translated = Translated("fast", "gemma3:4b", Job(prompt="Capital of France?"))
    held = await take(gateway.desk, Asked(Tenant("claims"), translated, "/api/generate", "0" * 64))
    job, _ = await asyncio.to_thread(gateway.received)
    await asyncio.to_thread(gateway.commit, job, "Paris.")
    async with asyncio.timeout(SECONDS):
        end = await held.ended()
    assert isinstance(end, Ended)
    assert (end.streamed, end.result.text) == (False, "Paris.")
