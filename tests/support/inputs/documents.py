"""What a pool's `pool.json` says, for tests that need no pool."""

from __future__ import annotations

from laneway.schema.pool.documents.lane_config import LaneModel
from laneway.schema.pool.documents.live_config import LaneLimits
from laneway.schema.pool.documents.pool_document import PoolDocument, PoolLane
from laneway.schema.pool.queues.queue import QueueURLs

LIMITS = LaneLimits(
    timeout_seconds=60, token_gap_seconds=60, expires_after_seconds=3600, max_attempts=2, max_tokens=100
)
MODEL = LaneModel(name="gemma3:4b", context_length=512)


def lane(name: str, queue_url: str) -> PoolLane:
    """A lane whose queue is its own dead-letter queue, too: nobody works there."""
    return PoolLane(name=name, queue=QueueURLs(url=queue_url, dead_letter_url=queue_url), model=MODEL, limits=LIMITS)


POOL_DOCUMENT = PoolDocument(
    pool="nlp/documents",
    region="us-east-1",
    lanes=tuple(lane(name, f"https://sqs.us-east-1.amazonaws.com/123456789012/{name}") for name in ("fast", "slow")),
)
