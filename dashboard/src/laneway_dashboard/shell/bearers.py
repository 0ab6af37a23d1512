"""Who is let in in a cluster: whoever sends a token that the cluster knows."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from laneway_dashboard.ports.visitors import Visitor
from laneway_dashboard.shell.remembered import Remembered

if TYPE_CHECKING:
    from starlette.requests import Request

    from laneway_dashboard.ports.clock import Clock
    from laneway_dashboard.ports.visitors import MayDo, Person, Right, WhoAsks

FRESH = timedelta(seconds=5)
"""How long a token that has ended, and a right that was taken away, may still count."""
MOST_KEPT = 4096  # tokens, and rights: some hundred people before some pools
TOKEN = re.compile(r"Bearer +([A-Za-z0-9._~+/-]{1,16384}=*)", re.IGNORECASE)  # RFC 6750; longer than headers are


@dataclass(frozen=True)
class OfPerson:
    """What a person may, as the cluster says for each pool."""

    person: Person
    asked: MayDo
    kept: Remembered[tuple[Person, Right, str], bool]

    @property
    def told(self) -> str:
        """Each pool has its own."""
        return ""

    def may(self, right: Right, pool: str) -> bool:
        """Raises `Unavailable`."""
        return self.kept.get((self.person, right, pool), lambda: self.asked.may(self.person, right, pool))


class Bearers:
    """No other header names anybody, and there is no session: each request brings its token."""

    told = (
        "This dashboard takes a bearer token that the cluster knows, in the header Authorization, and this request has "
        "none that is good: sign in again where you come in."
    )

    def __init__(self, who: WhoAsks, may: MayDo, clock: Clock) -> None:
        """Both are asked again after `FRESH`."""
        self._who = who
        self._may = may
        self._people: Remembered[bytes, Person | None] = Remembered(clock, FRESH, MOST_KEPT)
        self._rights: Remembered[tuple[Person, Right, str], bool] = Remembered(clock, FRESH, MOST_KEPT)

    def of(self, request: Request) -> Visitor | None:
        """Raises `Unavailable`."""
        token = token_of(request.headers.getlist("authorization"))
        if token is None:
            return None
        kept_as = hashlib.sha256(token.encode()).digest()  # no token stays in memory
        person = self._people.get(kept_as, lambda: self._who.who(token))
        return None if person is None else Visitor(person.name, OfPerson(person, self._may, self._rights))


def token_of(headers: list[str]) -> str | None:
    """The one that was sent; of two headers none is believed."""
    found = TOKEN.fullmatch(headers[0]) if len(headers) == 1 else None
    return None if found is None else found[1]
