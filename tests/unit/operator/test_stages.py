from __future__ import annotations

from typing import Any

import pytest

from laneway.schema.pool.metadata import Suspension
from laneway_operator.known.observe import PodFacts
from laneway_operator.stages import Stage, stage_of_pod
from laneway_operator.status.observed import Observed
from laneway_operator.status.stages import stage_of

RUNNING: dict[str, Any] = {"running": {}}
WAITING: dict[str, Any] = {"waiting": {"reason": "ContainerCreating"}}


def pod(ollama: dict[str, Any] | None = None, worker: dict[str, Any] | None = None, **status: Any) -> dict[str, Any]:
    """A pod on a node."""
    own = {} if ollama is None else {"initContainerStatuses": [{"name": "ollama", **ollama}]}
    own |= {} if worker is None else {"containerStatuses": [{"name": "worker", **worker}]}
    return {"metadata": {}, "spec": {"nodeName": "node-1"}, "status": own | status}


@pytest.mark.parametrize(
    ("body", "stage"),
    [
        ({"metadata": {}}, Stage.NODE_STARTING),
        (pod(), Stage.PULLING_IMAGES),
        (pod({"state": WAITING}), Stage.PULLING_IMAGES),
        (pod({"state": RUNNING}), Stage.STARTING_OLLAMA),
        (pod({"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "restartCount": 2}), Stage.STARTING_OLLAMA),
        (pod({"started": True}, {"state": WAITING}), Stage.PULLING_IMAGES),
        (pod({"started": True}, {"state": RUNNING}), Stage.LOADING_MODEL),
        (pod({"started": True}, {"state": RUNNING}, conditions=[{"type": "Ready", "status": "True"}]), Stage.SERVING),
        (pod(phase="Failed"), None),
        ({"metadata": {"deletionTimestamp": "2026-11-28T12:00:00Z"}}, None),
    ],
)
def test_a_pod_says_how_far_it_is(body: dict[str, Any], stage: Stage | None) -> None:
    assert stage_of_pod(body, "ollama") == stage


def facts(stage: Stage | None, lane: str = "fast") -> PodFacts:
    return PodFacts(lane, leaving=False, config=None, stage=stage)


def test_a_lane_is_as_far_as_its_farthest_worker() -> None:
    pods = (facts(Stage.NODE_STARTING), facts(Stage.LOADING_MODEL), facts(None), facts(Stage.SERVING, "slow"))
    assert stage_of(Observed(lanes=("fast",), pods=pods), "fast") == "LoadingModel"


@pytest.mark.parametrize(
    ("fields", "stage"),
    [
        ({}, "AtZero"),
        ({"asleep": ("fast",)}, "Asleep"),
        ({"asleep": ("slow",)}, "AtZero"),
        ({"suspended": {"fast": Suspension.LANE}}, "Suspended"),
        ({"suspended": {"fast": Suspension.POOL}}, "Suspended"),
        ({"suspended": {"fast": Suspension.PAUSED_LANE}, "asleep": ("fast",)}, "Paused"),
        ({"suspended": {"fast": Suspension.PAUSED_POOL}}, "Paused"),
    ],
)
def test_a_lane_without_workers_says_why(fields: dict[str, Any], stage: str) -> None:
    assert stage_of(Observed(lanes=("fast",), **fields), "fast") == stage
