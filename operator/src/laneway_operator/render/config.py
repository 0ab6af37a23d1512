"""ConfigMaps, named by the hash of what they hold: a pod keeps the document that it was started with. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway_operator.render.meta import config_map, lane_child_name, short_hash

if TYPE_CHECKING:
    from laneway_operator.render.view import LaneView, Manifest, PoolView

LANE_FILE = "lane.json"


def lane_config_map(pool: PoolView, lane: LaneView) -> Manifest:
    """The lane's LaneConfig."""
    return config_map(pool, lane_config_name(pool, lane), LANE_FILE, lane.config.model_dump_json(), lane)


def lane_config_name(pool: PoolView, lane: LaneView) -> str:
    """Its name."""
    return f"{lane_child_name(pool.name, lane.lane.name)}-{short_hash(lane.config.model_dump_json())}"
