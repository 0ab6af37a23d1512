"""A dashboard on a port of this machine, before worlds that are made up."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import uvicorn

from laneway.listening import listening
from laneway_dashboard.adapters.clock import SystemClock
from laneway_dashboard.app.application import Application
from laneway_dashboard.app.serving import LOOPBACK, beside, config, hosts
from laneway_dashboard.bulk.bulk import Bulk
from laneway_dashboard.desk import Desk
from laneway_dashboard.ports.visitors import Role, Visitor
from laneway_dashboard.seen.snapshot import Seen
from laneway_dashboard.shell.sessions import Sessions
from laneway_dashboard.testing.fakes import MemoryActions
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from laneway_dashboard.ports.clock import Clock
    from laneway_dashboard.ports.pool import PoolPorts
    from laneway_dashboard.testing.worlds import World

POOL = "/pools/nlp/documents"


@dataclass
class Made:
    """An application, and what it is made of."""

    application: Application
    sessions: Sessions
    store: MemoryActions
    tokens: list[str] = field(default_factory=list)
    """Of its links, the newest last."""


def made(
    pools: Sequence[PoolPorts],
    clock: Clock,
    role: Role = Role.OPERATOR,
    start: Callable[[Callable[[], None]], None] = beside,
) -> Made:
    """Whoever has the link is anna."""
    tokens: list[str] = []
    seen, store = Seen(pools, clock), MemoryActions()
    bulk = Bulk({each.name: each.failed for each in pools}, store, clock, start, seen.forget)
    sessions = Sessions(Visitor("anna", role), clock, tokens.append)
    sessions.offer()
    application = Application(Desk({each.name: each for each in pools}, seen, bulk), sessions, clock)
    return Made(application, sessions, store, tokens)


@dataclass
class Running:
    """One that is served."""

    made: Made
    world: World
    url: str

    @property
    def link(self) -> str:
        """That opens once."""
        return f"{self.url}/enter?token={self.made.tokens[-1]}"


@contextmanager
def running(world: Callable[[Clock], World], role: Role = Role.OPERATOR) -> Iterator[Running]:
    """Served until the block ends."""
    clock = SystemClock()
    shown = world(clock)
    found = made([shown.ports], clock, role)
    with listening(LOOPBACK, 0) as listener:
        port = listener.getsockname()[1]
        server = uvicorn.Server(config(found.application.asgi(hosts(port))))
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        eventually(lambda: server.started)
        try:
            yield Running(found, shown, f"http://127.0.0.1:{port}")
        finally:
            server.should_exit = True
            thread.join(20)
