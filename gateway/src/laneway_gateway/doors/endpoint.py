"""What stands at a path: whatever goes wrong there is told in the door's own shape."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.routing import Route

from laneway.logs import log_defect
from laneway.translate.refused import Refused
from laneway_gateway.doors.asking.local import check_local
from laneway_gateway.doors.door import NO_RETRY, Denied, HungUp, reply_of
from laneway_gateway.doors.exchange import Exchange
from laneway_gateway.errors import DoorError, QuotaExceeded

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.types import Receive, Scope, Send

    from laneway_gateway.doors.door import Door
    from laneway_gateway.doors.hall import Hall

    Handle = Callable[[Exchange], Awaitable[None]]

log = logging.getLogger(__name__)


class Endpoint:
    """An ASGI application for one path of a door."""

    def __init__(self, hall: Hall, door: Door, handles: Mapping[str, Handle]) -> None:
        """`handles` are who answers, by method; what they raise before is answered here."""
        self._hall = hall
        self._door = door
        self._handles = handles

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        exchange = Exchange(self._hall, self._door, scope, receive, send)
        exchange.note.door = self._door.name
        try:
            if self._hall.inside.settings.local:
                check_local(exchange.method, exchange.headers)
            await self._handle_of(exchange.method)(exchange)
        except HungUp:
            return
        except (Denied, Refused, DoorError) as error:
            if isinstance(error, QuotaExceeded):
                self._hall.inside.figures.over_quota(exchange.note.tenant or "", error.quota)
            await exchange.reply(reply_of(self._door, error))
        except Exception as error:  # noqa: BLE001 - a defect of ours; its words may quote the request
            log_defect(log, error)
            if not exchange.begun:
                await exchange.reply(reply_of(self._door, error))

    def _handle_of(self, method: str) -> Handle:
        found = self._handles.get("GET" if method == "HEAD" else method)
        if found is None:
            known = ", ".join(self._handles)
            headers = {"Allow": known, **NO_RETRY}
            raise Denied(HTTPStatus.METHOD_NOT_ALLOWED, f"this path knows {known} alone", headers=headers)
        return found


def route(hall: Hall, door: Door, path: str, **handles: Handle) -> Route:
    """A path of a door, and who answers there by method."""
    return Route(path, Endpoint(hall, door, handles))
