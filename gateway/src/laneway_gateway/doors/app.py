"""The doors as one ASGI application."""

from __future__ import annotations

import json
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.routing import Router

from laneway_gateway.doors.document import openapi
from laneway_gateway.doors.door import NO_RETRY, Denied
from laneway_gateway.doors.endpoint import Endpoint, route
from laneway_gateway.doors.hall import Hall
from laneway_gateway.doors.inside import DoorSettings, Inside
from laneway_gateway.doors.log import Logged
from laneway_gateway.doors.native import routes as native
from laneway_gateway.doors.native.speech import NATIVE
from laneway_gateway.doors.ollama import routes as ollama
from laneway_gateway.doors.ollama.speech import OLLAMA
from laneway_gateway.doors.openai import routes as openai
from laneway_gateway.doors.openai.speech import OPENAI

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from laneway_gateway.doors.door import Door
    from laneway_gateway.doors.exchange import Exchange

__all__ = ["DoorSettings", "Inside", "make_doors"]

DOCUMENT = "/openapi.json"
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def make_doors(inside: Inside) -> ASGIApp:
    """All doors on what stands inside. Nothing runs before the first request, and nothing after the last one."""
    hall = Hall(inside)
    described = route(hall, NATIVE, DOCUMENT, GET=partial(_document, document=json.dumps(openapi()).encode()))
    paths = [*openai.routes(hall), *ollama.routes(hall), *native.routes(hall), described]
    return Logged(Router(paths, redirect_slashes=False, default=_Nowhere(hall)), inside)


async def _document(exchange: Exchange, document: bytes) -> None:
    """For anybody: it is the same for all pools."""
    await exchange.whole(HTTPStatus.OK, document, "application/json")


class _Nowhere:
    """What stands at every other path."""

    def __init__(self, hall: Hall) -> None:
        self._doors = {"/api": _nothing(hall, OLLAMA), "/jobs": _nothing(hall, NATIVE), "": _nothing(hall, OPENAI)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            beginning = next(each for each in self._doors if scope["path"].startswith(each))
            await self._doors[beginning](scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})


def _nothing(hall: Hall, door: Door) -> Endpoint:
    return Endpoint(hall, door, dict.fromkeys(METHODS, _nowhere))


async def _nowhere(_exchange: Exchange) -> None:
    words = "there is nothing at this path: base URLs are http://HOST:PORT/v1 for OpenAI's clients, and "
    raise Denied(HTTPStatus.NOT_FOUND, f"{words}http://HOST:PORT for Ollama's", headers=NO_RETRY)
