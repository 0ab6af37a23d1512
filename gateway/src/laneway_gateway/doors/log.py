"""One line for each request, without a word of it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.datastructures import Headers

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from laneway_gateway.doors.inside import Inside

log = logging.getLogger(__name__)
GONE = 499  # as nginx has it: the client left before its answer
UNROUTED = "-"


@dataclass
class Note:
    """What is known of a request."""

    door: str = "none"
    tenant: str | None = None
    job_id: str | None = None
    status: int = GONE


class Logged:
    """Notes each request: method, route, status, seconds, tenant and job."""

    def __init__(self, app: ASGIApp, inside: Inside) -> None:
        """Pure ASGI: a disconnect comes through."""
        self._app = app
        self._inside = inside

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        note = scope["laneway"] = Note()
        began = self._inside.clock.monotonic()

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                note.status = message["status"]
            await send(message)

        with self._inside.traces.request(Headers(scope=scope)):
            try:
                await self._app(scope, receive, noting)
            finally:
                self._say(scope, note, self._inside.clock.monotonic() - began)

    def _say(self, scope: Scope, note: Note, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", UNROUTED)
        fields = {
            "method": scope["method"] if scope["method"].isalpha() else UNROUTED,
            "route": route,
            "status": note.status,
            "seconds": round(seconds, 3),
            "tenant": note.tenant,
            "job": note.job_id,
        }
        log.info("answered", extra={"fields": {name: each for name, each in fields.items() if each is not None}})
        ids = {name: each for name, each in (("tenant", note.tenant), ("job_id", note.job_id)) if each is not None}
        self._inside.traces.tell(scope["method"], None if route == UNROUTED else route, note.status, ids)
        self._inside.figures.answered(note.door, route, note.status, seconds)
