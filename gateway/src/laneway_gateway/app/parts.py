"""What a gateway is made of: real adapters, put together once."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

from laneway.client.connection import connect
from laneway.client.remote import Remote
from laneway.listening import listening
from laneway.schema.job.reply import GatewayDocument
from laneway_gateway.adapters.aws import S3Store, SQSQueues, Threads
from laneway_gateway.adapters.counted import CountedQueues, CountedStore, Troubles
from laneway_gateway.adapters.metrics import Metrics
from laneway_gateway.app.server import DoorsServer
from laneway_gateway.doors.app import DoorSettings, Inside, make_doors
from laneway_gateway.held.desk import HeldDesk, Outside
from laneway_gateway.held.ids import new_gateway_id
from laneway_gateway.keys.file_keys import FileKeys
from laneway_gateway.keys.no_keys import NoKeys
from laneway_gateway.pool import Pool
from laneway_gateway.replies.identity import make_identity
from laneway_gateway.replies.listener import listener
from laneway_gateway.replies.registration import Registration
from laneway_gateway.replies.server import RepliesServer
from laneway_gateway.rooms import Memory, Rooms
from laneway_gateway.settings import Address, SettingsError

if TYPE_CHECKING:
    import socket
    import ssl

    from laneway.schema.pool.documents.pool_document import PoolDocument
    from laneway_gateway.ports.clock import Clock
    from laneway_gateway.ports.traces import Traces
    from laneway_gateway.settings import Settings

Keys = FileKeys | NoKeys
KEY_BYTES = 32  # 256 bits, by which streams' tokens are made
MORE_STREAMS = 64  # of workers that have lost a job and do not know it yet


class PoolSide:
    """The pool as the gateway reaches it."""

    def __init__(self, url: str, clock: Clock, traces: Traces) -> None:
        """Connects to nothing yet; raises `PoolUnavailable`."""
        self.clock = clock
        self.traces = traces
        self.troubles = Troubles()
        self.threads = Threads()
        connection = connect(url, {})
        self.remote = Remote(connection)
        self.place = connection.place
        self.store = CountedStore(S3Store(self.remote, self.threads), self.troubles)
        self.queues = CountedQueues(SQSQueues(self.remote, self.place, self.threads, traces), self.troubles)
        self.pool = Pool(self.store, self.place, self.clock)


def keys_of(settings: Settings, clock: Clock) -> Keys:
    """The keys, read for the first time; raises `KeysFileError`."""
    if settings.keys is None:
        return NoKeys(settings.max_held)
    keys = FileKeys(settings.keys, clock)
    keys.begin()
    return keys


@dataclass(frozen=True)
class Parts:
    """A gateway that nobody has started yet."""

    desk: HeldDesk
    replies: RepliesServer
    registration: Registration
    doors: DoorsServer
    metrics: Metrics


def assemble(settings: Settings, side: PoolSide, keys: Keys, document: PoolDocument) -> Parts:
    """Both listeners are bound, and take connections once they run; raises `SettingsError` where they can't be."""
    gateway, now = new_gateway_id(), side.clock.now()
    metrics = side.troubles.counts = Metrics(document.pool)
    side.remote.follow(document)
    outside = Outside(side.store, side.queues, side.place, side.clock, side.pool, lambda: keys.quotas)
    rooms = Rooms(settings.max_held, Memory(settings.most_bytes))
    desk = HeldDesk(outside, gateway, secrets.token_bytes(KEY_BYTES), rooms)
    identity = make_identity(gateway, settings.address, now)
    replies = _replies(settings, desk, identity.context)
    said = GatewayDocument(
        id=gateway,
        address=settings.address,
        port=replies.port,
        certificate=identity.certificate,
        started_at=now,
        renewed_at=now,
        version=version("laneway-gateway"),
    )
    app = make_doors(Inside(desk, side.pool, keys, side.clock, metrics, _door_settings(settings), side.traces))
    doors = DoorsServer(app, _listening(settings.listen), settings.max_held, settings.edge_idle_seconds)
    return Parts(desk, replies, Registration(side.store, side.place, side.clock, said), doors, metrics)


def _door_settings(settings: Settings) -> DoorSettings:
    return DoorSettings(
        edge_idle_seconds=settings.edge_idle_seconds,
        max_wait_seconds=settings.max_wait_seconds,
        lanes_for=settings.lanes_for,
        anonymous_catalogue=settings.anonymous_catalogue,
        local=settings.keys is None,
    )


def _replies(settings: Settings, desk: HeldDesk, context: ssl.SSLContext) -> RepliesServer:
    address, port = settings.address, settings.replies_port
    try:
        return RepliesServer(listener(desk.registry), context, address, port, settings.max_held + MORE_STREAMS)
    except OSError as error:
        raise SettingsError(
            f"LANEWAY_GATEWAY_ADDRESS and LANEWAY_GATEWAY_REPLIES_PORT: can't listen on {Address(address, port)}: "
            f"{error.strerror}; the address has to be one of this machine's, and the port free"
        ) from None


def _listening(address: Address) -> socket.socket:
    try:
        return listening(*address)
    except OSError as error:
        raise SettingsError(
            f"LANEWAY_GATEWAY_LISTEN: can't listen on {address}: {error.strerror}; choose another port"
        ) from None
