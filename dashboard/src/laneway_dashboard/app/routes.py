"""Which page is where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import laneway_dashboard.actions.page as actions
import laneway_dashboard.failed.page as failed
import laneway_dashboard.job.page as job
import laneway_dashboard.jobs.page as jobs
import laneway_dashboard.lanes.page as lanes
import laneway_dashboard.pools.page as pools
import laneway_dashboard.schedules.page as schedules
from laneway_dashboard.actions import pausing

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway_dashboard.desk import Desk
    from laneway_dashboard.shell.answers import Answer
    from laneway_dashboard.shell.asked import Asked

POOL = "/pools/{namespace}/{name}"


@dataclass(frozen=True)
class Page:
    """A path, its method, and what answers."""

    path: str
    handler: Callable[[Asked, Desk], Answer]
    method: str = "GET"


PAGES = (
    Page("/", pools.page),
    Page(f"{POOL}/lanes/{{lane}}", lanes.page),
    Page(f"{POOL}/lanes/{{lane}}/pause", pausing.pause, "POST"),
    Page(f"{POOL}/lanes/{{lane}}/resume", pausing.resume, "POST"),
    Page(f"{POOL}/failed", failed.page),
    Page(f"{POOL}/jobs", jobs.page),
    Page(f"{POOL}/jobs.csv", jobs.csv),
    Page(f"{POOL}/find", job.find),
    Page(f"{POOL}/jobs/{{job}}", job.page),
    Page(f"{POOL}/jobs/{{job}}/texts", job.texts),
    Page(f"{POOL}/schedules", schedules.page),
    Page(f"{POOL}/actions", actions.listed),
    Page(f"{POOL}/actions", actions.propose, "POST"),
    Page(f"{POOL}/actions/{{action}}", actions.show),
    Page(f"{POOL}/actions/{{action}}/confirm", actions.confirm, "POST"),
    Page(f"{POOL}/actions/{{action}}/abort", actions.abort, "POST"),
    Page(f"{POOL}/actions/{{action}}/resume", actions.resume, "POST"),
)
