"""The composition root: from settings to what is served."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from laneway.listening import ANYWHERE, listening
from laneway.schema.shared.names import DASHBOARD_LINK, PROJECTOR_FILE
from laneway_dashboard.adapters.clock import SystemClock
from laneway_dashboard.adapters.cluster.api_server import ApiServer
from laneway_dashboard.adapters.cluster.found import FoundPools
from laneway_dashboard.adapters.cluster.reviews import Reviews
from laneway_dashboard.adapters.folder_actions import FolderActions
from laneway_dashboard.adapters.opened import opened, state_of
from laneway_dashboard.app.application import Application
from laneway_dashboard.app.serving import LOOPBACK, beside, hosts, serve
from laneway_dashboard.bulk.bulk import Bulk
from laneway_dashboard.desk import Desk, FailedOf
from laneway_dashboard.ports.visitors import Visitor
from laneway_dashboard.seen.snapshot import Seen
from laneway_dashboard.settings import PORT, SettingsError
from laneway_dashboard.shell.bearers import Bearers
from laneway_dashboard.shell.sessions import Sessions
from laneway_table.errors import TableError
from laneway_table.opened import read_config
from laneway_table.stores import open_table

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from laneway_dashboard.ports.clock import Clock
    from laneway_dashboard.ports.pool import PoolPorts
    from laneway_dashboard.settings import InCluster, Settings
    from laneway_table.ports.table import Table

log = logging.getLogger(__name__)


def run(settings: Settings, environment: Mapping[str, str], tell: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; `tell` is given each link. Raises `PoolUnavailable` and `SettingsError`."""
    if settings.cluster is not None:
        run_in_cluster(settings, settings.cluster, environment)
        return
    clock = SystemClock()
    states = {url: settings.up_state or state_of(url, environment) for url in settings.pools}
    tables = tables_of(settings, states.values())
    pools = [opened(url, environment, clock, states[url], tables) for url in settings.pools]
    desk = desk_of({each.name: each for each in pools}, settings, clock)
    with bound(settings.port) as listener:
        port = listener.getsockname()[1]
        visitor = Visitor(settings.user, settings.role)
        sessions = Sessions(visitor, clock, lambda token: tell(f"http://{LOOPBACK}:{port}/enter?token={token}"))
        sessions.offer()
        serve(Application(desk, sessions, clock).asgi(hosts(port)), listener)


def run_in_cluster(settings: Settings, cluster: InCluster, environment: Mapping[str, str]) -> None:
    """Serve whoever the cluster knows, the pools that it lets the dashboard list."""
    clock, api = SystemClock(), ApiServer(cluster.server, cluster.account)
    tables = tables_of(settings, ())
    found = FoundPools(
        api, cluster.namespaces, lambda url, pauses: opened(url, environment, clock, None, tables, pauses), clock
    )
    reviews = Reviews(api)
    desk = desk_of(found, settings, clock, found.forget)
    with listening(ANYWHERE, PORT if settings.port is None else settings.port) as listener:
        known = cluster.hosts | hosts(listener.getsockname()[1])
        serve(Application(desk, Bearers(reviews, reviews, clock), clock).asgi(known), listener)


def desk_of(
    pools: Mapping[str, PoolPorts], settings: Settings, clock: Clock, changed: Callable[[], None] | None = None
) -> Desk:
    """`changed` is called when something was done."""
    seen = Seen(pools.values(), clock, changed)
    return Desk(pools, seen, Bulk(FailedOf(pools), FolderActions(settings.state), clock, beside, seen.forget))


def tables_of(settings: Settings, states: Iterable[Path | None]) -> dict[str, Table]:
    """By the pool that each document names: those of the settings, and of state folders. Raises `SettingsError`."""
    own = [state / PROJECTOR_FILE for state in states if state is not None]
    return dict(map(_table_of, (*(each for each in own if each.exists()), *settings.tables)))


def _table_of(document: Path) -> tuple[str, Table]:
    try:
        config = read_config(document)
        return config.pool, open_table(config)
    except TableError as error:
        raise SettingsError(str(error)) from None


def bound(port: int | None) -> socket.socket:
    """The wanted port, or the usual one, or any."""
    try:
        return listening(LOOPBACK, PORT if port is None else port)
    except OSError as error:
        if port is None:
            return listening(LOOPBACK, 0)
        raise SettingsError(f"port {port} can't be used: {error.strerror}; name another, or 0 for any") from None


def log_link(url: str) -> None:
    """For `laneway up`, which reads it in the log that is its own."""
    log.info(DASHBOARD_LINK, extra={"fields": {"url": url}})
