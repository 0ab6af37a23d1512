"""kopf's calls to the API server, overheard: how its watches do, and what its lists hold.

kopf renews a watch that is silent for 70 s, and tries again for ever what fails. A watch that for minutes has neither
had a byte nor been tried is kopf's fault or ours, and only a restart mends it.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import aiohttp
import kopf

from laneway.schema.shared.names import PLURAL, PROFILE_PLURAL
from laneway_operator.cluster.api_server import USER_AGENT
from laneway_operator.known.world import POOLS, PROFILES, WATCHED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiohttp.client_middlewares import ClientHandlerType

INDEX_OF = {PLURAL: POOLS, PROFILE_PLURAL: PROFILES} | {kind.plural: name for name, kind in WATCHED.items()}
"""The last part of a list's address → the index that it fills."""

LOGIN_SECONDS = 5.0  # between two logins
ALL_KINDS = "/apis"
"""Where kopf begins to look which kinds there are: at its start, and once for each change of a definition."""
SETTLE_SECONDS = 5.0  # after such a change, until the kind is served: kopf that looks earlier never looks again


@dataclass
class Line:
    """One list or watch, which kopf goes on with for ever."""

    at: float
    """When it last gave a sign."""
    stream: Any = None
    """What a watch is read from."""
    read: int = 0
    """Bytes of it that had come."""
    uids: set[str] = field(default_factory=set)
    """Of the list that is under way, as far as it came."""
    listed: bool = False
    """It has once come to its end."""
    forbidden: bool = False
    """It was refused when it was last asked for."""


class Watches:
    """Belongs to kopf's event loop; `silences` may be asked from anywhere."""

    def __init__(self, counted: Callable[[str, str], None], clock: Callable[[], float]) -> None:
        """`clock` is monotonic."""
        self._counted = counted
        self._clock = clock
        self._lines: dict[str, Line] = {}
        self._login_at = clock()
        self._looked = False
        self.on_list: Callable[[str, str | None, set[str]], None] = lambda *_: None
        """Is told index, namespace (None: all of them) and UIDs of each whole list."""

    async def login(self, **kwargs: Any) -> kopf.AiohttpSession | None:
        """How kopf logs in, with a session of ours."""
        await asyncio.sleep(self.login_pause())
        info = kopf.login_via_client(**kwargs)
        if info is None:
            return None
        session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, ssl=info.as_ssl_context()),
            headers={"User-Agent": USER_AGENT, **info.as_http_headers()},
            proxy=info.proxy_url,
            middlewares=(self.overhear,),
        )
        return kopf.AiohttpSession(
            server=info.server, default_namespace=info.default_namespace, aiohttp_session=session
        )

    def login_pause(self) -> float:
        """Seconds until the next login: kopf gives up a token that was refused before, but every session is new."""
        now = self._clock()
        at = max(now, self._login_at)
        self._login_at = at + LOGIN_SECONDS
        return at - now

    def look_pause(self) -> float:
        """Seconds until kopf may look again which kinds there are; none at its start."""
        before, self._looked = self._looked, True
        return SETTLE_SECONDS if before else 0.0

    async def overhear(self, request: aiohttp.ClientRequest, handler: ClientHandlerType) -> aiohttp.ClientResponse:
        """Stands between kopf and the API server."""
        place = place_of(request.url.path)
        if request.url.path == ALL_KINDS:
            await asyncio.sleep(self.look_pause())
        if place is None:
            return await handler(request)
        line = self._lines.setdefault(request.url.path, Line(self._clock()))
        line.at, line.stream = self._clock(), None
        watch = "watch" in request.url.query
        verb, code = "WATCH" if watch else "LIST", "none"
        try:
            response = await handler(request)
            code = str(response.status)
        finally:
            line.at = self._clock()
            self._counted(verb, code)
        line.forbidden = response.status == 403  # noqa: PLR2004 - HTTP's own number
        if response.status == 200:  # noqa: PLR2004 - HTTP's own number
            await self._follow(line, place, response, first="continue" not in request.url.query, watch=watch)
        return response

    async def _follow(
        self, line: Line, place: tuple[str, str | None], response: aiohttp.ClientResponse, *, first: bool, watch: bool
    ) -> None:
        if watch:
            line.stream, line.read = response.content, 0
            return
        found = json.loads(await response.read())
        if first:
            line.uids = set()
        line.uids.update(each["metadata"]["uid"] for each in found.get("items", []))
        if not found.get("metadata", {}).get("continue"):
            index, namespace = place
            line.listed = True
            self.on_list(index, namespace, line.uids)
            line.uids = set()

    @property
    def knows_pools(self) -> bool:
        """Whether pools were listed: the API server answers, and the resource is there."""
        return any(each.listed for path, each in list(self._lines.items()) if path.endswith(f"/{PLURAL}"))

    @property
    def listed(self) -> bool:
        """Whether pools, and everything that kopf began to list, were once listed to the end. kopf begins all its lists
        before the first of them can be answered. An operator that may not read profiles serves the pools that name
        none: their line is waited for no longer than until it is refused.
        """
        return self.knows_pools and all(
            each.listed or (each.forbidden and path.endswith(f"/{PROFILE_PLURAL}"))
            for path, each in self._lines.items()
        )

    def silences(self) -> Mapping[str, float]:
        """Address → for how many seconds its watch has given no sign."""
        for line in list(self._lines.values()):
            read = 0 if line.stream is None else line.stream.total_bytes
            if read != line.read:
                line.read, line.at = read, self._clock()
        return {path: self._clock() - line.at for path, line in list(self._lines.items())}


def place_of(path: str) -> tuple[str, str | None] | None:
    """Index and namespace of a list that we know; None for every other address."""
    *before, plural = path.split("/")
    if plural not in INDEX_OF:
        return None
    return INDEX_OF[plural], before[-1] if "namespaces" in before else None
