"""Both documents of a lane, made of its pool and of what surrounds that. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from laneway.schema.pool.documents.lane_config import LaneConfig, LaneModel, LaneSettings
from laneway.schema.pool.documents.live_config import LaneLimits, LiveConfig
from laneway.schema.pool.schedules.schedule import quiet_periods
from laneway.schema.shared.base import Frozen
from laneway.schema.shared.names import STAYS

if TYPE_CHECKING:
    from laneway.schema.pool.lane import Lane
    from laneway.schema.pool.pool import LLMWorkerPool

DEFAULT_TOKEN_GAP_SECONDS = 120  # a prompt of a full context may take this long on a CPU


class LaneDocuments(Frozen):
    """What the workers of a lane read."""

    config: LaneConfig
    """Once."""
    live: LiveConfig
    """Again and again."""

    def on_notice(self, most: int) -> Self:
        """The same for workers whose node may be taken away: they have at most so many seconds to leave, and don't hold
        it, as Karpenter would pass over them when it empties the node after a notice.
        """
        own = {"drain_seconds": min(self.config.drain_seconds, most), "hold_node": False}
        return self.model_copy(update={"config": self.config.model_copy(update=own)})


def lane_documents(pool: LLMWorkerPool, lane: Lane, settings: LaneSettings) -> LaneDocuments:
    """The documents for one lane of a pool: pure, so equal input gives equal documents."""
    return LaneDocuments(config=_config(pool, lane, settings), live=_live(pool, lane, settings))


def _config(pool: LLMWorkerPool, lane: Lane, settings: LaneSettings) -> LaneConfig:
    model = pool.model_of(lane)
    return LaneConfig(
        pool=pool.full_name,
        lane=lane.name,
        model=LaneModel(name=model.name, digest=model.digest, context_length=model.context_length),
        model_volume=settings.model_volume,
        parallel=lane.parallel,
        queue=settings.queue,
        results=pool.results,
        region=pool.region_or(settings.region),
        endpoint=settings.endpoint,
        ollama_url=settings.ollama_url,
        health_address=settings.health_address,
        drain_seconds=lane.drain_seconds,
        visibility_seconds=settings.visibility_seconds,
        poll_seconds=settings.poll_seconds,
        pod_reports=settings.pod_reports,
        hold_node=settings.pod_reports and not STAYS.keys() & pool.pods_of(lane).annotations.keys(),
        local=settings.local,
    )


def _live(pool: LLMWorkerPool, lane: Lane, settings: LaneSettings) -> LiveConfig:
    limits, named = lane.limits, pool.spec.notifications
    return LiveConfig(
        limits=LaneLimits(
            timeout_seconds=limits.timeout,
            token_gap_seconds=min(limits.timeout, DEFAULT_TOKEN_GAP_SECONDS),
            expires_after_seconds=limits.expires_after,
            max_attempts=limits.max_attempts,
            max_tokens=pool.max_tokens_of(lane),
        ),
        destinations=pool.destinations,
        topic_arn=settings.topic_arn or (named.sns.topic_arn if named else None),
        events_queue_url=settings.events_queue_url,
        events_output=settings.events_queue_url is not None and pool.spec.table is not None and pool.spec.table.output,
        price_per_hour=settings.price_per_hour,
        suspended=pool.suspension_of(lane) is not None,
        quiet=quiet_periods(lane.schedules),
    )
