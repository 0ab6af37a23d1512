"""Everything that a dashboard has of a pool, from its URL."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from laneway.client.connection import POOL_VARIABLE
from laneway.schema.shared.names import DEFAULT_STATE
from laneway_dashboard.adapters.failed import ClientFailedJobs
from laneway_dashboard.adapters.listed import ListedJobs
from laneway_dashboard.adapters.live_documents import LiveDocuments
from laneway_dashboard.adapters.one_job import ClientOneJob
from laneway_dashboard.adapters.reached import Reached
from laneway_dashboard.adapters.table import Rows, TableJobs, TableToday, TableWaits
from laneway_dashboard.adapters.watching import WatchedPool
from laneway_dashboard.ports.pool import PoolPorts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from laneway_dashboard.adapters.cluster.pausing import ClusterPauses
    from laneway_dashboard.ports.clock import Clock
    from laneway_table.ports.table import Table

NONE: Mapping[str, Table] = MappingProxyType({})
LIVE = "live"
"""Where `laneway up` keeps what its workers read again, in its state folder."""


def opened(
    url: str | None,
    environment: Mapping[str, str],
    clock: Clock,
    state: Path | None,
    tables: Mapping[str, Table] = NONE,
    pauses: ClusterPauses | None = None,
) -> PoolPorts:
    """Raises `PoolUnavailable`. `state` is the folder of `laneway up`, where the pool is on this machine; `tables` are
    there for some pools, by `namespace/name`. `pauses` is of a pool in a cluster.
    """
    reached = Reached(url, environment, clock)
    own = None if state is None or not (state / LIVE).is_dir() else LiveDocuments(state / LIVE)
    live = pauses or own
    ports = PoolPorts(
        name=reached.name,
        url=reached.url,
        watched=WatchedPool(reached, live, None),
        failed=ClientFailedJobs(reached),
        jobs=ListedJobs(reached),
        job=ClientOneJob(reached),
        pauses=live,
    )
    if reached.name not in tables:
        return ports
    rows = Rows(tables[reached.name], reached.name)
    watched = WatchedPool(reached, live, TableToday(rows, clock))
    return replace(ports, watched=watched, jobs=TableJobs(rows, clock), waits=TableWaits(rows, clock))


def state_of(url: str | None, environment: Mapping[str, str]) -> Path | None:
    """The state folder that a URL names, or that the client finds without one."""
    found = url or environment.get(POOL_VARIABLE) or DEFAULT_STATE
    return None if found.startswith("s3://") else Path(found)
