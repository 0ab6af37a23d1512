"""kopf's calls to the API server, overheard: how its watches do, and what its lists hold.

kopf renews a watch that is silent for 70 s, and tries again for ever what fails. A watch that for minutes has neither
had a byte nor been tried is kopf's fault or ours, and only a restart mends it.
"""

from __future__ import annotations

import asyncio
import json
import logging
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

log = logging.getLogger(__name__)

INDEX_OF = {PLURAL: POOLS, PROFILE_PLURAL: PROFILES} | {kind.plural: name for name, kind in WATCHED.items()}
"""The last part of a list's address → the index that it fills."""

LOGIN_SECONDS = 5.0  # between two logins
ALL_KINDS = "/apis"
"""Where kopf begins to look which kinds there are: at its start, and once for each change of a definition."""
REFUSED = (403, 404)
"""HTTP's words for a list that a role or a whole resource is missing for: as in a namespace that was deleted."""
REFUSED_SECONDS = 60.0  # a rollout of rights may take as long; a list that is refused for longer counts as empty
SETTLE_SECONDS = 5.0  # after such a change, until the kind is served: kopf that looks earlier never looks again


@dataclass
class Line:
    """One list or watch, which kopf goes on with for ever."""

    index: str
    """What it fills."""
    namespace: str | None
    """Where its objects are; None: everywhere."""
    at: float
    """When it last gave a sign."""
    stream: Any = None
    """What a watch is read from."""
    read: int = 0
    """Bytes of it that had come."""
    uids: set[str] = field(default_factory=set)
    """Of the list that is under way, as far as it came."""
    listed_at: float | None = None
    """When it first came to its end."""
    refused_at: float | None = None
    """Since when it is refused; nothing where the last answer was no refusal."""
    told: bool = False
    """The log says that it is refused."""


class Watches:
    """Belongs to kopf's event loop; `silences`, `refusals` and `missing` may be asked from anywhere."""

    def __init__(self, counted: Callable[[str, str], None], clock: Callable[[], float]) -> None:
        """`clock` is monotonic."""
        self._counted = counted
        self._clock = clock
        self._lines: dict[str, Line] = {}
        self._login_at = clock()
        self._looked = False
        self.on_list: Callable[[str, str | None, set[str]], None] = lambda *_: None
        """Is told index, namespace (None: all of them) and UIDs of each whole list."""
        self.on_page: Callable[[str | None, set[str]], None] = lambda *_: None
        """Is told namespace and UIDs of each page of a list that never came to its end, before kopf tells of them."""

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
        line = self._lines.setdefault(request.url.path, Line(*place, self._clock()))
        line.at, line.stream = self._clock(), None
        watch = "watch" in request.url.query
        verb, code = "WATCH" if watch else "LIST", "none"
        try:
            response = await handler(request)
            code = str(response.status)
        finally:
            line.at = self._clock()
            self._counted(verb, code)
        self._note(line, request.url.path, response.status)
        if response.status == 200:  # noqa: PLR2004 - HTTP's own number
            await self._follow(line, response, first="continue" not in request.url.query, watch=watch)
        return response

    def _note(self, line: Line, path: str, status: int) -> None:
        """Since when a list is refused, and in the log once that it counts as empty."""
        if status not in REFUSED:
            line.refused_at, line.told = None, False
            return
        line.refused_at = line.at if line.refused_at is None else line.refused_at
        if not line.told and line.at - line.refused_at >= REFUSED_SECONDS:
            line.told = True
            left = "it counts as empty" if line.listed_at is None else "what was known of it stands"
            log.warning(
                "GET %s has been refused for a minute with %s: %s. Give the operator's account the right to list and "
                "watch it, or take its namespace out of watch.namespaces",
                *(path, status, left),
            )

    async def _follow(self, line: Line, response: aiohttp.ClientResponse, *, first: bool, watch: bool) -> None:
        if watch:
            line.stream, line.read = response.content, 0
            return
        found = json.loads(await response.read())
        uids = {each["metadata"]["uid"] for each in found.get("items", [])}
        if line.listed_at is None:
            self.on_page(line.namespace, uids)
        line.uids = uids if first else line.uids | uids
        if not found.get("metadata", {}).get("continue"):
            line.listed_at = line.at if line.listed_at is None else line.listed_at
            self.on_list(line.index, line.namespace, line.uids)
            line.uids = set()

    def listed(self, namespace: str) -> bool:
        """Whether pools, and everything else that kopf began to list for a namespace, were once listed to the end or
        count as empty. Of no namespace: all of them, and pools of one at least were listed. kopf begins all its lists
        before the first of them can be answered.
        """
        if namespace:
            return self._listed(namespace)
        pools = [each for each in self._lines.values() if each.index == POOLS]
        return any(each.listed_at is not None for each in pools) and all(self._listed(each.namespace) for each in pools)

    def _listed(self, namespace: str | None) -> bool:
        lines = [each for each in self._lines.values() if each.namespace in (None, namespace)]
        began = max((each.listed_at for each in lines if each.listed_at is not None), default=0.0)
        return any(each.index == POOLS for each in lines) and all(self._is_known(each, began) for each in lines)

    def _is_known(self, line: Line, began: float) -> bool:
        """`began` is when the last of the others first came: rights that come back come one by one. An operator without
        a right to profiles serves the pools that name none.
        """
        if line.listed_at is not None:
            return True
        if line.refused_at is None:
            return False
        return line.index == PROFILES or self._clock() - max(line.refused_at, began) >= REFUSED_SECONDS

    def missing(self) -> list[str]:
        """The addresses of lists that never came to their end."""
        return [path for path, each in list(self._lines.items()) if each.listed_at is None]

    def refusals(self) -> Mapping[str, float]:
        """Address → for how many seconds it has been refused; 0 where it is not."""
        now = self._clock()
        lines = list(self._lines.items())
        return {path: 0.0 if each.refused_at is None else now - each.refused_at for path, each in lines}

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
