"""The gateway of a pool on this machine: its ports, its environment, and how it does."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from laneway.local.processes.kept import HOPELESS_RESTARTS, KeptProcess
from laneway.local.processes.ports import LOOPBACK, first_free_port, free_port, wanted_port
from laneway.schema.shared.base import Frozen, duration_text
from laneway.schema.shared.names import GATEWAY_READY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from laneway.local.processes.children import Children
    from laneway.local.say import Say
    from laneway.local.state import StateFolder
    from laneway.schema.pool.pool import LLMWorkerPool

MODULE = "laneway_gateway"
ADDRESSES = "addresses.json"
LOG = "gateway.log"
OWN = "LANEWAY_GATEWAY_"
PORT = 11435  # one above Ollama's own
DRAIN = "24h"  # as long as workers take: they end it


class Addresses(Frozen):
    """`<state>/gateway/addresses.json`: where it is, as long as it runs."""

    url: str
    """Of its doors."""
    health_address: str
    """Of its probes and metrics."""


@dataclass
class GatewayStats:
    """What is known of it."""

    ready: bool = False
    restarts: int = 0
    started: bool = False
    """Whether it has ever been ready: its port stays the same from then on."""

    def take(self, event: dict[str, Any], _now: float) -> None:
        """Take one of its log lines."""
        if event.get("message") == GATEWAY_READY:
            self.ready = self.started = True

    def died(self, _how: str) -> None:
        """It has ended, and is started again."""
        self.ready = False
        self.restarts += 1


def declared(pool: LLMWorkerPool, say: Say) -> dict[str, str]:
    """What a pool says of its gateways, as far as one on this machine heeds it: how long somebody is held, and
    which lanes are meant.
    """
    gateway = pool.spec.gateway
    if gateway is None:
        return {}
    say.line("gateway.keys is for clusters: on this machine nobody needs a key, and nobody else comes in")
    waits = {"EDGE_IDLE_TIMEOUT": gateway.edge_idle_timeout, "MAX_WAIT": gateway.max_wait}
    lanes = ",".join(f"{asked}={lane}" for asked, lane in gateway.lanes_for.items())
    told = {name: duration_text(seconds) for name, seconds in waits.items() if seconds is not None}
    return {f"{OWN}{name}": each for name, each in (told | ({"LANES": lanes} if lanes else {})).items()}


class LocalGateway:
    """Serves OpenAI's and Ollama's APIs on loopback, to whoever is on this machine."""

    def __init__(self, state: StateFolder, port: int | None, told: Mapping[str, str], say: Say) -> None:
        """`port` is the wanted one; raises `LocalError` where it is in use. `told` are further variables. Nothing runs
        before `process` is tended.
        """
        self._state = state
        self._told = told
        self._say = say
        self._wanted = None if port is None else wanted_port(port, "--http-port")
        self._port = 0
        self._probes = free_port()
        self.stats = GatewayStats()

    @staticmethod
    def is_installed() -> bool:
        """Whether there is one to start."""
        return importlib.util.find_spec(MODULE) is not None

    def url(self) -> str | None:
        """Where the doors are, or None, and a word to the person, where it can't start."""
        if not self.stats.ready:
            log = self._state.logs / LOG
            self._say.line(f"the gateway can't start, and jobs are answered all the same; its last words are in {log}")
            return None
        return self.addresses.url

    @property
    def addresses(self) -> Addresses:
        """Where it is, or is to be."""
        return Addresses(url=f"http://{LOOPBACK}:{self._port}", health_address=f"{LOOPBACK}:{self._probes}")

    @property
    def settled(self) -> bool:
        """Whether it serves, or will not."""
        return self.stats.ready or self.stats.restarts >= HOPELESS_RESTARTS

    def process(self, environment: Mapping[str, str], children: Children) -> KeptProcess:
        """What is to be tended; `environment` is that of the workers."""
        return KeptProcess(
            [MODULE],
            self._state.logs / LOG,
            self.stats,
            lambda: self.variables(environment),
            children,
            self._say,
        )

    def variables(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Its environment; what a person has set for another gateway is not for this one."""
        if not self.stats.started:
            self._choose_port()
            self._state.write(self._state.gateway / ADDRESSES, self.addresses)
        kept = {name: value for name, value in environment.items() if not name.startswith(OWN)}
        return {
            **kept,
            **self._told,
            "LANEWAY_POOL": str(self._state.gateway),
            f"{OWN}LISTEN": f"{LOOPBACK}:{self._port}",
            f"{OWN}REPLIES_PORT": "0",
            f"{OWN}PROBES": self.addresses.health_address,
            f"{OWN}DRAIN": DRAIN,
        }

    def _choose_port(self) -> None:
        """Again at each start before it has served: somebody may have been quicker."""
        port = self._wanted or first_free_port(PORT)
        if port not in (PORT, self._port, self._wanted):
            self._say.line(f"port {PORT} is in use: the gateway listens on {port}")
        self._port = port
