"""A held request from end to end: a bucket and a queue of AWS' emulators, a stream over TLS, and a worker by hand."""

from __future__ import annotations

import asyncio
import json
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
import pytest

from laneway.schema.job.history import read_history
from laneway.schema.job.job import Job, parse_job
from laneway.schema.job.keys import Place
from laneway.schema.job.reply import GatewayDocument
from laneway.schema.shared.names import MESSAGE_ATTRIBUTE
from laneway.translate.translated import Translated
from laneway_gateway.adapters.aws import S3Store, SQSQueues, Threads
from laneway_gateway.adapters.clock import SystemClock
from laneway_gateway.desk import Asked, Ended, Record, Started, Tenant
from laneway_gateway.held.desk import HeldDesk, Outside
from laneway_gateway.held.ids import new_gateway_id
from laneway_gateway.pool import Pool
from laneway_gateway.replies.identity import make_identity
from laneway_gateway.replies.listener import listener
from laneway_gateway.replies.registration import Registration
from laneway_gateway.replies.server import RepliesServer
from support.aws.emulators import BUCKET
from support.gateway.aws import document_with, remote_at
from support.gateway.desks import Client, registered
from support.inputs.documents import MODEL
from support.inputs.offers import result

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from support.aws.emulators import Aws

HERE = "127.0.0.1"
SECONDS = 20
KEY = b"k" * 32


@dataclass
class Gateway:
    """A gateway's core, as its process composes it."""

    desk: HeldDesk
    place: Place
    aws: Aws
    queue_url: str

    def received(self) -> tuple[Job, str]:
        """The next message's job, and its attribute."""
        found = self.aws.clients.poll.receive_message(
            QueueUrl=self.queue_url, MessageAttributeNames=["All"], WaitTimeSeconds=5
        )
        (message,) = found["Messages"]
        return parse_job(message["Body"].encode()), message["MessageAttributes"][MESSAGE_ATTRIBUTE]["StringValue"]

    def commit(self, job: Job, text: str) -> str:
        """As a worker does."""
        assert job.id is not None
        body = result(id=job.id, text=text, request_hash=job.request_hash(MODEL.name)).to_json()
        answer = self.aws.clients.s3.put_object(Bucket=BUCKET, Key=self.place.result(job.id), Body=body)
        return answer["ETag"]

    def registration(self, gateway: str) -> GatewayDocument:
        """As a worker reads it."""
        answer = self.aws.clients.s3.get_object(Bucket=BUCKET, Key=self.place.gateway(gateway))
        return GatewayDocument.model_validate_json(answer["Body"].read())


@pytest.fixture
async def gateway(aws: Aws, request: pytest.FixtureRequest) -> AsyncIterator[Gateway]:
    name = request.node.name.replace("[", "-").replace("]", "")[-60:]
    url = aws.clients.poll.create_queue(QueueName=name)["QueueUrl"]
    place, clock, threads, gateway = Place(bucket=BUCKET, prefix=f"{name}/"), SystemClock(), Threads(), new_gateway_id()
    document = document_with(url).model_dump_json().encode()
    aws.clients.s3.put_object(Bucket=BUCKET, Key=place.pool_document(), Body=document)
    remote = remote_at(aws.endpoint, place)
    store = S3Store(remote, threads)
    outside = Outside(store, SQSQueues(remote, place, threads), place, clock, Pool(store, place, clock))
    desk = HeldDesk(outside, gateway, KEY, 10)
    identity = make_identity(gateway, HERE, clock.now())
    server = RepliesServer(listener(desk.registry), identity.context, HERE, 0, most=8)
    told = {"address": HERE, "port": server.port, "certificate": identity.certificate}
    said = registered(gateway, clock.now(), **told)
    registration = Registration(store, place, clock, said)
    await registration.begin()
    running = [asyncio.ensure_future(each.run()) for each in (desk, server)]
    yield Gateway(desk, place, aws, url)
    await registration.end()
    for task in running:
        task.cancel()
    await asyncio.wait(running, timeout=SECONDS)
    await desk.close()
    threads.close()


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
    held = await gateway.desk.take(Asked(Tenant("claims"), translated, "/api/generate", "0" * 64))
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
    held = await gateway.desk.take(Asked(Tenant("claims"), translated, "/api/generate", "0" * 64))
    job, _ = await asyncio.to_thread(gateway.received)
    await asyncio.to_thread(gateway.commit, job, "Paris.")
    async with asyncio.timeout(SECONDS):
        end = await held.ended()
    assert isinstance(end, Ended)
    assert (end.streamed, end.result.text) == (False, "Paris.")
