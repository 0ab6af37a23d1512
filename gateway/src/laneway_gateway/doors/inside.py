"""What the doors stand on, and what is set about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from laneway_gateway.ports.traces import NO_TRACES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from laneway_gateway.desk import Desk
    from laneway_gateway.pool import Pool
    from laneway_gateway.ports.clock import Clock
    from laneway_gateway.ports.figures import Figures
    from laneway_gateway.ports.keys import Keys
    from laneway_gateway.ports.traces import Traces


@dataclass(frozen=True)
class DoorSettings:
    """What an installation says of its doors."""

    edge_idle_seconds: float = 60.0
    """After how many seconds without a byte the load balancer before the doors cuts a connection."""
    max_wait_seconds: float | None = None
    """Who would wait longer for a worker is refused at once; None: nobody is."""
    lanes_for: Mapping[str, str] = field(default_factory=dict)
    """What a request asks for, `flex`, `priority` or `tasks` → the lane that is meant."""
    anonymous_catalogue: bool = False
    """Whether models and version are told to who has no key."""
    local: bool = False
    """Whether the doors are for this machine alone: no web page may use them."""


@dataclass(frozen=True)
class Inside:
    """What the doors stand on."""

    desk: Desk
    pool: Pool
    keys: Keys
    clock: Clock
    figures: Figures
    settings: DoorSettings = DoorSettings()
    traces: Traces = NO_TRACES
