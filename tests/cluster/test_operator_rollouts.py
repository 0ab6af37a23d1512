"""The budget of rollouts, with Kubernetes' own Deployments: whose workers are replaced, and when."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from laneway_operator.reasons import Reason
from support.cluster.control.plane import FAKE_NODES
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.operator.process import Operated, Place

POOLS = ("contracts", "documents", "letters")
FLOOR = {"scaling": {"minReplicas": 1}}
ROLLS_SECONDS = 120.0  # of three lanes one by one, on a loaded machine
HOLDS_SECONDS = 6.0  # three looks at the line


@pytest.fixture
def fleet(operated: Operated) -> Iterator[Place]:
    """Three pools whose one worker serves, and nodes that take new pods or don't."""
    operated.start(max_lanes="1")
    place = operated.place()
    for name in POOLS:
        place.apply(name, lane=FLOOR)
    for name in POOLS:
        place.until(Reason.SERVING, name)
    yield place
    nodes(place, "uncordon")
    operated.clear()
    operated.start()


def nodes(place: Place, verb: str) -> None:
    place.operated.cluster.kubectl(verb, *FAKE_NODES)


def deployments(place: Place) -> dict[str, dict[str, Any]]:
    """Pool → its lane's Deployment."""
    found = json.loads(place.kubectl("get", "deployments", "--selector=laneway.dev/lane", "--output=json"))["items"]
    return {each["metadata"]["labels"]["laneway.dev/pool"]: each for each in found}


def rolling(place: Place) -> set[str]:
    """Pools whose workers of before are yet to be replaced."""
    return {name for name, each in deployments(place).items() if _outdated(each["status"])}


def _outdated(status: dict[str, Any]) -> bool:
    return bool(status.get("replicas", 0) > status.get("updatedReplicas", 0))


def on(place: Place, engine: str) -> set[str]:
    """Pools whose workers are to have this engine."""
    templates = {name: each["spec"]["template"]["spec"] for name, each in deployments(place).items()}
    return {name for name, each in templates.items() if engine in each["initContainers"][0]["image"]}


def reasons(place: Place) -> list[str]:
    """Of `Reconciling`, without what pools they are of."""
    found = json.loads(place.kubectl("get", "lwp", "--output=json"))["items"]
    told = (each for pool in found for each in pool["status"]["conditions"] if each["type"] == "Reconciling")
    return sorted(each["reason"] for each in told)


ONE_OF_THREE = [Reason.ROLLING_OUT, Reason.ROLLOUT_WAITING, Reason.ROLLOUT_WAITING]


def test_one_lane_rolls_at_a_time_through_a_restart_and_in_the_end_all_have(operated: Operated, fleet: Place) -> None:
    nodes(fleet, "cordon")
    operated.start(engine="stub", max_lanes="1")
    eventually(lambda: reasons(fleet) == ONE_OF_THREE, ROLLS_SECONDS)
    first = rolling(fleet)
    operated.start(engine="stub", max_lanes="1")
    until = time.monotonic() + HOLDS_SECONDS
    while time.monotonic() < until:
        assert on(fleet, "stub-ollama") == rolling(fleet) == first
    assert len(first) == 1
    nodes(fleet, "uncordon")
    until = time.monotonic() + ROLLS_SECONDS
    while reasons(fleet) != [Reason.SETTLED] * 3:
        assert len(rolling(fleet)) <= 1
        assert time.monotonic() < until
    assert on(fleet, "stub-ollama") == set(POOLS)


def test_who_is_stuck_or_paused_gives_its_turn_away_and_goes_back_at_once(operated: Operated, fleet: Place) -> None:
    nodes(fleet, "cordon")
    operated.start(engine="stub", max_lanes="1")
    eventually(lambda: reasons(fleet) == ONE_OF_THREE, ROLLS_SECONDS)
    (stuck,) = rolling(fleet)
    give_up(fleet, stuck)
    fleet.until(Reason.ROLLOUT_STUCK, stuck, kind="Stalled")
    eventually(lambda: reasons(fleet) == sorted([Reason.ROLLOUT_STUCK, *ONE_OF_THREE[:2]]), ROLLS_SECONDS)
    (paused,) = rolling(fleet) - {stuck}
    fleet.kubectl("rollout", "pause", "deployment", f"{paused}-default")
    eventually(lambda: len(rolling(fleet)) == len(POOLS), ROLLS_SECONDS)
    operated.start(max_lanes="0")
    eventually(lambda: on(fleet, "stub-ollama") == set(), ROLLS_SECONDS)


def give_up(place: Place, pool: str) -> None:
    """As Kubernetes does after half an hour, and stands by it."""
    progress = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "…"}
    patch = json.dumps({"status": {"conditions": [progress]}})
    deployment = f"{pool}-default"
    place.kubectl("patch", "deployment", deployment, "--subresource=status", "--type=strategic", f"--patch={patch}")
