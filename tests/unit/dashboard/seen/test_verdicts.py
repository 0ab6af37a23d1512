from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from laneway_dashboard.ports.watching import LaneSeen, PoolSeen, SleepSeen, Today, WorkerSeen
from laneway_dashboard.seen.verdicts import Mood, pool_verdict, verdict
from laneway_dashboard.testing.clock import START, ManualClock
from laneway_dashboard.testing.worlds import WORLDS

if TYPE_CHECKING:
    from laneway_dashboard.ports.watching import LaneSeen as Lane

LANE = LaneSeen("fast", "gemma3:4b", queued=0, running=0, workers=())
WORKER = WorkerSeen("w-1", "serving", 2, START)
HELD = replace(WORKER, name="w-2", state="waits", words="waits for a new Ollama")
ASLEEP = SleepSeen("Europe/Paris", "0 1 * * *", "0 5 * * *", asleep=True, turns_at=START)


@pytest.mark.parametrize(
    ("changes", "mood", "word"),
    [
        ({}, Mood.WELL, "at zero"),
        ({"workers": None}, Mood.WELL, "idle"),
        ({"workers": (WORKER,)}, Mood.WELL, "idle"),
        ({"workers": (WORKER,), "running": 2, "queued": 9}, Mood.WELL, "running"),
        ({"workers": None, "queued": 9}, Mood.WELL, "queued"),
        ({"queued": 9}, Mood.TROUBLE, "no workers"),
        ({"queued": 9, "stage": "node starting", "oldest_seconds": 90.0}, Mood.WATCH, "starting"),
        ({"queued": 9, "stage": "node starting", "oldest_seconds": 900.0}, Mood.TROUBLE, "no workers"),
        ({"workers": (WORKER, HELD), "running": 1}, Mood.WATCH, "held up"),
        ({"workers": (HELD,), "queued": 1}, Mood.TROUBLE, "held up"),
        ({"queued": 9, "paused": True}, Mood.PAUSED, "paused"),
        ({"queued": 9, "sleeps": (ASLEEP,)}, Mood.ASLEEP, "asleep"),
        ({"trouble": "SQS: you may not"}, Mood.TROUBLE, "unknown"),
        ({"today": Today(START, 90, 30, 0, None, 0, 0.0)}, Mood.TROUBLE, "failing"),
        ({"today": Today(START, 0, 4, 0, None, 0, 0.0)}, Mood.WELL, "at zero"),
        ({"today": Today(START, 900, 30, 0, None, 0, 0.0)}, Mood.WELL, "at zero"),
    ],
)
def test_a_lane(changes: dict[str, Any], mood: Mood, word: str) -> None:
    found = verdict(replace(LANE, **changes))
    assert (found.mood, found.word) == (mood, word)
    assert found.fix or mood is Mood.WELL


def _pool(*lanes: Lane, **fields: Any) -> PoolSeen:
    return PoolSeen(
        "a/b", "s3://a/b", tuple(replace(lane, name=f"l{number}") for number, lane in enumerate(lanes)), **fields
    )


def test_a_pool_is_as_bad_as_its_worst_lane() -> None:
    found = pool_verdict(_pool(LANE, replace(LANE, queued=9), replace(LANE, workers=(WORKER, HELD))))
    assert (found.mood, found.word) == (Mood.TROUBLE, "no workers")
    assert found.why.startswith("Lane l1: 9 jobs wait")
    assert found.why.endswith("And 1 more of its lanes.")


def test_of_failing_lanes_the_one_that_fails_most_is_named() -> None:
    some, all_ = (replace(LANE, today=Today(START, *counts, 0, None, 0, 0.0)) for counts in ((75, 25), (0, 9)))
    assert pool_verdict(_pool(LANE, some, all_)).why.startswith("Lane l2: 100% of today's jobs failed.")
    held = replace(LANE, workers=(HELD,), queued=1)
    assert pool_verdict(_pool(some, all_, held)).why.startswith("Lane l2: 1 of 1 workers")


def test_a_lane_that_somebody_stopped_makes_no_trouble() -> None:
    stopped = replace(LANE, paused=True)
    assert pool_verdict(_pool(LANE, stopped)).why == "l1 is paused."
    assert pool_verdict(_pool(LANE, stopped)).mood is Mood.WELL
    assert pool_verdict(_pool(stopped, stopped)).mood is Mood.PAUSED


def test_what_can_not_be_read_is_trouble() -> None:
    assert pool_verdict(_pool(LANE, troubles=("S3: no",))).fix == "S3: no"
    assert pool_verdict(_pool()).word == "empty"


def test_the_first_page_names_the_lane_that_is_in_trouble_and_what_to_do() -> None:
    found = pool_verdict(WORLDS["trouble"](ManualClock()).watched.seen)
    assert found.mood is Mood.TROUBLE
    assert "fast" in found.why
    assert found.fix
