"""What lets people in: the gateway and the dashboard. Jobs are answered without either."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from laneway.local.dashboard import LocalDashboard
from laneway.local.gateway import LocalGateway, declared

if TYPE_CHECKING:
    from collections.abc import Mapping

    from laneway.client.connection import Connection
    from laneway.local.processes.children import Children
    from laneway.local.processes.kept import KeptProcess
    from laneway.local.say import Say
    from laneway.local.state import StateFolder
    from laneway.schema.pool.pool import LLMWorkerPool

INSTALL = "install it with pip install 'laneway[local]'; jobs are answered all the same"


@dataclass(frozen=True)
class Entrances:
    """Where people come in; None where that can't start, or is not installed."""

    gateway: str | None
    dashboard: str | None
    """A link that opens once."""


class Doors:
    """Those that are installed."""

    def __init__(self, pool: LLMWorkerPool, state: StateFolder, ports: tuple[int | None, int | None], say: Say) -> None:
        """`ports` are the wanted ones of gateway and dashboard; raises `LocalError` where one is in use."""
        self._state = state
        self._gateway = self._dashboard = None
        if LocalGateway.is_installed():
            self._gateway = LocalGateway(state, ports[0], declared(pool, say), say)
        else:
            say.line(f"no gateway: {INSTALL}")
        if LocalDashboard.is_installed():
            self._dashboard = LocalDashboard(state, ports[1], say)
        else:
            say.line(f"no dashboard: {INSTALL}")

    def processes(
        self, connection: Connection, environment: Mapping[str, str], children: Children
    ) -> list[KeptProcess]:
        """What is to be tended; `environment` is that of the workers."""
        self._state.lead_doors(connection)
        return [each.process(environment, children) for each in (self._gateway, self._dashboard) if each is not None]

    @property
    def settled(self) -> bool:
        """Whether each serves, or will not."""
        return all(each.settled for each in (self._gateway, self._dashboard) if each is not None)

    def entrances(self) -> Entrances:
        """For the person."""
        return Entrances(
            None if self._gateway is None else self._gateway.url(),
            None if self._dashboard is None else self._dashboard.link(),
        )
