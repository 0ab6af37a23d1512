"""A gateway's core, as its process composes it, before AWS' emulators."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from laneway.schema.job.job import Job, parse_job
from laneway.schema.job.keys import Place
from laneway.schema.job.reply import GatewayDocument
from laneway.schema.shared.names import MESSAGE_ATTRIBUTE
from laneway_gateway.adapters.aws import S3Store, SQSQueues, Threads
from laneway_gateway.adapters.clock import SystemClock
from laneway_gateway.held.desk import HeldDesk, Outside
from laneway_gateway.held.ids import new_gateway_id
from laneway_gateway.pool import Pool
from laneway_gateway.replies.identity import make_identity
from laneway_gateway.replies.listener import listener
from laneway_gateway.replies.registration import Registration
from laneway_gateway.replies.server import RepliesServer
from laneway_gateway.rooms import Memory, Rooms
from support.aws.emulators import BUCKET
from support.gateway.aws import document_with, remote_at
from support.gateway.desks import registered
from support.inputs.documents import MODEL
from support.inputs.offers import result

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from support.aws.emulators import Aws

HERE = "127.0.0.1"
SECONDS = 20
MOST_BYTES = 10_000_000
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


@asynccontextmanager
async def running_gateway(aws: Aws, test: str, clock: SystemClock | None = None) -> AsyncIterator[Gateway]:
    """Its pool is called by a test's name, and has a queue."""
    name = test.replace("[", "-").replace("]", "")[-60:]
    url = aws.clients.poll.create_queue(QueueName=name)["QueueUrl"]
    place, threads, gateway = Place(bucket=BUCKET, prefix=f"{name}/"), Threads(), new_gateway_id()
    clock = clock or SystemClock()
    document = document_with(url).model_dump_json().encode()
    aws.clients.s3.put_object(Bucket=BUCKET, Key=place.pool_document(), Body=document)
    remote = remote_at(aws.endpoint, place)
    store = S3Store(remote, threads)
    outside = Outside(store, SQSQueues(remote, place, threads), place, clock, Pool(store, place, clock))
    desk = HeldDesk(outside, gateway, KEY, Rooms(10, Memory(MOST_BYTES)))
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
