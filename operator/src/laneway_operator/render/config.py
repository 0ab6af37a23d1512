"""ConfigMaps of a lane. One has the hash of what it holds in its name: a pod keeps the document that it was started
with. The other keeps its name, and running workers read it again. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway_operator.render.meta import config_map, lane_child_name, live_name, short_hash

if TYPE_CHECKING:
    from laneway_operator.render.view import LaneView, Manifest, PoolView

LANE_FILE = "lane.json"
LIVE_FILE = "live.json"


def lane_config_map(pool: PoolView, lane: LaneView) -> Manifest:
    """The lane's LaneConfig."""
    return config_map(pool, lane_config_name(pool, lane), LANE_FILE, lane.config.model_dump_json(), lane)


def lane_config_name(pool: PoolView, lane: LaneView) -> str:
    """Its name."""
    return f"{lane_child_name(pool.name, lane.lane.name)}-{short_hash(lane.config.model_dump_json())}"


def live_config_map(pool: PoolView, lane: LaneView) -> Manifest:
    """The lane's LiveConfig."""
    return config_map(pool, live_config_name(pool, lane), LIVE_FILE, lane.live.model_dump_json(), lane)


def live_config_name(pool: PoolView, lane: LaneView) -> str:
    """Its name, whatever it holds."""
    return live_name(pool.name, lane.lane.name)
