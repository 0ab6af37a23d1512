"""What rendering needs to know of a pool: the parsed spec, and what surrounds it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from laneway.schema.pool.documents.lane_config import LaneSettings
from laneway.schema.pool.documents.lane_documents import LaneDocuments, lane_documents
from laneway.schema.pool.documents.pool_document import Owner, pool_document
from laneway.schema.pool.documents.preflight import Preflight
from laneway.schema.shared.names import WORKER_ACCOUNT

if TYPE_CHECKING:
    from laneway.schema.pool.documents.lane_config import LaneConfig
    from laneway.schema.pool.documents.live_config import LiveConfig
    from laneway.schema.pool.gateway import Gateway
    from laneway.schema.pool.lane import Lane
    from laneway.schema.pool.pool import LLMWorkerPool
    from laneway.schema.pool.queues.queue import QueueURLs
    from laneway.schema.pool.table import Table
    from laneway_operator.engines import Engine
    from laneway_operator.placement.nodes import Nodes
    from laneway_operator.settings import Settings

HEALTH_PORT = 8080
HEALTH_ADDRESS = f"[::]:{HEALTH_PORT}"  # the kubelet's probes come from outside the pod, by whichever family it has
OLLAMA_ADDRESS = "127.0.0.1:11434"
GRACE_MARGIN_SECONDS = 30  # after the drain: the last results are committed, the rest is given back
SPOT_GRACE_SECONDS = 110  # EC2: two minutes between notice and end, of which some pass before a pod is told
SPOT_DRAIN_SECONDS = SPOT_GRACE_SECONDS - GRACE_MARGIN_SECONDS

Manifest = dict[str, Any]


@dataclass(frozen=True)
class LaneView:
    """One lane with everything that surrounds it."""

    lane: Lane
    nodes: Nodes
    documents: LaneDocuments

    @property
    def config(self) -> LaneConfig:
        """What the lane's workers are started with."""
        return self.documents.config

    @property
    def live(self) -> LiveConfig:
        """What they read again."""
        return self.documents.live

    @property
    def grace_seconds(self) -> int:
        """How long a pod may take to leave."""
        return self.config.drain_seconds + GRACE_MARGIN_SECONDS


@dataclass(frozen=True)
class PoolView:
    """One pool with everything that surrounds it."""

    pool: LLMWorkerPool
    uid: str
    cluster: str
    """As the names of managed queues have it."""
    settings: Settings
    engine: Engine
    lanes: tuple[LaneView, ...]
    events_queue_url: str | None = None
    """Where workers tell of results, as far as it is there."""
    former: tuple[LaneDocuments, ...] = ()
    """Of lanes that were taken out and drain, where they can be read."""

    @property
    def name(self) -> str:
        """The pool's name."""
        return self.pool.metadata.name

    @property
    def namespace(self) -> str:
        """The pool's namespace."""
        return self.pool.metadata.namespace

    @property
    def account(self) -> str:
        """The ServiceAccount of the pool's workers."""
        return self.pool.account

    @property
    def preflight_account(self) -> str:
        """That of its preflight; the workers', where they share one."""
        return self.pool.preflight_account

    @property
    def gateway(self) -> Gateway | None:
        """What the pool says of its gateways, where it may have any."""
        return self.pool.spec.gateway if self.settings.gateways else None

    @property
    def table(self) -> Table | None:
        """What the pool says of its table, where it may have one and its events queue is there."""
        return self.pool.spec.table if self.settings.tables and self.events_queue_url else None

    @property
    def pod_reports(self) -> bool:
        """Whether workers may write onto their own pods."""
        return _reports(self.pool, self.settings)

    @property
    def preflight(self) -> Preflight:
        """What the pool's preflight tries and publishes."""
        first = self.lanes[0]
        return Preflight(
            results=self.pool.results,
            destinations=self.pool.destinations,
            topic_arn=first.live.topic_arn,
            region=first.config.region,
            endpoint=self.settings.endpoint,
            document=pool_document([each.documents for each in self.lanes], Owner(cluster=self.cluster)),
        )


def _reports(pool: LLMWorkerPool, settings: Settings) -> bool:
    """Only by accounts of a name that the chart's policy binds."""
    return settings.pod_reports and pool.account.startswith(WORKER_ACCOUNT)


def lane_view(
    pool: LLMWorkerPool, lane: Lane, nodes: Nodes, queue: QueueURLs, settings: Settings, events: str | None = None
) -> LaneView:
    """A lane whose queues are known; `events` is the URL of the pool's events queue, where it has one."""
    surroundings = LaneSettings(
        queue=queue,
        region=settings.region,
        endpoint=settings.endpoint,
        ollama_url=f"http://{OLLAMA_ADDRESS}",
        health_address=HEALTH_ADDRESS,
        events_queue_url=events,
        price_per_hour=nodes.price_per_hour,
        pod_reports=_reports(pool, settings),
        model_volume=pool.model_volume.told if pool.model_volume else None,
    )
    documents = lane_documents(pool, lane, surroundings)
    return LaneView(lane, nodes, documents.on_notice(SPOT_DRAIN_SECONDS) if nodes.spot else documents)
