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
from laneway_dashboard.ports.visitors import Right

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway_dashboard.desk import Desk
    from laneway_dashboard.shell.answers import Answer
    from laneway_dashboard.shell.asked import Asked

POOL = "/pools/{namespace}/{name}"


@dataclass(frozen=True)
class Page:
    """A path, what answers, and what whoever asks must be let do with the pool that the path names."""

    path: str
    handler: Callable[[Asked, Desk], Answer]
    right: Right
    method: str = "GET"


PAGES = (
    Page("/", pools.page, Right.LOOK),
    Page(f"{POOL}/lanes/{{lane}}", lanes.page, Right.LOOK),
    Page(f"{POOL}/lanes/{{lane}}/pause", pausing.pause, Right.PAUSE, "POST"),
    Page(f"{POOL}/lanes/{{lane}}/resume", pausing.resume, Right.PAUSE, "POST"),
    Page(f"{POOL}/failed", failed.page, Right.LOOK),
    Page(f"{POOL}/jobs", jobs.page, Right.LOOK),
    Page(f"{POOL}/jobs.csv", jobs.csv, Right.LOOK),
    Page(f"{POOL}/find", job.find, Right.LOOK),
    Page(f"{POOL}/jobs/{{job}}", job.page, Right.LOOK),
    Page(f"{POOL}/jobs/{{job}}/texts", job.texts, Right.TEXTS),
    Page(f"{POOL}/schedules", schedules.page, Right.LOOK),
    Page(f"{POOL}/actions", actions.listed, Right.LOOK),
    Page(f"{POOL}/actions", actions.propose, Right.FAILED_JOBS, "POST"),
    Page(f"{POOL}/actions/{{action}}", actions.show, Right.LOOK),
    Page(f"{POOL}/actions/{{action}}/confirm", actions.confirm, Right.FAILED_JOBS, "POST"),
    Page(f"{POOL}/actions/{{action}}/abort", actions.abort, Right.FAILED_JOBS, "POST"),
    Page(f"{POOL}/actions/{{action}}/resume", actions.resume, Right.FAILED_JOBS, "POST"),
)
