"""A pool as the client reaches it, followed while it changes."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from laneway.client.connection import connect
from laneway.client.pool import Pool
from laneway.client.remote import Remote
from laneway.errors import LanewayError, PoolUnavailable
from laneway.schema.job.job import InvalidJob
from laneway_dashboard.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from laneway.schema.job.keys import Place
    from laneway_dashboard.ports.clock import Clock

AGAIN = timedelta(minutes=1)
"""How often `pool.json` is looked at: lanes come and go seldom."""


class Reached:
    """One pool's client."""

    def __init__(self, url: str | None, environment: Mapping[str, str], clock: Clock) -> None:
        """Raises `PoolUnavailable`."""
        self._url = url
        self.clock = clock
        self._lock = threading.Lock()
        connection = connect(url, environment)
        self.place: Place = connection.place
        self.url = connection.url
        self.remote = Remote(connection)
        self._pool = Pool(url)
        self._looked = clock.now()
        self.remote.follow(self._pool.document)

    @property
    def name(self) -> str:
        """`namespace/name`."""
        return self._pool.document.pool

    @property
    def now(self) -> datetime:
        """The time."""
        return self.clock.now()

    def pool(self) -> Pool:
        """As its document says by now; raises `PoolUnavailable` where it is gone."""
        with self._lock:
            if self.now - self._looked < AGAIN:
                return self._pool
            body = self.remote.get(self.place.pool_document())
            if body is None:
                raise PoolUnavailable(f"there is no pool at {self.url} any more: its pool.json is missing")
            if body != self._body:
                self._pool = Pool(self._url)
                self.remote.follow(self._pool.document)
                self._body = body
            self._looked = self.now
            return self._pool

    _body: bytes = b""


@contextmanager
def in_words() -> Iterator[None]:
    """What the client raises, as what can't be had."""
    try:
        yield
    except (InvalidJob, LanewayError) as error:
        raise Unavailable(str(error)) from error
