"""Lanes that were taken out of a pool: kept as they were until their queues are empty, or a person gives them up."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import ValidationError

from laneway.schema.pool.documents.lane_config import LaneConfig
from laneway.schema.pool.documents.lane_documents import LaneDocuments
from laneway.schema.pool.documents.live_config import LiveConfig
from laneway.schema.pool.queues.queue import QueueURLs
from laneway.schema.shared.names import ABANDONED_LANES
from laneway.schema.shared.regions import region_of_queue
from laneway_operator.errors import NotYet
from laneway_operator.reconcile.telling import stamp
from laneway_operator.render.config import LANE_FILE, LIVE_FILE
from laneway_operator.render.meta import live_name
from laneway_operator.status.model import FormerLane

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from laneway_operator.cluster.port import Cluster
    from laneway_operator.known.observe import DeploymentFacts
    from laneway_operator.known.snapshot import PoolBody
    from laneway_operator.queues.port import Queues

EMPTY_FOR = timedelta(minutes=5)
"""SQS: counts settle about a minute after the last message; and senders go on with the `pool.json` that they read."""


def taken_out(pool: PoolBody, lanes: Collection[str]) -> Iterator[FormerLane]:
    """Lanes that the pool had by its status and has no more, without those that a person gave up."""
    given_up = {each.strip() for each in pool.annotations.get(ABANDONED_LANES, "").split(",")}
    known = {each["name"]: each for each in (*pool.status.get("lanes", []), *pool.status.get("formerLanes", []))}
    for name, each in known.items():
        if name not in {*lanes, *given_up} and "queueURL" in each and "deadLetterQueueURL" in each:
            yield FormerLane(
                name=name,
                queue_url=each["queueURL"],
                dead_letter_queue_url=each["deadLetterQueueURL"],
                empty_since=each.get("emptySince"),
            )


def still_draining(lane: FormerLane, queues: Queues, region: str, now: datetime) -> FormerLane | None:
    """The lane as it is now; nothing where it has been empty for long enough. Never raises `NotYet`."""
    urls = QueueURLs(url=lane.queue_url, dead_letter_url=lane.dead_letter_queue_url)
    try:
        left = queues.held(urls, region_of_queue(lane.queue_url) or region)
    except NotYet:
        return lane.model_copy(update={"messages": None, "empty_since": None})
    if left:
        return lane.model_copy(update={"messages": left, "empty_since": None})
    since = lane.empty_since or stamp(now)
    if now - datetime.fromisoformat(since) >= EMPTY_FOR:
        return None
    return lane.model_copy(update={"messages": 0, "empty_since": since})


def documents_of(
    cluster: Cluster, pool: PoolBody, former: Collection[FormerLane], deployments: Mapping[str, DeploymentFacts]
) -> Iterator[LaneDocuments]:
    """What the workers of such lanes read, for the dead-letter handler; nothing of one whose ConfigMaps are gone."""
    for lane in former:
        facts = deployments.get(lane.name)
        if facts is None or facts.config is None:
            continue
        texts = (
            cluster.document(pool.namespace, facts.config, LANE_FILE),
            cluster.document(pool.namespace, live_name(pool.name, lane.name), LIVE_FILE),
        )
        documents = _parsed(*texts)
        if documents is not None:
            yield documents


def _parsed(config: str | None, live: str | None) -> LaneDocuments | None:
    if config is None or live is None:
        return None
    try:
        return LaneDocuments(config=LaneConfig.model_validate_json(config), live=LiveConfig.model_validate_json(live))
    except ValidationError:
        return None
