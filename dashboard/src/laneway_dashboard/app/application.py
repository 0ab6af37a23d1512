"""The ASGI application: requests become values, and values answers."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Mount, Route, Router
from starlette.staticfiles import StaticFiles

from laneway_dashboard.app.routes import PAGES
from laneway_dashboard.desk import path_of, refused
from laneway_dashboard.errors import Unavailable
from laneway_dashboard.ports.visitors import Right
from laneway_dashboard.shell.answers import Download, Elsewhere, Notice, View
from laneway_dashboard.shell.asked import Asked, fields, form_of
from laneway_dashboard.shell.rendering import templates
from laneway_dashboard.shell.security import READING, Guard, unavailable
from laneway_dashboard.shell.sessions import Sessions

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from laneway_dashboard.app.routes import Page
    from laneway_dashboard.desk import Desk
    from laneway_dashboard.ports.clock import Clock
    from laneway_dashboard.ports.visitors import Visitor
    from laneway_dashboard.shell.answers import Answer
    from laneway_dashboard.shell.security import Entrance

STATIC = Path(str(files("laneway_dashboard") / "static"))
USED = "The link has opened once, or is of another run: the terminal in which Laneway runs shows the next one."


@dataclass(frozen=True)
class Application:
    """What it is made of."""

    desk: Desk
    entrance: Entrance
    clock: Clock

    def asgi(self, hosts: frozenset[str]) -> ASGIApp:
        """`hosts` are the values of `Host` by which it is reached."""
        pages = Pages(self.desk)
        routes = [
            *([Route("/enter", self._enter(pages, self.entrance))] if isinstance(self.entrance, Sessions) else []),
            *(Route(each.path, self._endpoint(each, pages), methods=[each.method]) for each in PAGES),
            Mount("/static", StaticFiles(directory=STATIC)),
        ]
        return Guard(
            _Missing(Router(routes, redirect_slashes=False, default=_nothing), pages),
            hosts,
            self.entrance,
            pages.notice,
        )

    def _endpoint(self, page: Page, pages: Pages) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            visitor: Visitor = request.state.visitor
            form = await form_of(request) if page.method == "POST" else {}
            if isinstance(form, Notice):
                return pages.notice(form, visitor)
            asked = Asked(visitor, self.clock.now(), request.path_params, fields(request.url.query), form)
            return await run_in_threadpool(lambda: self._answered(page, asked, pages, request.url.path))

        return endpoint

    def _answered(self, page: Page, asked: Asked, pages: Pages, path: str) -> Response:
        try:
            answer = refused(page.right, asked) or page.handler(asked, self.desk)
            return pages.response(answer, asked, path)
        except Unavailable as error:
            return pages.notice(unavailable(error), asked.visitor)

    @staticmethod
    def _enter(pages: Pages, sessions: Sessions) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            if request.method == "HEAD":
                return Response()  # of who only looks whether there is something: the link still opens
            value = sessions.enter(request.query_params.get("token", ""))
            if value is None:
                return pages.notice(Notice(HTTPStatus.FORBIDDEN, "This link is used up", USED), None)
            answer = RedirectResponse("/", HTTPStatus.SEE_OTHER)
            answer.set_cookie(sessions.cookie, value, httponly=True, samesite="strict", path="/")
            return answer

        return endpoint


class Pages:
    """Makes HTML of what handlers give back."""

    def __init__(self, desk: Desk) -> None:
        """Templates are read once."""
        self._desk = desk
        self._templates = templates()

    def response(self, answer: Answer, asked: Asked, path: str) -> Response:
        """An answer of ours as one of HTTP."""
        match answer:
            case View():
                return self._view(answer, asked, path)
            case Notice():
                return self.notice(answer, asked.visitor, self._only(asked.visitor))
            case Elsewhere(path=there):
                return RedirectResponse(there, HTTPStatus.SEE_OTHER)
            case Download(name=name, kind=kind, lines=lines):
                headers = {"Content-Disposition": f'attachment; filename="{name}"'}
                return StreamingResponse(iter(lines), media_type=kind, headers=headers)

    def _view(self, view: View, asked: Asked, path: str) -> Response:
        values = _frame(asked.visitor, view.pool or self._only(asked.visitor)) | {
            "now": asked.now,
            "tab": view.tab,
            "live": view.live,
            "query": asked.query,
            "path": path,
            **view.values,
        }
        return HTMLResponse(self._templates.get_template(view.template).render(values))

    def notice(self, notice: Notice, visitor: Visitor | None, pool: str | None = None) -> Response:
        """A page that says one thing."""
        values = _frame(visitor, pool) | {"notice": notice, "tab": "", "live": False, "query": {}}
        return HTMLResponse(self._templates.get_template("notice.html").render(values), notice.status)

    def _only(self, visitor: Visitor) -> str | None:
        """The pool, where the visitor sees but one."""
        names = [each for each in self._desk.pools if visitor.may(Right.LOOK, each)]
        return names[0] if len(names) == 1 else None


def _frame(visitor: Visitor | None, pool: str | None) -> dict[str, Any]:
    return {
        "visitor": visitor,
        "pool_name": pool,
        "pool_path": pool and path_of(pool),
        "may": lambda right: bool(visitor and pool and visitor.may(Right(right), pool)),
    }


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """A page is there also where its address was typed with a slash behind it."""
    path = str(scope["path"])
    if not (path.startswith("/pools/") and path.endswith("/") and scope["method"] in READING):
        raise HTTPException(HTTPStatus.NOT_FOUND)
    query = scope["query_string"].decode("latin-1")
    there = path.rstrip("/") + (f"?{query}" if query else "")
    await RedirectResponse(there, HTTPStatus.SEE_OTHER)(scope, receive, send)


class _Missing:
    """Says in words that a page isn't there."""

    def __init__(self, app: ASGIApp, pages: Pages) -> None:
        """Around the pages."""
        self._app = app
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except HTTPException as error:
            notice = Notice(HTTPStatus(error.status_code), "No such page", "Nothing is at this address.")
            await self._pages.notice(notice, scope["state"].get("visitor"))(scope, receive, send)
