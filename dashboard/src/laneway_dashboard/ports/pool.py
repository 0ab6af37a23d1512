"""What a dashboard has of one pool."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from laneway_dashboard.ports.failed import FailedJobs
    from laneway_dashboard.ports.history import Waits
    from laneway_dashboard.ports.job import OneJob
    from laneway_dashboard.ports.jobs import Jobs
    from laneway_dashboard.ports.pauses import Pauses
    from laneway_dashboard.ports.watching import Watched


@dataclass(frozen=True)
class PoolPorts:
    """Everything that is asked and done of a pool."""

    name: str
    """`namespace/name`."""
    url: str
    watched: Watched
    failed: FailedJobs
    jobs: Jobs
    job: OneJob
    waits: Waits | None = None
    """None where no source tells."""
    pauses: Pauses | None = None
    """None where there is no way."""
