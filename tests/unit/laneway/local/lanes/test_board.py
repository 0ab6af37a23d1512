from __future__ import annotations

from laneway.local.lanes.board import COLUMNS, LaneStats, line, rows
from laneway.schema.shared.names import ENGINE_SICK


def test_an_engine_to_be_started_anew_is_read_once() -> None:
    stats = LaneStats()
    stats.take({"message": ENGINE_SICK, "why": "it spins"}, 0.0)
    assert [stats.read_sick(), stats.read_sick()] == ["it spins", ""]


def test_the_board_says_that_a_lane_sleeps_and_its_trouble_first() -> None:
    stats = {name: LaneStats(ready=name != "lame", trouble="no model") for name in ("fast", "slow", "lame")}
    content = rows(stats, {}, 0.0, ["slow", "lame"])
    assert [row[COLUMNS.index("WORKER")] for row in content] == ["serving", "asleep", "no model"]
    assert [text.endswith(", asleep") for text in line(content).split("; ")] == [False, True, False]
