"""One request, and what is answered to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.datastructures import Headers, QueryParams

from laneway_gateway.doors.encoded import encoded
from laneway_gateway.usage.headers import headers_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Receive, Scope, Send

    from laneway.translate.reply import Reply
    from laneway_gateway.desk import Tenant
    from laneway_gateway.doors.door import Door
    from laneway_gateway.doors.hall import Hall
    from laneway_gateway.doors.log import Note

JOB_ID = "X-Laneway-Job-Id"
REQUEST_ID = "X-Request-Id"
"""The name by which OpenAI's clients know it."""
PIECE_BYTES = 64 * 1024  # as many wait for a client that reads slowly; more would wait where nobody counts them
STREAMED = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
"""So that no proxy keeps a stream until it is whole."""


class Exchange:
    """One request and its answer, which is sent whole or piece by piece."""

    def __init__(self, hall: Hall, door: Door, scope: Scope, receive: Receive, send: Send) -> None:
        """`receive` is read by nobody else."""
        self.hall = hall
        self.inside = hall.inside
        self.door = door
        self.receive = receive
        self.headers = Headers(scope=scope)
        self.path: str = scope["path"]
        self.params: Mapping[str, Any] = scope.get("path_params", {})
        self.query = QueryParams(scope.get("query_string", b""))
        self.method: str = scope["method"]
        self.came = hall.inside.clock.now()
        self.began = hall.inside.clock.monotonic()
        self.asked = self.began
        """When all of the request was there."""
        self.tenant: Tenant | None = None
        """Who asks, once that is known."""
        self.note: Note = scope["laneway"]
        """What the log says of it."""
        self.begun = False
        """Whether some of the answer is sent."""
        self._send = send
        self._told: dict[str, str] = {}

    def tell(self, name: str, value: str) -> None:
        """A header of whatever is answered from now on."""
        self._told[name] = value

    def of_job(self, job_id: str) -> None:
        """From now on the request is about this job."""
        self.note.job_id = job_id
        self.tell(JOB_ID, job_id)
        self.tell(REQUEST_ID, job_id)

    def seconds(self) -> float:
        """Since the request came."""
        return self.inside.clock.monotonic() - self.began

    async def reply(self, reply: Reply) -> None:
        """Answer with JSON."""
        await self.whole(reply.status, await encoded(reply.body), "application/json", reply.headers)

    async def whole(self, status: int, body: bytes, media: str, headers: Mapping[str, str] | None = None) -> None:
        """Answer with these bytes. Whoever waits for the end of it knows that the client has read all but the last."""
        await self._begin(status, {"Content-Type": media, "Content-Length": str(len(body)), **(headers or {})})
        told, start = b"" if self.method == "HEAD" else body, 0
        while len(told) - start > PIECE_BYTES:
            await self.say(told[start : start + PIECE_BYTES])
            start += PIECE_BYTES
        await self._send({"type": "http.response.body", "body": told[start:]})

    async def begin(self) -> None:
        """Begin a stream."""
        await self._begin(200, {"Content-Type": self.door.media, **STREAMED})

    async def say(self, piece: bytes) -> None:
        """One piece of a stream; waits while the client reads too slowly."""
        if piece:
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})

    async def end(self) -> None:
        """The end of a stream."""
        await self._send({"type": "http.response.body", "body": b""})

    async def _begin(self, status: int, headers: Mapping[str, str]) -> None:
        self.begun = True
        all_told = self._limits() | self._told | dict(headers)
        made = [(name.lower().encode(), value.encode("latin-1")) for name, value in all_told.items()]
        await self._send({"type": "http.response.start", "status": int(status), "headers": made})

    def _limits(self) -> dict[str, str]:
        """As late as may be: an answer that is whole has been counted."""
        if self.tenant is None or self.tenant.quota is None:
            return {}
        return headers_of(self.inside.desk.limits(self.tenant), self.inside.clock.now())
