"""A pool that is declared and can't be reached: it is shown, and says why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from laneway_dashboard.errors import Unavailable
from laneway_dashboard.ports.pool import PoolPorts
from laneway_dashboard.ports.watching import PoolSeen

if TYPE_CHECKING:
    from laneway_dashboard.ports.failed import Verb
    from laneway_dashboard.ports.jobs import Filter, Wanted


@dataclass(frozen=True)
class Closed:
    """Every port of it."""

    name: str
    url: str
    trouble: str
    filters: frozenset[Filter] = frozenset()
    order: str = "none"

    @property
    def ports(self) -> PoolPorts:
        """As a dashboard has them."""
        return PoolPorts(self.name, self.url, self, self, self, self)

    def look(self) -> PoolSeen:
        """Why nothing more is seen."""
        return PoolSeen(self.name, self.url, troubles=(self.trouble,))

    def list(self) -> NoReturn:
        """Not now."""
        raise Unavailable(self.trouble)

    def act(self, verb: Verb, job_id: str, etag: str) -> NoReturn:
        """Not now."""
        del verb, job_id, etag
        raise Unavailable(self.trouble)

    def page(self, wanted: Wanted, after: str | None, limit: int) -> NoReturn:
        """Not now."""
        del wanted, after, limit
        raise Unavailable(self.trouble)

    def get(self, job_id: str) -> NoReturn:
        """Not now."""
        del job_id
        raise Unavailable(self.trouble)

    def texts(self, job_id: str) -> NoReturn:
        """Not now."""
        del job_id
        raise Unavailable(self.trouble)
