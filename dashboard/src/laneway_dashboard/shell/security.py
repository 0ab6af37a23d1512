"""What is looked at before any page: host, origin, visitor; and the headers of every answer."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders
from starlette.requests import Request

from laneway.logs import log_defect
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
OPEN = ("/static/", "/enter")
READING = {"GET", "HEAD"}


def refusal(request: Request, hosts: frozenset[str], visitor: Visitor | None) -> Notice | None:
    """Why a request gets no further."""
    host = request.headers.get("host", "").lower()
    if host not in hosts:
        return Notice(
            HTTPStatus.MISDIRECTED_REQUEST, "Wrong address", "This server answers by the address of its link alone."
        )
    if request.method not in READING and not is_of_ours(request, host):
        return Notice(HTTPStatus.FORBIDDEN, "Refused", "Another site asked your browser to do this: nothing was done.")
    if visitor is None and not request.url.path.startswith(OPEN):
        return Notice(
            HTTPStatus.UNAUTHORIZED,
            "Not signed in",
            "Your session has ended, or there was none. The terminal in which Laneway runs shows a link that opens "
            "once.",
            retry=True,
        )
    if request.method not in READING and not (visitor and visitor.may_act):
        return Notice(HTTPStatus.FORBIDDEN, "Only for operators", "You may look and not act: nothing was done.")
    return None


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
        visitor: Callable[[Request], Visitor | None],
        notice: Callable[[Notice, Visitor | None], ASGIApp],
    ) -> None:
        """`notice` makes a page of a refusal."""
        self._app = app
        self._hosts = hosts
        self._visitor = visitor
        self._notice = notice

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let through or refuse."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        sent = _with_headers(scope, send)
        request = Request(scope)
        visitor = self._visitor(request)
        scope.setdefault("state", {})["visitor"] = visitor
        refused = refusal(request, self._hosts, visitor)
        app = self._app if refused is None else self._notice(refused, visitor)
        try:
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
