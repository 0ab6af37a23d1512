from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

from laneway.local.lanes.board import LaneStats
from laneway.local.lanes.workers import Workers
from laneway.local.processes.children import Children
from laneway.local.say import ConsoleSay
from laneway.local.state import StateFolder
from laneway.schema.pool.documents.dead_letters import DeadLettersConfig
from laneway.schema.pool.documents.lane_config import LaneConfig
from laneway.schema.pool.documents.lane_documents import lane_documents
from laneway.schema.pool.documents.live_config import LiveConfig
from laneway.schema.pool.pool import parse_pool
from support.inputs.pools import SETTINGS, named, pool_with

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("fast", "slow")


def test_each_worker_finds_its_lanes_documents_and_the_handler_all(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    for folder in (state.lanes, state.live):
        folder.mkdir()
    pool = parse_pool(named(pool_with(lanes=[{"name": each} for each in NAMES])))
    lanes = [lane_documents(pool, each, SETTINGS) for each in pool.spec.lanes]
    stats = {each: LaneStats() for each in NAMES}
    made = Workers(state, stats, Children(state.children), ConsoleSay(Console(quiet=True))).processes(lanes, {})
    assert len(made) == len(NAMES) + 1
    for lane in lanes:
        file = f"{lane.config.lane}.json"
        assert LaneConfig.model_validate_json((state.lanes / file).read_bytes()) == lane.config
        assert LiveConfig.model_validate_json((state.live / file).read_bytes()) == lane.live
    handler = DeadLettersConfig.model_validate_json(state.dead_letters.read_bytes())
    assert handler.lanes == tuple(lanes)
