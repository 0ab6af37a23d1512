"""Everything that listens, in networks that clusters give to pods: both families, IPv6 alone, a kernel without it."""

from __future__ import annotations

import asyncio
import os
import platform
import subprocess
import sys
import urllib.request
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import uvicorn

from laneway.listening import ANYWHERE, listening
from laneway.probes import server_of
from laneway.schema.job.keys import Place
from laneway.schema.job.reply import REPLIES_PORT, GatewayDocument
from laneway_dashboard.app.serving import config
from laneway_gateway.app.server import DoorsServer
from laneway_gateway.replies.identity import make_identity
from laneway_gateway.replies.server import RepliesServer
from laneway_operator.render.view import HEALTH_ADDRESS
from laneway_operator.settings import DEFAULT_HEALTH_ADDRESS
from laneway_worker.adapters.clock import SystemClock
from laneway_worker.adapters.replies.registrations import Registrations
from laneway_worker.adapters.replies.wire import TLSWire, To
from laneway_worker.ports.objects import Stored
from laneway_worker.report import http as worker
from laneway_worker.report.metrics import Families
from laneway_worker.testing.memory import MemoryStore
from support.cluster.namespace import Namespace
from support.processes import ended
from support.tools import missing
from support.waiting import in_thread

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from contextlib import AbstractAsyncContextManager

    from starlette.types import Receive, Scope, Send

POD = "fd00:10:96::7"
SECONDS = 30.0
GATEWAY = "abcdefgh01234567"
PLACE = Place(bucket="acme-llm", prefix="documents/")
ONLY_IPV6 = f"""\
ip link set lo up
ip address del 127.0.0.1/8 dev lo
ip address add {POD}/128 dev lo nodad
echo ready
exec sleep infinity
"""
WITHOUT_IPV6 = """\
import ctypes, socket, struct, sys
ALLOW, NO_FAMILY, DATA = 0x7FFF0000, 0x00050000 | 97, 0  # seccomp.h; EAFNOSUPPORT
number = int(sys.argv[1])  # of socket()
steps = [
    (0x20, 0, 0, 0),               # the call
    (0x15, 0, 3, number),
    (0x20, 0, 0, 16),              # its first argument: the family
    (0x15, 0, 1, socket.AF_INET6),
    (0x06, 0, 0, NO_FAMILY),
    (0x06, 0, 0, ALLOW),
]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *each) for each in steps))
filtered = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(steps), ctypes.addressof(code)))
libc = ctypes.CDLL(None)
assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, filtered) == 0
from laneway.listening import ANYWHERE, listening
with listening(ANYWHERE, 0) as found, socket.create_connection(("127.0.0.1", found.getsockname()[1]), 5):
    print(found.family.name)
"""
SOCKET_CALLS = {"x86_64": "41", "aarch64": "198"}  # each architecture numbers them in its own way


class Ready:
    ready_enough, trouble, sick = True, "", ""


async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"3")]})
    await send({"type": "http.response.body", "body": b"ok\n"})


@pytest.fixture
def only_ipv6() -> Iterator[None]:
    """This thread has the network of a pod that has one address, of IPv6."""
    if os.geteuid() != 0:
        missing("root", "a network of its own needs it; run as root")
    command = ["unshare", "--net", "sh", "-ec", ONLY_IPV6]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
            with Namespace(process.pid).inside():
                yield
        finally:
            process.kill()


@contextmanager
def probes(address: str) -> Iterator[int]:
    """The port of the pages that every program has, by the library's one server."""
    pages = worker.Health(list, Ready(), Families())
    with server_of(pages.page, address) as server:
        running = in_thread(server.serve_forever)
        yield server.server_port
        server.shutdown()
        running.result(timeout=SECONDS)


@asynccontextmanager
async def doors() -> AsyncIterator[int]:
    server = DoorsServer(app, listening(ANYWHERE, 0), 10, SECONDS)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(server.run())
        yield server.port
        running.cancel()


@asynccontextmanager
async def dashboard() -> AsyncIterator[int]:
    server = uvicorn.Server(config(app))
    with listening(ANYWHERE, 0) as listener:
        async with asyncio.TaskGroup() as group:
            group.create_task(server.serve([listener]))
            yield listener.getsockname()[1]
            server.should_exit = True


def asked(host: str, port: int) -> bytes:
    with urllib.request.urlopen(f"http://{host}:{port}/readyz", timeout=SECONDS) as answer:
        return bytes(answer.read())


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
def test_where_it_is_anywhere_both_families_are_answered(host: str) -> None:
    with probes("[::]:0") as port:
        assert asked(host, port) == b"ok\n"


def test_one_address_is_that_one_alone() -> None:
    with probes("[::1]:0") as port:
        assert asked("[::1]", port) == b"ok\n"
        with pytest.raises(OSError, match="refused"):
            asked("127.0.0.1", port)


def test_where_the_kernel_has_no_ipv6_that_of_ipv4_is_enough() -> None:
    call = SOCKET_CALLS.get(platform.machine())
    if call is None:
        missing("x86_64 or aarch64", "the number of its system call is not known here")
    done = ended([sys.executable, "-c", WITHOUT_IPV6, call], os.environ)
    assert (done.stdout, done.stderr) == ("AF_INET\n", "")


@pytest.mark.usefixtures("only_ipv6")
@pytest.mark.parametrize("address", {HEALTH_ADDRESS, DEFAULT_HEALTH_ADDRESS})
def test_probes_of_a_pod_that_has_ipv6_alone_are_answered(address: str) -> None:
    with probes(address) as port:
        assert asked(f"[{POD}]", port) == b"ok\n"


@pytest.mark.usefixtures("only_ipv6")
@pytest.mark.parametrize("served", [doors, dashboard])
async def test_clients_of_a_pod_that_has_ipv6_alone_are_answered(
    served: Callable[[], AbstractAsyncContextManager[int]],
) -> None:
    async with asyncio.timeout(SECONDS), served() as port:
        assert await asyncio.to_thread(asked, f"[{POD}]", port) == b"ok\n"


@pytest.mark.usefixtures("only_ipv6")
async def test_a_worker_streams_to_a_gateway_whose_pod_has_ipv6_alone() -> None:
    now, clock = datetime.now(UTC), SystemClock()
    identity, store = make_identity(GATEWAY, POD, now), MemoryStore(clock)
    said = GatewayDocument(
        id=GATEWAY,
        address=POD,
        port=REPLIES_PORT,
        certificate=identity.certificate,
        started_at=now,
        renewed_at=now,
        version="0.1.0",
    )
    store.objects[PLACE.bucket, PLACE.gateway(GATEWAY)] = Stored(said.model_dump_json().encode(), '"e"')
    wire = TLSWire(Registrations(store, PLACE, clock, local=False), clock)
    server = RepliesServer(app, identity.context, POD, REPLIES_PORT, most=8)
    async with asyncio.timeout(SECONDS), asyncio.TaskGroup() as group:
        running = group.create_task(server.run())
        stream = await asyncio.to_thread(wire.open, To(GATEWAY, "job-1", "0" * 64, 1, 1))
        await asyncio.to_thread(stream.finish)
        stream.close()
        running.cancel()
