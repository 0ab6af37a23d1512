"""Carrying an action out, job by job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway_dashboard.errors import Refused, Unavailable
from laneway_dashboard.ports.actions import Remark

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from laneway_dashboard.ports.actions import Plan, Progress, Target
    from laneway_dashboard.ports.clock import Clock
    from laneway_dashboard.ports.failed import FailedJobs

PACE_SECONDS = 0.1  # ten a second: a wave of retries should not push back everybody's jobs at once
OTHER_BODY = "its owner had stored another request under this id, and that one was sent"
MAX_REASON = 1000  # characters


def running(
    jobs: FailedJobs, plan: Plan, progress: Progress, stop: threading.Event, clock: Clock
) -> Iterator[Progress]:
    """How far it is after each job, until it has ended, is aborted, or held by what can't be reached."""
    for target in plan.targets[progress.position :]:
        if stop.is_set():
            yield progress.model_copy(update={"state": "aborted"})
            return
        try:
            progress = _after(jobs, plan, target, progress)
        except Unavailable as error:
            yield progress.model_copy(update={"state": "held", "why": str(error)[:MAX_REASON]})
            return
        yield progress
        clock.sleep(PACE_SECONDS)
    yield progress.model_copy(update={"state": "ended"})


def _after(jobs: FailedJobs, plan: Plan, target: Target, progress: Progress) -> Progress:
    position = progress.position + 1
    try:
        done = jobs.act(plan.verb, target.id, target.etag)
    except Refused as error:
        refused = Remark(id=target.id, text=str(error)[:MAX_REASON])
        return progress.model_copy(update={"position": position, "refused": (*progress.refused, refused)})
    remarks = (Remark(id=target.id, text=OTHER_BODY),) if done.other_body else ()
    return progress.model_copy(update={"position": position, "remarks": (*progress.remarks, *remarks)})
