"""Lanes as they stand, for whoever shows them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from laneway.client.line.line import LaneLine
from laneway.client.remote import Figures
from laneway.schema.estimate.estimate import Estimate
from laneway.schema.pool.documents.lane_config import LaneModel
from laneway.schema.pool.documents.lane_estimate import LaneEstimate, Starts
from laneway.schema.pool.documents.live_config import LaneLimits
from laneway.schema.pool.documents.pool_document import PoolLane
from laneway.schema.pool.documents.worker_report import WorkerReport
from laneway.schema.pool.queues.queue import QueueURLs

LANE = PoolLane(
    name="fast",
    queue=QueueURLs(url="memory:fast", dead_letter_url="memory:dead"),
    model=LaneModel(name="gemma3:4b", context_length=512),
    limits=LaneLimits(
        timeout_seconds=60, token_gap_seconds=60, expires_after_seconds=60, max_attempts=3, max_tokens=256
    ),
)
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
RUNS = tuple(6.0 + number % 5 for number in range(50))  # 6 to 10 s, 8 s in the mean


def line_with(**fields: Any) -> LaneLine:
    """A lane with 1 queued, 2 running, 3 delayed."""
    lane = fields.get("lane", "fast")
    known = Estimate(lane=lane[:63], known="too_few", ahead=1, note="no estimate yet")
    given = {"lane": lane, "figures": Figures(1, 2, 3), "oldest_seconds": None, "workers": (), "stage": "serving"}
    return LaneLine(**(given | {"estimate": known} | fields))


def lane_estimate(**fields: Any) -> LaneEstimate:
    """Of a lane with one worker of two slots, whose jobs run 8 s in the mean."""
    starts = Starts(node=(60.0,) * 5, engine=(5.0,) * 5, model=(25.0,) * 5)
    given: dict[str, Any] = {"lane": "fast", "at": NOW, "workers": 1, "slots": 2, "run_seconds": RUNS, "starts": starts}
    return LaneEstimate(**(given | fields))


def report_with(**fields: Any) -> WorkerReport:
    """Of a worker that serves."""
    given: dict[str, Any] = {"worker": "worker-1", "lane": "fast", "state": "serving", "slots": 2}
    times = {"at": NOW, "started_at": NOW, "state_since": NOW}
    return WorkerReport(**(given | times | fields))
