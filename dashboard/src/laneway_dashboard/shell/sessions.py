"""Who is let in on a machine of one's own: a link that opens once, and the cookie that it is exchanged for."""

from __future__ import annotations

import hmac
import secrets
import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from starlette.requests import Request

    from laneway_dashboard.ports.clock import Clock
    from laneway_dashboard.ports.visitors import Visitor

TOKEN_BYTES = 32
SESSION_HOURS = 12
SESSION = timedelta(hours=SESSION_HOURS)
MOST_SESSIONS = 64  # one person's browsers; more are somebody's program


@dataclass
class _Session:
    visitor: Visitor
    until: datetime


class Sessions:
    """The cookie's name is random: cookies are kept per host and not per port, and another server's is not ours."""

    told = "Your session has ended, or there was none. The terminal in which Laneway runs shows a link that opens once."

    def __init__(self, visitor: Visitor, clock: Clock, new_link: Callable[[str], None]) -> None:
        """`new_link` is told of the first token, and of the next one each time a token was used."""
        self.cookie = f"laneway-{secrets.token_hex(8)}"
        self._visitor = visitor
        self._clock = clock
        self._new_link = new_link
        self._lock = threading.Lock()
        self._sessions: dict[str, _Session] = {}
        self._token = secrets.token_urlsafe(TOKEN_BYTES)

    def offer(self) -> None:
        """Tell of the token that opens now."""
        self._new_link(self._token)

    def enter(self, token: str) -> str | None:
        """The cookie's value for a token, which is used up; None where it doesn't open."""
        with self._lock:
            if not hmac.compare_digest(token.encode(), self._token.encode()):
                return None
            self._token = secrets.token_urlsafe(TOKEN_BYTES)
            self._forget_old()
            value = secrets.token_urlsafe(TOKEN_BYTES)
            self._sessions[value] = _Session(self._visitor, self._clock.now() + SESSION)
        self.offer()
        return value

    def of(self, request: Request) -> Visitor | None:
        """By the cookie."""
        found = self._sessions.get(request.cookies.get(self.cookie) or "")
        return None if found is None or found.until <= self._clock.now() else found.visitor

    def _forget_old(self) -> None:
        now = self._clock.now()
        kept = [(value, each) for value, each in self._sessions.items() if each.until > now]
        self._sessions = dict(kept[-(MOST_SESSIONS - 1) :])
