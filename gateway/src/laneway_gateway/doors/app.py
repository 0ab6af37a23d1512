"""The doors as one ASGI application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from laneway_gateway.doors.inside import DoorSettings, Inside

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp

__all__ = ["DoorSettings", "Inside", "make_doors"]


def make_doors(inside: Inside) -> ASGIApp:
    """All doors on what stands inside. Nothing runs before the first request, and nothing after the last one."""

    async def root(_request: Request) -> PlainTextResponse:
        await inside.clock.sleep(0)
        return PlainTextResponse("Ollama is running")

    return Starlette(routes=[Route("/", root)])
