"""How a lane stands: its queue's figures, its workers' reports, and when the next job would begin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from laneway.client.remote import Figures
    from laneway.schema.estimate.estimate import Estimate
    from laneway.schema.pool.documents.worker_report import WorkerReport


@dataclass(frozen=True)
class LaneLine:
    """One lane, for people on call."""

    lane: str
    figures: Figures | None
    """None where the queue can't be asked: `missing` says why."""
    oldest_seconds: float | None
    """How old the message was that a worker received last, while any wait; None where nobody knows."""
    workers: tuple[WorkerReport, ...]
    """The reports of those that live, by name."""
    stage: str
    """How far the lane is, in words: `serving`, `model`, `node starting`, `asleep`, `suspended`, `paused`, `zero`."""
    estimate: Estimate
    """When a job that is sent now would begin, or why nobody can say."""
    missing: tuple[str, ...] = ()
    """What could not be read, and which right that takes."""

    @property
    def ready(self) -> int:
        """Workers that serve."""
        return sum(each.state == "serving" for each in self.workers)
