"""What the pages stand on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from laneway_dashboard.ports.failed import FailedJobs
from laneway_dashboard.ports.visitors import Right
from laneway_dashboard.shell.answers import Notice

if TYPE_CHECKING:
    from laneway_dashboard.bulk.bulk import Bulk
    from laneway_dashboard.ports.pool import PoolPorts
    from laneway_dashboard.ports.watching import LaneSeen, PoolSeen
    from laneway_dashboard.seen.snapshot import Seen, Snapshot
    from laneway_dashboard.shell.asked import Asked


class FailedOf(Mapping[str, FailedJobs]):
    """The failed jobs of pools, which come and go."""

    def __init__(self, pools: Mapping[str, PoolPorts]) -> None:
        """By `namespace/name`."""
        self._pools = pools

    def __getitem__(self, name: str) -> FailedJobs:
        return self._pools[name].failed

    def __iter__(self) -> Iterator[str]:
        return iter(self._pools)

    def __len__(self) -> int:
        return len(self._pools)


@dataclass(frozen=True)
class Desk:
    """One server's."""

    pools: Mapping[str, PoolPorts]
    """By `namespace/name`."""
    seen: Seen
    bulk: Bulk


@dataclass(frozen=True)
class At:
    """The pool that a path names."""

    ports: PoolPorts
    snapshot: Snapshot
    seen: PoolSeen

    @property
    def path(self) -> str:
        """Of its pages."""
        return path_of(self.ports.name)

    def lane(self, name: str) -> LaneSeen | None:
        """By name."""
        return next((each for each in self.seen.lanes if each.name == name), None)


def path_of(pool: str) -> str:
    """Of a pool's pages."""
    return f"/pools/{pool}"


def at(desk: Desk, asked: Asked) -> At | Notice:
    """The pool, or that there is none."""
    name = pool_in(asked.path)
    ports = desk.pools.get(name)
    snapshot = desk.seen.look()
    seen = snapshot.pool(name)
    if ports is None or seen is None:
        return no_pool()
    return At(ports, snapshot, seen)


def pool_in(path: Mapping[str, str]) -> str:
    """`namespace/name`, of the variable parts of a pool's page."""
    return f"{path['namespace']}/{path['name']}"


def refused(right: Right, asked: Asked) -> Notice | None:
    """Why a page isn't for this visitor. Who may not look at a pool is not told that there is one. The page of no pool
    is for all: it shows those that its visitor may look at. Raises `Unavailable`.
    """
    if "namespace" not in asked.path:
        return None
    pool = pool_in(asked.path)
    if not asked.visitor.may(Right.LOOK, pool):
        return no_pool()
    if asked.visitor.may(right, pool):
        return None
    if right is Right.TEXTS:
        return Notice(HTTPStatus.FORBIDDEN, "Not for you to read", "You may look at this pool, and not read its texts.")
    return Notice(HTTPStatus.FORBIDDEN, "Only for operators", "You may look and not act: nothing was done.")


def no_pool() -> Notice:
    """Neither here, nor for this visitor."""
    return no_page("No such pool", "This dashboard shows other pools.")


def no_page(title: str, text: str) -> Notice:
    """Nothing is there."""
    return Notice(HTTPStatus.NOT_FOUND, title, text)
