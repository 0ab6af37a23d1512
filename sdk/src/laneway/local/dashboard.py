"""The dashboard of a pool on this machine: its environment, and the link that opens it."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from laneway.local.processes.kept import HOPELESS_RESTARTS, KeptProcess
from laneway.local.processes.ports import wanted_port
from laneway.schema.shared.names import DASHBOARD_LINK, DASHBOARD_VARIABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from laneway.local.processes.children import Children
    from laneway.local.say import Say
    from laneway.local.state import StateFolder

MODULE = "laneway_dashboard"
LOG = "dashboard.log"


@dataclass
class DashboardStats:
    """What is known of it."""

    say: Say
    link: str | None = None
    """The one that opens now."""
    restarts: int = 0
    shown: bool = False
    """Whether a person was given a link: from then on each new one is told at once."""

    def take(self, event: dict[str, Any], _now: float) -> None:
        """Take one of its log lines."""
        url = event.get("url")
        if event.get("message") != DASHBOARD_LINK or not isinstance(url, str):
            return
        self.link = url
        if self.shown:
            self.say.line(f"the dashboard's next link, for another browser: {url}")

    def died(self, _how: str) -> None:
        """It has ended, and is started again."""
        self.link = None
        self.restarts += 1


class LocalDashboard:
    """Shows the pool in a browser, to whoever was given its link."""

    def __init__(self, state: StateFolder, port: int | None, say: Say) -> None:
        """`port` is the wanted one; raises `LocalError` where it is in use."""
        self._state = state
        self._port = None if port is None else wanted_port(port, "--dashboard-port")
        self._say = say
        self.stats = DashboardStats(say)

    @staticmethod
    def is_installed() -> bool:
        """Whether there is one to start."""
        return importlib.util.find_spec(MODULE) is not None

    @property
    def settled(self) -> bool:
        """Whether it serves, or will not."""
        return self.stats.link is not None or self.stats.restarts >= HOPELESS_RESTARTS

    def link(self) -> str | None:
        """What opens it once, or None, and a word to the person, where it can't start."""
        self.stats.shown = True
        if self.stats.link is None:
            log = self._state.logs / LOG
            self._say.line(f"the dashboard can't start, and jobs are answered all the same; see {log}")
        return self.stats.link

    def process(self, environment: Mapping[str, str], children: Children) -> KeptProcess:
        """What is to be tended; `environment` is that of the workers."""
        variables = self.variables(environment)
        return KeptProcess([MODULE], self._state.logs / LOG, self.stats, lambda: variables, children, self._say)

    def variables(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Its environment; what a person has set for another dashboard is not for this one."""
        kept = {name: value for name, value in environment.items() if not name.startswith(DASHBOARD_VARIABLES)}
        own = {
            "POOLS": str(self._state.dashboard),
            "STATE": str(self._state.dashboard / "actions"),
            "UP_STATE": str(self._state.root),
            "LINK_IN_LOG": "1",
        } | ({} if self._port is None else {"PORT": str(self._port)})
        return kept | {f"{DASHBOARD_VARIABLES}{name}": value for name, value in own.items()}
