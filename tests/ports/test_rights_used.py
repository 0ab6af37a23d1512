"""Every call that client, worker, dead-letter handler, preflight, gateway, projector and operator make, beside
`laneway iam`.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from laneway.client.connection import CONNECTION_FILE, Connection
from laneway.client.pool import Pool
from laneway.client.remote import Remote
from laneway.iam.needs import NEEDS, On, Role
from laneway.iam.policy import bucket_policy, policy
from laneway.iam.resources import Scope, resources
from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.history import History
from laneway.schema.job.job import Job
from laneway.schema.job.reply import ReplyTo
from laneway.schema.pool.documents.lane_config import LaneSettings
from laneway.schema.pool.documents.lane_documents import lane_documents
from laneway.schema.pool.documents.pool_document import pool_document
from laneway.schema.pool.documents.preflight import Preflight
from laneway.schema.pool.documents.projector_config import DynamoDBStore, PostgresIAM, ProjectorConfig, Store
from laneway.schema.pool.pool import parse_pool
from laneway.schema.shared.names import MESSAGE_ATTRIBUTE
from laneway.translate.translated import Translated
from laneway_gateway.adapters.aws import S3Store as GatewayStore
from laneway_gateway.adapters.aws import SQSQueues as GatewayQueues
from laneway_gateway.adapters.aws import Threads
from laneway_gateway.adapters.clock import SystemClock as GatewayClock
from laneway_gateway.desk import Asked, Tenant
from laneway_gateway.errors import UnknownJob
from laneway_gateway.held.desk import HeldDesk, Outside
from laneway_gateway.held.ids import GATEWAY_CHARACTERS
from laneway_gateway.pool import Pool as GatewayPool
from laneway_gateway.replies.registration import Registration
from laneway_gateway.rooms import Memory, Rooms
from laneway_operator.queues.managed import events_queue, managed_queue
from laneway_operator.queues.sqs import SQSQueues
from laneway_table.adapters.aws import rds_client
from laneway_table.adapters.dynamodb.items import definition
from laneway_table.adapters.sql.postgres_access import by_token
from laneway_worker.adapters.aws.clients import make_clients
from laneway_worker.adapters.aws.events import SQSEvents
from laneway_worker.adapters.aws.s3 import S3Store
from laneway_worker.adapters.aws.sns import SNSNotifier
from laneway_worker.adapters.aws.sqs import SQSQueue
from laneway_worker.adapters.clock import SystemClock
from laneway_worker.adapters.replies.registrations import Registrations
from laneway_worker.adapters.replies.replies import WiredReplies
from laneway_worker.adapters.replies.wire import TLSWire
from laneway_worker.answer.prepared import prepared
from laneway_worker.app import check_pool
from laneway_worker.errors import JobError
from laneway_worker.live import Live
from laneway_worker.serving import DeadLetterHandler, Worker
from laneway_worker.testing.checker import DirectChecker
from laneway_worker.testing.runtime import Held, ScriptedRuntime
from support.aws.moto import CREDENTIALS, REGION, aws_credentials
from support.gateway.desks import registered, take
from support.gateway.quotas import quota
from support.iam.evaluate import Call, allows, denies
from support.iam.recorder import ACCOUNT, recorded_aws
from support.inputs.offers import facts, result
from support.inputs.pools import pool_with
from support.table.keeping import TEN_YEARS_SECONDS, look_at, project, rebuild
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from laneway.schema.job.keys import Place
    from laneway.schema.job.result import Result
    from laneway.schema.pool.documents.lane_config import LaneConfig
    from laneway.schema.pool.documents.lane_documents import LaneDocuments
    from laneway.schema.pool.queues.queue import QueueURLs
    from laneway_worker.ports.stop import Stop
    from support.iam.recorder import Recorder


class Stopped(ScriptedRuntime):
    """A held request ends when it is stopped, by the clock of this machine too."""

    def _hold(self, held: Held, stop: Stop) -> None:
        del held
        eventually(lambda: stop.reason is not None)


CLUSTER = "c1c1c1c1-0000-4000-8000-000000000000"
BIG = "x" * 70_000
LONG_AGO = b"{}"
BOUNDS = quota(jobs=9)
MADE = (
    Role.WORKER,
    Role.DEAD_LETTERS,
    Role.PREFLIGHT,
    Role.SUBMITTER,
    Role.GATEWAY,
    Role.PROJECTOR,
    Role.REBUILD,
    Role.PERSON_ON_CALL,
    Role.OPERATOR,
)
"""KEDA's calls are KEDA's own, and the dashboard's rights are those of a person on call."""
ELSEWHERE = On.DATABASE_USER
"""A pool's rows are in one place; who enters the other is tried apart, as no call to AWS is made for it."""
ROWS = "laneway-documents"


class World:
    """A pool on an AWS that writes down who asks for what."""

    def __init__(self, endpoint: str, recorder: Recorder, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.endpoint, self.recorder, self._folder, self._patch = endpoint, recorder, folder, patch
        session = boto3.Session(region_name=REGION)
        self.sqs = session.client("sqs", endpoint_url=endpoint)
        self.s3 = session.client("s3", endpoint_url=endpoint)
        for bucket in ("acme-llm", "acme-legal"):
            self.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        topic = session.client("sns", endpoint_url=endpoint).create_topic(Name="results")["TopicArn"]
        own = {name: self.sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("jobs", "jobs-dead")}
        lanes: list[dict[str, Any]] = [
            {"name": "fast"},
            {"name": "gone", "queue": {"managed": {"deletionPolicy": "Delete"}}},
            {"name": "own", "queue": {"external": {"url": own["jobs"], "deadLetterURL": own["jobs-dead"]}}},
        ]
        legal = {"name": "legal", "s3": {"bucket": "acme-legal", "prefix": "llm/"}}
        told = {"sns": {"topicARN": topic}}
        session.client("dynamodb", endpoint_url=endpoint).create_table(**definition(ROWS))
        rows = {"dynamodb": {"tableName": ROWS}}
        self.pool = parse_pool(pool_with(lanes=lanes, destinations=[legal], notifications=told, table=rows))
        self.events = ""
        """The URL of the events queue, once it is made."""
        self.place: Place = self.pool.results

    def become(self, role: Role) -> None:
        """Clients that are made from now on are this role's."""
        self._patch.setenv("AWS_ACCESS_KEY_ID", role)

    def connection(self, role: Role) -> Connection:
        return Connection(
            place=self.place,
            endpoint=self.endpoint,
            region=REGION,
            access_key_id=role,
            secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        )

    def client(self, role: Role) -> Pool:
        """As an application connects."""
        folder = self._folder / role
        folder.mkdir()
        (folder / CONNECTION_FILE).write_text(self.connection(role).model_dump_json())
        return Pool(str(folder))

    def lane(self, urls: QueueURLs, number: int = 0) -> LaneDocuments:
        settings = LaneSettings(
            queue=urls, region=REGION, endpoint=self.endpoint, poll_seconds=1, events_queue_url=self.events
        )
        return lane_documents(self.pool, self.pool.spec.lanes[number], settings)

    def has(self, beginning: str) -> bool:
        """Whether there is an object of such a key."""
        found = self.s3.list_objects_v2(Bucket=self.place.bucket, Prefix=f"{self.place.prefix}{beginning}")
        return found["KeyCount"] > 0

    def keep_old_entry(self, job_id: str) -> None:
        """What is kept of an earlier failure, which counts no more."""
        self.s3.put_object(Bucket=self.place.bucket, Key=self.place.failed(job_id), Body=LONG_AGO)


def operate(world: World) -> list[LaneDocuments]:
    """Make queues, find them again, mend them, look at others."""
    world.become(Role.OPERATOR)
    fast, gone, own = world.pool.spec.lanes
    queues = SQSQueues(world.endpoint)
    made = {lane.name: managed_queue(CLUSTER, world.pool, lane, REGION) for lane in (fast, gone)}
    urls = [queues.ensure(queue) for queue in made.values()]
    rows = events_queue(CLUSTER, world.pool, REGION)
    world.events = queues.ensure(rows).url
    later = SQSQueues(world.endpoint)
    later.ensure(replace(made["fast"], retention_seconds=made["fast"].retention_seconds + 60))
    later.ensure(replace(rows, retention_seconds=rows.retention_seconds - 60))
    own_urls = own.queue.own
    assert own_urls is not None
    later.look(own_urls, REGION)
    lanes = [world.lane(each, number) for number, each in enumerate((*urls, own_urls))]
    preflight(world, lanes)
    return lanes


def preflight(world: World, lanes: list[LaneDocuments]) -> None:
    world.become(Role.PREFLIGHT)
    check_pool(
        Preflight(
            results=world.place,
            destinations=world.pool.destinations,
            topic_arn=lanes[0].live.topic_arn,
            region=REGION,
            endpoint=world.endpoint,
            document=pool_document(lanes),
        )
    )


def serve(world: World, lane: LaneDocuments) -> None:
    """Jobs that succeed, go elsewhere, come twice and fail; and what people then do."""
    config = lane.config
    world.become(Role.WORKER)
    clients, clock = make_clients(REGION, world.endpoint, 1, config.poll_seconds), SystemClock()
    queue = SQSQueue(clients, config.queue.url, config.visibility_seconds, config.poll_seconds)
    world.sqs.send_message(QueueUrl=config.queue.url, MessageBody=json.dumps({"id": "given-back", "prompt": "Paris?"}))
    _interrupt(queue)
    runtime = Stopped(clock)
    runtime.known = facts("gemma3:270m", ["completion"])
    store = S3Store(clients.s3)
    store.put_new(world.place.bucket, world.place.model_facts(config.lane), b"{}")
    wire = TLSWire(Registrations(store, world.place, clock, local=False), clock)
    worker = Worker(
        config,
        Live(lane.live),
        "worker",
        queue,
        store,
        SNSNotifier(clients.topics),
        SQSEvents(clients),
        runtime,
        DirectChecker(prepared),
        clock,
        replies=WiredReplies(wire, clock, "worker"),
    )
    beside = world.place.worker_report(config.lane, "beside")
    world.s3.put_object(Bucket=world.place.bucket, Key=beside, Body=b"{}")
    worker.write_reports(store)
    worker.start()
    pool = world.client(Role.SUBMITTER)
    send_and_read(world, config, pool)
    cancel(pool, runtime)
    fail_and_mend(world, pool, runtime)
    worker.consumer.leave()
    assert worker.consumer.wait_until_done(30)
    worker.last_words(30)
    for client in (clients.poll, clients.heartbeat, clients.acknowledge, clients.s3, clients.topics):
        client.close()


def send_and_read(world: World, config: LaneConfig, pool: Pool) -> None:
    pool.submit("Paris?", id="plain").result(30)
    waited_for = History(id="waited", submitted_at=datetime.now(UTC), reply=ReplyTo(gateway="a" * 16, stream="0" * 64))
    world.sqs.send_message(
        QueueUrl=config.queue.url,
        MessageBody=json.dumps({"id": "waited", "prompt": "Paris?"}),
        MessageAttributes={MESSAGE_ATTRIBUTE: {"DataType": "String", "StringValue": waited_for.to_attribute()}},
    )
    pool.wait("waited", timeout=30)
    pool.submit("Paris?", id="plain")
    world.sqs.send_message(QueueUrl=config.queue.url, MessageBody=json.dumps({"id": "plain", "prompt": "Paris?"}))
    pool.submit("Paris?", id="elsewhere", destination="legal").result(30)
    pool.submit(BIG, id="big").result(30)
    pool.status("big")
    pool.figures()
    pool.estimate()


def cancel(pool: Pool, runtime: ScriptedRuntime) -> None:
    pool.cancel("unwanted")
    runtime.script.append(Held())
    assert pool.wait(pool.submit("Paris?", id="unwanted").id, timeout=30).status == "cancelled"


def fail_and_mend(world: World, pool: Pool, runtime: ScriptedRuntime) -> None:
    for job_id in ("retried", "dropped"):
        world.keep_old_entry(job_id)
        runtime.script.append(JobError(ErrorCode.PROMPT_TOO_LONG, "shorter"))
        assert pool.wait(pool.submit(BIG, id=job_id).id, timeout=30).status == "failed"
    person = world.client(Role.PERSON_ON_CALL)
    eventually(lambda: {job.id for job in person.failed.list()} == {"retried", "dropped"})
    outcome = person.failed.retry("retried")
    assert pool.wait("retried", timeout=30, replaced=outcome.replaces).status == "succeeded"
    person.failed.drop("dropped")
    person.figures()
    person.line()


class Hurried(GatewayClock):
    """A gateway's minutes are tenths of a second."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / 600)


async def reckon(one: HeldDesk, two: HeldDesk, ended: Result) -> None:
    """What was used at one gateway is told to the other one, and told anew."""
    for desk in (one, two):
        await desk.usage.exchange()
    one.usage.settle(ended)
    await one.usage.exchange()


async def hold(world: World) -> None:
    """Requests that are taken, joined, followed and left, at two gateways."""
    threads, clock = Threads(), Hurried()
    remote = Remote(world.connection(Role.GATEWAY))
    store, queues = GatewayStore(remote, threads), GatewayQueues(remote, world.place, threads)
    pool = GatewayPool(store, world.place, clock)
    outside = Outside(store, queues, world.place, clock, pool, lambda: {"claims": BOUNDS})
    one, two = (HeldDesk(outside, gateway * GATEWAY_CHARACTERS, b"k", Rooms(9, Memory(0))) for gateway in "ab")
    registrations = [
        Registration(store, world.place, clock, registered(each * GATEWAY_CHARACTERS, clock.now())) for each in "ab"
    ]
    for each in registrations:
        await each.begin()
    await pool.facts("fast")
    await pool.line("fast")
    await one.waiting("fast")
    asked = Asked(Tenant("claims", quota=BOUNDS), Translated("fast", "m", Job(prompt=BIG)), "/api/generate", "0" * 64)
    held = await take(one, asked)
    await until(lambda: world.has("joins/"))
    again = replace(asked, retry=1)
    joined = [await take(two, again) for _ in range(2)]
    await held.leave(hung_up=True)
    await until(lambda: one.registry.find(held.job_id) is None)  # it has looked who waits elsewhere
    for request in joined:
        await request.leave(hung_up=True)
    await until(lambda: world.has(f"cancels/{held.job_id}"))
    foreign = result(id=held.job_id, request_hash="sha256:other")
    world.s3.put_object(Bucket=world.place.bucket, Key=world.place.result(held.job_id), Body=foreign.to_json())
    with pytest.raises(UnknownJob):
        await two.standing(asked.tenant, held.job_id)
    await reckon(one, two, foreign)
    for desk in (one, two):
        await desk.close()
    for each in registrations:
        await each.begin()
        await each.end()
    threads.close()


def keep_rows(world: World) -> None:
    """Events become rows; a result that nobody told of gets its own; both are read."""
    told = ProjectorConfig(
        pool=world.pool.full_name,
        events_queue_url=world.events,
        region=REGION,
        endpoint=world.endpoint,
        results=world.place,
        retention_seconds=TEN_YEARS_SECONDS,
        store=Store(dynamodb=DynamoDBStore(table_name=ROWS)),
        health_address="127.0.0.1:0",
    )
    world.become(Role.PROJECTOR)
    project(told)
    untold = result(id="untold", pool=told.pool)
    world.s3.put_object(Bucket=world.place.bucket, Key=world.place.result(untold.id), Body=untold.to_json())
    world.become(Role.REBUILD)
    assert rebuild(told) > 0
    world.become(Role.PERSON_ON_CALL)
    look_at(told, untold.lane)


async def until(true: Callable[[], bool]) -> None:
    await asyncio.to_thread(eventually, true)


def bury(world: World, lane: LaneDocuments) -> None:
    """Dead letters: one that has its result, one that has none and an old entry, one whose old result is gone."""
    config = lane.config
    world.become(Role.DEAD_LETTERS)
    clients = make_clients(REGION, world.endpoint, 1, config.poll_seconds)
    url = config.queue.dead_letter_url
    world.keep_old_entry("poison")
    for job_id in ("plain", "poison"):
        world.sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"id": job_id, "prompt": "Paris?"}))
    queue = SQSQueue(clients, url, config.visibility_seconds, config.poll_seconds)
    _interrupt(queue)
    history = History(id="gone", submitted_at=datetime.now(UTC), replaces='"gone"').to_attribute()
    world.sqs.send_message(
        QueueUrl=url,
        MessageBody=json.dumps({"id": "gone", "prompt": "Paris?"}),
        MessageAttributes={MESSAGE_ATTRIBUTE: {"DataType": "String", "StringValue": history}},
    )
    notifier, events = SNSNotifier(clients.topics), SQSEvents(clients)
    handler = DeadLetterHandler([(lane, queue)], S3Store(clients.s3), notifier, events, SystemClock())
    handler.start()
    eventually(lambda: _is_empty(world, url))
    for consumer in handler.consumers:
        consumer.leave()
        assert consumer.wait_until_done(30)
    for client in (clients.poll, clients.heartbeat, clients.acknowledge, clients.events, clients.s3, clients.topics):
        client.close()


def _interrupt(queue: SQSQueue) -> None:
    """A beat comes only every third of a lease, and a copy is sent only after many interruptions."""
    (delivery, *_) = eventually(lambda: queue.receive(1))
    queue.extend([delivery.receipt], 30)
    queue.resend(delivery, "{}", 0)
    queue.release(delivery.receipt)


def _is_empty(world: World, url: str) -> bool:
    found = world.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return found["ApproximateNumberOfMessages"] == found["ApproximateNumberOfMessagesNotVisible"] == "0"


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Everything has been done once."""
    with aws_credentials(), pytest.MonkeyPatch.context() as patch, recorded_aws() as (endpoint, recorder):
        world = World(endpoint, recorder, tmp_path_factory.mktemp("rights"), patch)
        fast = operate(world)[0]
        serve(world, fast)
        bury(world, fast)
        asyncio.run(hold(world))
        keep_rows(world)
        world.become(Role.OPERATOR)
        for queue in (
            managed_queue(CLUSTER, world.pool, world.pool.spec.lanes[1], REGION),
            events_queue(CLUSTER, world.pool, REGION),
        ):
            SQSQueues(endpoint).delete(queue)
        yield world


SCOPE = Scope(ACCOUNT, REGION, CLUSTER)


@pytest.mark.parametrize("role", MADE)
def test_every_call_is_allowed(used: World, role: Role) -> None:
    given = policy(role, used.pool, SCOPE)
    assert used.recorder.calls[role]
    assert [call for call in used.recorder.calls[role] if not allows(given, call)] == []


@pytest.mark.parametrize("role", MADE)
def test_every_right_is_used(used: World, role: Role) -> None:
    found = resources(used.pool, SCOPE)
    calls = used.recorder.calls[role]
    unused = [
        (need.action, need.on)
        for need in NEEDS[role]
        if need.on != ELSEWHERE and not any(allows(_only(need.action, found[need.on]), call) for call in calls)
    ]
    assert unused == []


def _only(action: str, arns: tuple[str, ...]) -> dict[str, Any]:
    return {"Statement": [{"Effect": "Allow", "Action": action, "Resource": list(arns)}]}


@pytest.mark.parametrize("role", MADE)
def test_the_buckets_policy_hinders_nobody(used: World, role: Role) -> None:
    forced = bucket_policy(used.pool, SCOPE)
    assert [call for call in used.recorder.calls[role] if denies(forced, call)] == []


@pytest.mark.parametrize("role", [Role.PROJECTOR, Role.REBUILD])
def test_a_token_enters_a_database_as_the_role_that_the_policy_names(role: Role) -> None:
    said = {"host": "rows.abc123.eu-central-1.rds.amazonaws.com", "database": "jobs", "user": "writer"}
    pool = parse_pool(pool_with(table={"postgres": {"iam": said}}))
    with aws_credentials():
        entered = by_token(PostgresIAM(port=5432, **said), None, rds_client(REGION), REGION)()
    asked = {name: values[0] for name, values in parse_qs(urlsplit(f"//{entered['password']}").query).items()}
    assert asked["Action"] == "connect"
    user = f"arn:aws:rds-db:{REGION}:{ACCOUNT}:dbuser:db-ABC/{asked['DBUser']}"
    assert allows(policy(role, pool, SCOPE), Call("rds-db:connect", user))
