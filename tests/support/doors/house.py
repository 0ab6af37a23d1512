"""The doors over a desk that plays scripts, asked by hand: a client sends, and goes, when the test says so."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from laneway_gateway.desk import Tenant
from laneway_gateway.doors.app import DoorSettings, Inside, make_doors
from laneway_gateway.pool import Pool
from laneway_gateway.testing.clock import ManualClock, settle
from laneway_gateway.testing.desk import FakeDesk
from laneway_gateway.testing.figures import FakeFigures
from laneway_gateway.testing.keys import FakeKeys
from laneway_gateway.testing.pool import MemoryStore
from support.gateway.desks import PLACE
from support.inputs.documents import POOL_DOCUMENT
from support.inputs.offers import OFFERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Message, Scope

KEY, OTHER_KEY = "lw-claims", "lw-others"
TENANT, OTHER = Tenant("claims"), Tenant("others", lanes=("slow",))
BEARER = {"authorization": f"Bearer {KEY}"}


@dataclass
class Call:
    """One request, and what has been answered so far."""

    app: ASGIApp
    method: str
    path: str
    headers: Mapping[str, str]
    sent: list[Message] = field(default_factory=list)
    """The application's messages."""
    blocked: asyncio.Event | None = None
    """Where it is set, a client that reads nothing until it is."""

    def __post_init__(self) -> None:
        """It begins."""
        self._incoming: asyncio.Queue[Message] = asyncio.Queue()
        self.task = asyncio.ensure_future(self._run())

    async def _run(self) -> None:
        await self.app(self._scope(), self._incoming.get, self._send)

    def _scope(self) -> Scope:
        path, _, query = self.path.partition("?")
        headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in self.headers.items()]
        return {
            "type": "http",
            "method": self.method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": headers,
        }

    async def _send(self, message: Message) -> None:
        if self.blocked is not None and self.sent:
            await self.blocked.wait()
        self.sent.append(message)

    def give(self, body: bytes, *, more: bool = False) -> None:
        """Send some of the body."""
        self._incoming.put_nowait({"type": "http.request", "body": body, "more_body": more})

    async def hang_up(self) -> None:
        """Go."""
        self._incoming.put_nowait({"type": "http.disconnect"})
        await settle()

    async def over(self) -> Call:
        """Itself, when its answer is whole."""
        await asyncio.wait_for(self.task, 5)
        return self

    @property
    def status(self) -> int | None:
        """Of the answer, once it has begun."""
        return self.sent[0]["status"] if self.sent else None

    @property
    def told(self) -> dict[str, str]:
        """The answer's headers."""
        return {name.decode(): value.decode("latin-1") for name, value in self.sent[0]["headers"]}

    @property
    def body(self) -> bytes:
        """As far as it has come."""
        return b"".join(each.get("body", b"") for each in self.sent[1:])

    @property
    def json(self) -> Any:
        """The body read."""
        return json.loads(self.body)

    @property
    def lines(self) -> list[Any]:
        """The body of a stream of JSON lines, read."""
        return [json.loads(each) for each in self.body.splitlines()]

    @property
    def chunks(self) -> list[Any]:
        """The data of a stream of events, read; `[DONE]` as it stands."""
        told = [each.removeprefix(b"data: ") for each in self.body.split(b"\n\n") if each]
        return ["[DONE]" if each == b"[DONE]" else json.loads(each) for each in told]


class House:
    """The doors, and all that stands inside."""

    def __init__(self, desk: FakeDesk | None = None, clock: ManualClock | None = None, **settings: Any) -> None:
        """A pool of three lanes, and two tenants."""
        self.desk = desk or FakeDesk()
        self.clock = clock or ManualClock()
        self.store = MemoryStore()
        self.keys = FakeKeys({KEY: TENANT, OTHER_KEY: OTHER})
        self.figures = FakeFigures()
        lanes = tuple(each.lane for each in OFFERS)
        self.store.put(
            PLACE.pool_document(), POOL_DOCUMENT.model_copy(update={"lanes": lanes}).model_dump_json().encode()
        )
        for each in OFFERS:
            if each.facts is not None:
                self.store.put(PLACE.model_facts(each.lane.name), each.facts.model_dump_json().encode())
        self.inside = Inside(
            self.desk,
            Pool(self.store, PLACE, self.clock),
            self.keys,
            self.clock,
            self.figures,
            DoorSettings(**settings),
        )
        self.app = make_doors(self.inside)
        self.calls: list[Call] = []

    def call(self, method: str, path: str, headers: Mapping[str, str] | None = None) -> Call:
        """Begin a request, without its body."""
        call = Call(self.app, method, path, {**BEARER, **(headers or {})})
        self.calls.append(call)
        return call

    async def ask(self, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Call:
        """A request with its whole body, and what is answered before any time passes. Without a body it only looks."""
        call = self.call("GET" if body is None else "POST", path, headers)
        call.give(body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode())
        await settle()
        return call

    async def close(self) -> None:
        """End what a test has left; nothing else may run then, and no room be taken."""
        for call in self.calls:
            call.task.cancel()
        ends = await asyncio.gather(*(call.task for call in self.calls), return_exceptions=True)
        assert not [each for each in ends if isinstance(each, Exception)]
        await settle()
        assert (self.desk.rooms.held, self.desk.rooms.memory.taken) == (0, 0)
        left = [each for each in asyncio.all_tasks() - {asyncio.current_task()} if not _is_pytests(each)]
        assert not left, left


def _is_pytests(task: asyncio.Task[Any]) -> bool:
    """anyio's plugin runs tests and fixtures in tasks of its own."""
    return "TestRunner" in getattr(task.get_coro(), "__qualname__", "")
