"""The worker's way to gateways, in memory and over TLS: the real adapter before the gateway's own listener, and before
servers that are none.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

import psutil
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.history import History
from laneway.schema.job.keys import Place
from laneway.schema.job.reply import GatewayDocument, ReplyTo
from laneway_gateway.ports.streams import Order
from laneway_gateway.replies.identity import Identity, make_identity
from laneway_gateway.replies.listener import listener
from laneway_gateway.replies.server import RepliesServer
from laneway_worker.adapters.clock import SystemClock
from laneway_worker.adapters.replies.channel import MOST_GATHERED
from laneway_worker.adapters.replies.registrations import Registrations
from laneway_worker.adapters.replies.replies import WiredReplies
from laneway_worker.adapters.replies.wire import CONNECT_SECONDS, TLSWire
from laneway_worker.ports.objects import Stored
from laneway_worker.testing.memory import MemoryStore
from laneway_worker.testing.replies import MemoryReplies
from support.gateway.streams import Streams
from support.inputs.offers import result
from support.processes import closed_port
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from laneway_worker.ports.replies import Channel, Replies
    from support.gateway.streams import Heard

    Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

HERE = "127.0.0.1"
SECONDS = 10
AT_ONCE_SECONDS = 0.5  # on a busy machine; none of it waits for anybody
ID = "abcdefgh01234567"
TOKEN = "0" * 64
PLACE = Place(bucket="acme-llm", prefix="documents/")
STANDS = result(id="job-1", text="Paris.")


def history(*, token: str = TOKEN, attempts: int = 0) -> History:
    now = datetime.now(UTC)
    found = History(id="job-1", submitted_at=now, reply=ReplyTo(gateway=ID, stream=token))
    for _ in range(attempts):
        found = found.with_failure(ErrorCode.STALLED, "no token", "w", now)
    return found


async def until(true: Callable[[], bool]) -> None:
    await asyncio.to_thread(eventually, true, SECONDS)


class Worker:
    """The real adapter, and what it finds in its bucket."""

    def __init__(self, *, local: bool = True) -> None:
        self.clock = SystemClock()
        self.store = MemoryStore(self.clock)
        self.losses = 0
        wire = TLSWire(Registrations(self.store, PLACE, self.clock, local=local), self.clock)
        self.replies = WiredReplies(wire, self.clock, "worker-1")

    def finds(self, **fields: Any) -> None:
        now = datetime.now(UTC)
        told = {"id": ID, "address": HERE, "version": "0.1.0", "started_at": now, "renewed_at": now}
        document = GatewayDocument(**told | fields)  # type: ignore[arg-type] # because pydantic checks it
        body = document.model_dump_json().encode()
        self.store.objects[PLACE.bucket, PLACE.gateway(ID)] = Stored(body, '"e"')

    def open(self, receives: int = 1, **said: Any) -> Channel:
        return self.replies.open(history(**said), receives, self._lost)

    def _lost(self) -> None:
        self.losses += 1


class Listening:
    def __init__(self, streams: Streams, port: int, certificate: str) -> None:
        self.streams, self.port, self.certificate = streams, port, certificate

    def worker(self, *, local: bool = True, **fields: Any) -> Worker:
        worker = Worker(local=local)
        worker.finds(**{"port": self.port, "certificate": self.certificate} | fields)
        return worker

    async def heard(self, streams: int = 1) -> Heard:
        await until(lambda: len(self.streams.heard) >= streams)
        return self.streams.heard[streams - 1]


@pytest.fixture
async def listening() -> AsyncIterator[Listening]:
    streams = Streams(TOKEN)
    identity = make_identity(ID, HERE, datetime.now(UTC))
    server = RepliesServer(listener(streams), identity.context, HERE, 0, most=8)
    running = asyncio.ensure_future(server.run())
    yield Listening(streams, server.port, identity.certificate)
    running.cancel()
    await asyncio.wait({running}, timeout=SECONDS)


class Bench(Protocol):
    """Replies of a kind, and what of one stream after the other was told."""

    @property
    def replies(self) -> Replies: ...

    async def told(self, stream: int, lines: int) -> list[tuple[str, Any]]: ...


class InMemory:
    def __init__(self) -> None:
        self.replies = MemoryReplies()

    async def told(self, stream: int, lines: int) -> list[tuple[str, Any]]:
        (channel,) = self.replies.channels
        streams: list[list[tuple[str, Any]]] = [[]]
        for name, holds in channel.told:
            streams[-1].append((name, holds[1] if name == "ended" else holds))
            if name == "again":
                streams.append([])
        assert len(streams[stream]) == lines
        return streams[stream]


class OverTLS:
    def __init__(self, listening: Listening) -> None:
        self._listening = listening
        self.replies = listening.worker().replies

    async def told(self, stream: int, lines: int) -> list[tuple[str, Any]]:
        heard = await self._listening.heard(stream + 1)
        await until(lambda: len(heard.lines) >= lines)
        return [_line(each.model_dump(exclude_none=True)) for each in heard.lines]


def _line(fields: dict[str, Any]) -> tuple[str, Any]:
    ((name, holds),) = fields.items()
    return name, holds if name == "record" else holds[{"started": "attempt", "again": "reason", "ended": "etag"}[name]]


@pytest.fixture(params=["memory", "tls"])
async def bench(request: pytest.FixtureRequest, listening: Listening) -> Bench:
    return InMemory() if request.param == "memory" else OverTLS(listening)


def record(text: str) -> bytes:
    return json.dumps({"response": text, "done": False}).encode()


def told(text: str) -> tuple[str, Any]:
    return "record", {"response": text, "done": False}


def nothing() -> None:
    pass


async def test_what_is_told_is_heard_in_order_up_to_the_end(bench: Bench) -> None:
    channel = bench.replies.open(history(attempts=1), 3, nothing)
    channel.started()
    for text in ("Par", "is."):
        channel.record(record(text))
    channel.ended(STANDS, '"e"')
    channel.record(record("x"))
    assert await bench.told(0, 4) == [("started", 2), told("Par"), told("is."), ("ended", '"e"')]
    assert not channel.lost


async def test_who_begins_anew_is_heard_anew(bench: Bench) -> None:
    channel = bench.replies.open(history(), 1, nothing)
    channel.started()
    channel.record(record("Rome"))
    channel.started()
    channel.record(record("Paris"))
    channel.ended(STANDS, '"e"')
    assert await bench.told(0, 3) == [("started", 1), told("Rome"), ("again", "given_back")]
    assert await bench.told(1, 3) == [("started", 1), told("Paris"), ("ended", '"e"')]


async def test_an_end_alone_is_heard(bench: Bench) -> None:
    bench.replies.open(history(), 1, nothing).ended(STANDS, '"e"')
    assert await bench.told(0, 1) == [("ended", '"e"')]


async def test_of_a_job_that_nobody_waits_for_nothing_is_told(bench: Bench) -> None:
    channel = bench.replies.open(History(id="job-1", submitted_at=datetime.now(UTC)), 1, nothing)
    channel.started()
    channel.ended(STANDS, '"e"')
    assert not channel.lost


async def test_a_record_is_heard_while_the_next_one_is_made(listening: Listening) -> None:
    channel = listening.worker().open()
    channel.started()
    heard = await listening.heard()
    for number in range(1, 6):
        channel.record(record("x"))
        await until(lambda: len(heard.lines) > number)  # noqa: B023 - it is awaited here
    assert heard.opened == ("job-1", TOKEN, Order(1, 1))


async def test_every_character_is_heard(listening: Listening) -> None:
    channel = listening.worker().open()
    channel.started()
    text = '"\\ \r\n\u2028 ✓ 😀 \x00'
    channel.record(record(text))
    channel.record(json.dumps({"response": "é"}, ensure_ascii=False).encode())
    heard = await listening.heard()
    await until(lambda: len(heard.lines) == 3)
    assert [each.record and each.record["response"] for each in heard.lines[1:]] == [text, "é"]


async def test_who_hangs_up_is_noticed_within_a_second_though_nothing_is_told(listening: Listening) -> None:
    worker = listening.worker()
    channel = worker.open()
    channel.started()
    heard = await listening.heard()
    await until(lambda: len(heard.lines) == 1)
    began = time.monotonic()
    heard.unwanted.set()
    await until(lambda: channel.lost)
    assert time.monotonic() - began < 1
    channel.record(record("x"))
    channel.ended(STANDS, '"e"')
    assert worker.losses == 1


@pytest.mark.parametrize("said", [{"token": "1" * 64}, {"receives": 0}])
async def test_who_is_refused_tells_nothing_more(
    listening: Listening, said: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    channel = listening.worker().open(**said)
    channel.started()
    await until(lambda: channel.lost)
    assert listening.streams.heard == []
    (line,) = [each for each in caplog.records if hasattr(each, "fields")]
    assert TOKEN not in str(vars(line))


@pytest.mark.parametrize(
    "fields",
    [
        {"renewed_at": datetime.now(UTC) - timedelta(minutes=5)},
        {"address": "169.254.169.254"},
        {"address": "localhost"},
        {"id": "b" * 16},
        {"certificate": make_identity(ID, HERE, datetime.now(UTC)).certificate},
        {"certificate": "-"},
    ],
    ids=["expired", "metadata", "name", "another's", "another certificate", "no certificate"],
)
async def test_who_is_not_believed_hears_nothing(listening: Listening, fields: dict[str, Any]) -> None:
    channel = listening.worker(**fields).open()
    channel.started()
    channel.record(record("secret"))
    await until(lambda: channel.lost)
    assert listening.streams.heard == []


async def test_but_on_one_machine_nobody_is_told_on_loopback(listening: Listening) -> None:
    channel = listening.worker(local=False).open()
    channel.started()
    await until(lambda: channel.lost)
    assert listening.streams.heard == []


async def test_no_proxy_stands_between(listening: Listening, monkeypatch: pytest.MonkeyPatch) -> None:
    with closed_port() as port:
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://{HERE}:{port}")
        channel = listening.worker().open()
        channel.started()
        await listening.heard()


async def test_nobody_there_costs_the_stream_alone() -> None:
    worker = Worker()
    with closed_port() as port:
        worker.finds(port=port, certificate=make_identity(ID, HERE, datetime.now(UTC)).certificate)
        channel = worker.open()
        channel.started()
        await until(lambda: channel.lost)


@asynccontextmanager
async def rogue(
    serve: Serve, *, tls: bool = True, identity: Identity | None = None, certificate: str = ""
) -> AsyncIterator[Worker]:
    """A worker that finds a server which does what it likes, by the registered certificate."""
    identity = identity or make_identity(ID, HERE, datetime.now(UTC))
    playing: set[asyncio.Task[None] | None] = set()

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        playing.add(asyncio.current_task())
        try:
            await serve(reader, writer)
            await asyncio.Event().wait()
        finally:
            writer.transport.abort()

    server = await asyncio.start_server(play, HERE, 0, ssl=identity.context if tls else None, limit=1024)
    worker = Worker()
    worker.finds(port=server.sockets[0].getsockname()[1], certificate=certificate or identity.certificate)
    yield worker
    server.close()
    for task in filter(None, playing):
        task.cancel()
        await asyncio.wait([task])


async def hangs(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    transport = writer.transport
    assert isinstance(transport, asyncio.ReadTransport)
    transport.pause_reading()


async def resets(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readline()
    writer.transport.abort()


async def closes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readline()
    writer.close()


def answers(answer: bytes) -> Serve:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)

    return serve


@pytest.mark.parametrize(
    "serve",
    [
        resets,
        closes,
        answers(b"HTTP/1.1 410 Gone\r\n\r\n"),
        answers(b"HTTP/1.1 307 Temporary Redirect\r\nLocation: https://127.0.0.1:1/\r\n\r\n"),
        answers(b"HTTP/1.1 100 Continue\r\n\r\n"),
        answers(b"HTTP/1.1 200 OK\r\n\r\n"),
        answers(b"x" * 100_000),
        answers(b"\r\n"),
    ],
    ids=["reset", "closed", "410", "307", "100", "200 too early", "no end", "no status"],
)
async def test_a_server_that_misbehaves_is_lost_at_once(serve: Serve) -> None:
    async with rogue(serve) as worker:
        channel = worker.open()
        channel.started()
        await until(lambda: channel.lost)
        assert worker.losses == 1


async def test_a_listener_that_does_not_read_holds_up_nobody() -> None:
    async with rogue(hangs) as worker:
        channel = worker.open()
        began = time.monotonic()
        channel.started()
        line = record("x" * 10_000)
        while not channel.lost and time.monotonic() - began < SECONDS:
            for _ in range(MOST_GATHERED // len(line) // 4):
                channel.record(line)
            await asyncio.sleep(0.01)
        assert channel.lost
        began = time.monotonic()
        channel.record(line)
        channel.ended(STANDS, '"e"')
        assert time.monotonic() - began < AT_ONCE_SECONDS


async def test_a_listener_that_does_not_even_shake_hands_is_lost() -> None:
    async with rogue(hangs, tls=False) as worker:
        channel = worker.open()
        began = time.monotonic()
        channel.started()
        channel.record(record("x"))
        assert time.monotonic() - began < AT_ONCE_SECONDS
        await until(lambda: channel.lost)
        assert time.monotonic() - began >= CONNECT_SECONDS


async def is_told(**rogues: Any) -> bool:
    """Whether a server gets to read anything."""
    heard = bytearray()

    async def listens(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        nonlocal heard
        with suppress(ConnectionError):
            heard += await reader.read(1)

    async with rogue(listens, **rogues) as worker:
        channel = worker.open()
        channel.started()
        await until(lambda: channel.lost or bool(heard))
        return bool(heard)


async def test_nothing_is_told_by_an_older_tls() -> None:
    identity = make_identity(ID, HERE, datetime.now(UTC))
    assert await is_told(identity=identity)
    identity.context.minimum_version = identity.context.maximum_version = ssl.TLSVersion.TLSv1_2
    assert not await is_told(identity=identity)


async def test_who_was_certified_by_the_registered_one_is_not_it(tmp_path: Path) -> None:
    authority, certified = certified_by_another(tmp_path)
    assert not await is_told(identity=certified, certificate=authority)


def certified_by_another(folder: Path) -> tuple[str, Identity]:
    """A certificate, and who has one that it has signed: OpenSSL takes it."""
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, each)]) for each in ("authority", "certified")]
    now = datetime.now(UTC)
    made = []
    for number in range(2):
        builder = (
            x509.CertificateBuilder()
            .subject_name(names[number])
            .issuer_name(names[0])
            .public_key(keys[number].public_key())
            .serial_number(number + 1)
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=number == 0, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(keys[number].public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(keys[0].public_key()), critical=False)
            .add_extension(_usage(authority=number == 0), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("a")]), critical=False)
        )
        made.append(builder.sign(keys[0], hashes.SHA256()).public_bytes(Encoding.PEM))
    private = keys[1].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "certified.pem").write_bytes(private + made[1])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certified.pem")
    return made[0].decode(), Identity(made[1].decode(), context)


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


async def test_nothing_of_a_stream_is_left(listening: Listening) -> None:
    worker, own = listening.worker(), psutil.Process()

    async def tell() -> None:
        streams = len(listening.streams.heard)
        channel = worker.open()
        channel.started()
        channel.record(record("x"))
        channel.ended(STANDS, '"e"')
        heard = await listening.heard(streams + 1)
        await until(heard.closed.is_set)

    await tell()
    before = own.num_fds()
    for _ in range(10):
        await tell()
    await until(lambda: own.num_fds() <= before)
