"""The pools of a cluster, or of some of its namespaces: those that the dashboard may list."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

from laneway.errors import LanewayError
from laneway.schema.shared.names import PLURAL
from laneway_dashboard.adapters.cluster.closed import Closed
from laneway_dashboard.adapters.cluster.pausing import API, ClusterPauses
from laneway_dashboard.adapters.cluster.resource import resource_of
from laneway_dashboard.ports.pool import PoolPorts

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from laneway_dashboard.adapters.cluster.api_server import ApiServer
    from laneway_dashboard.adapters.cluster.resource import Resource
    from laneway_dashboard.ports.clock import Clock

    Open = Callable[[str, ClusterPauses], PoolPorts]

FRESH = timedelta(seconds=4)  # less than a snapshot's: each look sees a list of its own
AGAIN = timedelta(seconds=30)
"""When a pool is tried anew that could not be reached."""
MOST_LISTED = 500
AT_ONCE = 8  # pools that are opened


class FoundPools(Mapping[str, PoolPorts]):
    """By `namespace/name`; listed when somebody looks, and no oftener than each look. Raises `Unavailable`."""

    def __init__(self, api: ApiServer, namespaces: tuple[str, ...], open_pool: Open, clock: Clock) -> None:
        """`namespaces` is empty for all. `open_pool` is given a URL and how its lanes are paused."""
        self._api = api
        self._paths = [f"{API}/namespaces/{each}/{PLURAL}" for each in namespaces] or [f"{API}/{PLURAL}"]
        self._open_pool = open_pool
        self._clock = clock
        self._lock = threading.Lock()
        self._listed: datetime | None = None
        self._resources: dict[str, Resource] = {}
        self._ports: dict[str, tuple[datetime, PoolPorts]] = {}

    def __getitem__(self, name: str) -> PoolPorts:
        return self._now()[name][1]

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._now()))

    def __len__(self) -> int:
        return len(self._now())

    def forget(self) -> None:
        """What was done is to be seen at once."""
        self._listed = None

    def _now(self) -> Mapping[str, tuple[datetime, PoolPorts]]:
        with self._lock:
            now = self._clock.now()
            if self._listed is None or now - self._listed >= FRESH:
                self._resources = {each.name: each for each in self._list()}
                with ThreadPoolExecutor(AT_ONCE) as threads:
                    opened = threads.map(lambda each: self._reached(each, now), self._resources.values())
                    self._ports = dict(zip(self._resources, opened, strict=True))
                self._listed = now
            return self._ports

    def _list(self) -> Iterator[Resource]:
        for path in self._paths:
            for item in self._api.call("GET", f"{path}?limit={MOST_LISTED}").get("items", ()):
                try:
                    yield resource_of(item)
                except (KeyError, TypeError, AttributeError):
                    continue  # of another version of the definition: the operator says so in its status

    def _reached(self, resource: Resource, now: datetime) -> tuple[datetime, PoolPorts]:
        known = self._ports.get(resource.name)
        if known is not None and known[1].url == resource.url:
            closed = isinstance(known[1].watched, Closed)
            if not closed or now - known[0] < AGAIN:
                return known
        return now, self._opened(resource)

    def _opened(self, resource: Resource) -> PoolPorts:
        name, url = resource.name, resource.url
        pauses = ClusterPauses(self._api, name, lambda: self._resources.get(name), self._clock)
        try:
            ports = self._open_pool(url, pauses)
        except LanewayError as error:
            return Closed(name, url, str(error)).ports
        if ports.name != name:  # else whoever may declare a pool could have others' shown, and acted on
            return Closed(name, url, f"{url} holds another pool's jobs: its pool.json does not name {name}").ports
        return ports
