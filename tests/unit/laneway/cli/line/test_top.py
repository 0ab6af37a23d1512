from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from laneway.cli.line.cluster import read_stages
from laneway.cli.line.top import is_redrawn, short, shown
from laneway.schema.estimate.estimate import Estimate
from support.inputs.lines import line_with, report_with


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_lane_is_a_row() -> None:
    told = Estimate(lane="slow", known="range", ahead=41, low_seconds=170, high_seconds=310)
    workers = (report_with(), report_with(worker="w2", state="loading"))
    fast = line_with(oldest_seconds=0.4, workers=workers)
    assert shown([fast, line_with(lane="slow", figures=None, stage="node starting", estimate=told)]).splitlines() == [
        "LANE  QUEUED  RUNNING  BACKING OFF  OLDEST  WORKERS  STAGE          WAIT",
        "fast       1        2            3    0.4s      1/2  serving        no estimate yet",
        "slow       -        -            -       -      0/0  node starting  3-5 min",
    ]


def test_in_a_narrow_terminal_a_wait_stands_below_its_row() -> None:
    told = Estimate(lane="slow", known="range", ahead=41, low_seconds=170, high_seconds=310)
    lanes = [line_with(oldest_seconds=0.4), line_with(lane="slow", stage="node starting", estimate=told)]
    assert max(map(len, shown(lanes, 90).splitlines())) == 83
    assert shown(lanes, 80).splitlines() == [
        "LANE  QUEUED  RUNNING  BACKING OFF  OLDEST  WORKERS  STAGE",
        "fast       1        2            3    0.4s      0/0  serving",
        "  WAIT no estimate yet",
        "slow       1        2            3       -      0/0  node starting",
        "  WAIT 3-5 min",
    ]


def test_a_terminal_that_can_not_be_written_over_is_told_once() -> None:
    colours = {"TERM": "xterm-256color", "FORCE_COLOR": "1"}
    assert is_redrawn(Console(file=Terminal(), _environ={"TERM": "xterm-256color"}))
    assert not is_redrawn(Console(file=Terminal(), _environ={"TERM": "dumb"}))
    assert not is_redrawn(Console(file=io.StringIO(), _environ=colours))


def test_what_could_not_be_read_stands_below_once() -> None:
    missing = ("workers' reports can't be read: refused; it takes s3:ListBucket",)
    lines = shown([line_with(missing=missing), line_with(lane="slow", missing=missing)]).splitlines()
    assert lines[3:] == list(missing)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.44, "0.4s"), (12.3, "12s"), (60, "1m00s"), (192, "3m12s"), (3600, "1h00m"), (7500, "2h05m")],
)
def test_ages_are_short(seconds: float, words: str) -> None:
    assert short(seconds) == words


def test_a_clusters_stages_are_told_in_words() -> None:
    lanes = [{"name": "fast", "stage": "NodeStarting"}, {"name": "slow"}, {"name": "new", "stage": "Fancy\x1b[2J"}]
    assert read_stages(json.dumps({"status": {"lanes": lanes}}).encode()) == {
        "fast": "node starting",
        "new": "Fancy[2J",
    }
    assert read_stages(b"{}") == {}
