"""What is looked at before any page: host, origin, visitor; and the headers of every answer."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from laneway.logs import log_defect
from laneway_dashboard.errors import Unavailable
from laneway_dashboard.shell.answers import Notice

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from laneway_dashboard.ports.visitors import Visitor

log = logging.getLogger(__name__)

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # none at all would have forms name no origin
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
HEALTH = "/healthz"
"""Asked by kubelets, which name no host of ours; it tells nothing."""
OPEN = ("/static/", "/enter")
READING = {"GET", "HEAD"}


class Entrance(Protocol):
    """Knows who comes in."""

    @property
    def told(self) -> str:
        """How to come in, for whoever does not."""

    def of(self, request: Request) -> Visitor | None:
        """Who sent it; None where nobody knows. Raises `Unavailable`."""


def stranger(request: Request, hosts: frozenset[str]) -> Notice | None:
    """Why a request gets no further, whoever sent it."""
    host = request.headers.get("host", "").lower()
    if host not in hosts:
        return Notice(
            HTTPStatus.MISDIRECTED_REQUEST, "Wrong address", "This server answers by the address of its link alone."
        )
    if request.method not in READING and not is_of_ours(request, host):
        return Notice(HTTPStatus.FORBIDDEN, "Refused", "Another site asked your browser to do this: nothing was done.")
    return None


async def admitted(request: Request, entrance: Entrance) -> Visitor | Notice | None:
    """Who asks; nobody where the path is open to all."""
    if request.url.path.startswith(OPEN):
        return None
    try:
        visitor = await run_in_threadpool(entrance.of, request)
    except Unavailable as error:
        return unavailable(error)
    return visitor or Notice(HTTPStatus.UNAUTHORIZED, "Not signed in", entrance.told, retry=True)


def unavailable(error: Unavailable) -> Notice:
    """Who asks, or what they may, can't be told now."""
    return Notice(HTTPStatus.SERVICE_UNAVAILABLE, "Not now", str(error), retry=True)


def is_of_ours(request: Request, host: str) -> bool:
    """Whether one of our own pages asked, as browsers tell."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    if origin is not None and origin.lower() not in (f"http://{host}", f"https://{host}"):
        return False
    return site == "same-origin" if site is not None else origin is not None


class Guard:
    """Around everything else."""

    def __init__(
        self,
        app: ASGIApp,
        hosts: frozenset[str],
        entrance: Entrance,
        notice: Callable[[Notice, Visitor | None], ASGIApp],
    ) -> None:
        """`notice` makes a page of a refusal."""
        self._app = app
        self._hosts = hosts
        self._entrance = entrance
        self._notice = notice

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let through or refuse."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sent = _with_headers(scope, send)
        if scope["path"] == HEALTH:
            await PlainTextResponse("ok")(scope, receive, sent)
            return
        request, visitor = Request(scope), None
        try:
            found = stranger(request, self._hosts) or await admitted(request, self._entrance)
            visitor = None if isinstance(found, Notice) else found
            scope.setdefault("state", {})["visitor"] = visitor
            app = self._notice(found, None) if isinstance(found, Notice) else self._app
            await app(scope, receive, sent)
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing of it is shown
            log_defect(log, error)
            notice = Notice(HTTPStatus.INTERNAL_SERVER_ERROR, "Something broke", "The server's log names it.")
            await self._notice(notice, visitor)(scope, receive, sent)


def _with_headers(scope: Scope, send: Send) -> Send:
    kept = scope["path"].startswith("/static/")

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            headers["Cache-Control"] = "private, max-age=3600" if kept else "no-store"
        await send(message)

    return sent
