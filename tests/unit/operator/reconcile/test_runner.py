from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from laneway.schema.shared.names import POOL_LABEL
from laneway_operator.health.metrics import Metrics
from laneway_operator.known.observe import DeploymentFacts
from laneway_operator.known.snapshot import PoolBody, Snapshot
from laneway_operator.reconcile.runner import THREADS, Runner
from laneway_operator.settings import parse_budget
from laneway_operator.turns.held import Passed
from laneway_operator.watch.handlers import child_handler

if TYPE_CHECKING:
    from laneway_operator.known.observe import Key, LaneKey

GOOD = ("nlp", "good")
BAD = [("nlp", f"bad-{number}") for number in range(2 * THREADS)]


class Passes:
    """In a reconciler's place."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.came = asyncio.Event()
        self.seen: list[Any] = []
        self.ends_with = Passed()

    def reconcile(self, seen: Any) -> Passed:
        self.seen.append(seen)
        self.loop.call_soon_threadsafe(self.came.set)
        return self.ends_with


SERVES = DeploymentFacts(replicas=1, ready=1, template="old")
SINCE = {"fast": "2026-11-22T18:00:00Z"}
ENDS = ("done", "defect")


class Pools:
    """In a world's place."""

    def __init__(self) -> None:
        self.lost: set[Key] = set()
        self.whole = True
        self.refused: set[str] = set()
        self.lanes: dict[LaneKey, DeploymentFacts] = {}
        self.snapshots: dict[Key, Snapshot] = {}

    def is_whole(self, namespace: str) -> bool:
        return self.whole and namespace not in self.refused

    def everything(self) -> list[Key]:
        return [GOOD]

    def conditions(self) -> dict[tuple[str, str], int]:
        return {}

    def fleet(self) -> dict[LaneKey, DeploymentFacts]:
        return self.lanes

    def seen(self, key: Key) -> Any:
        if key in BAD:
            raise ValueError(key)
        return self.snapshots.get(key, key)

    def hear(self, _: str) -> None:
        self.whole = True

    def listed(self, *_: Any) -> set[Key]:
        return self.lost


class Scene:
    """A runner in the running loop."""

    def __init__(self, *, leads: bool) -> None:
        self.leads = leads
        self.passes = Passes()
        self.metrics = Metrics()
        self.world = Pools()
        self.runner = Runner(self.passes, lambda: self.leads, self.metrics, parse_budget("1"))  # type: ignore[arg-type] # because it is only asked to reconcile
        self.runner.start(self.world)  # type: ignore[arg-type] # because it is only asked for pools

    async def passed(self) -> list[Any]:
        await asyncio.wait_for(self.passes.came.wait(), 10)
        await self.runner.stop()
        return self.passes.seen


async def with_bad_ones() -> tuple[float, str]:
    scene = Scene(leads=True)
    for key in (*BAD, GOOD):
        scene.runner.add(key)
    await scene.passed()
    return scene.runner.stuck_seconds(), scene.metrics.text().decode()


def test_pools_that_can_not_be_looked_at_hold_up_no_other() -> None:
    stuck, told = asyncio.run(with_bad_ones())
    assert stuck < 10
    assert f'laneway_operator_reconciles_total{{end="defect"}} {len(BAD)}.0' in told


async def as_standby() -> tuple[list[Any], tuple[int, float], list[Any]]:
    scene = Scene(leads=False)
    scene.runner.add(GOOD)
    await asyncio.sleep(0)
    before, waiting = list(scene.passes.seen), scene.runner.waiting()
    scene.leads = True
    scene.runner.lead()
    return before, waiting, await scene.passed()


def test_a_standby_looks_at_no_pool_and_at_every_one_as_soon_as_it_leads() -> None:
    before, waiting, after = asyncio.run(as_standby())
    assert (before, waiting) == ([], (0, 0.0))
    assert after == [GOOD]


async def with_a_last_one_that_is_not_understood() -> list[Any]:
    scene = Scene(leads=True)
    scene.world.whole = False
    scene.runner.lead()
    changed = child_handler(scene.world, scene.runner, "Deployment")  # type: ignore[arg-type] # because it is only told
    with pytest.raises(KeyError):
        await changed(
            body={"metadata": {"uid": "d", "namespace": "nlp", "labels": {POOL_LABEL: "documents"}}}, type=None
        )
    return await scene.passed()


def test_a_start_goes_on_when_the_last_object_of_all_is_not_understood() -> None:
    assert asyncio.run(with_a_last_one_that_is_not_understood()) == [GOOD]


async def before_all_is_known() -> list[Any]:
    scene = Scene(leads=True)
    scene.world.whole, scene.world.lost = False, {GOOD}
    scene.runner.add(GOOD)
    scene.runner.listed("pools", None, set())
    scene.runner.lead()
    for _ in range(5):
        await asyncio.sleep(0)
    before = list(scene.passes.seen)
    scene.world.whole = True
    scene.runner.add(None)
    return [before, await scene.passed()]


def test_nothing_is_looked_at_before_everything_is_known_and_then_every_pool_is() -> None:
    assert asyncio.run(before_all_is_known()) == [[], [GOOD]]


async def beside_a_namespace_that_is_refused() -> list[Any]:
    scene = Scene(leads=True)
    scene.world.refused = {"law"}
    for key in (("law", "letters"), GOOD):
        scene.runner.add(key)
    await asyncio.wait_for(scene.passes.came.wait(), 10)
    scene.passes.came.clear()
    before = list(scene.passes.seen)
    scene.world.refused = set()  # by the clock alone: nobody is told
    return [before, await scene.passed()]


def test_a_namespace_that_is_not_known_yet_waits_alone() -> None:
    assert asyncio.run(beside_a_namespace_that_is_refused()) == [[GOOD], [GOOD, ("law", "letters")]]


async def with_a_loss() -> list[Any]:
    scene = Scene(leads=True)
    scene.runner.add(GOOD)
    await asyncio.wait_for(scene.passes.came.wait(), 10)
    scene.passes.came.clear()
    scene.world.lost = {GOOD}
    scene.runner.listed("Job", None, set())
    return await scene.passed()


def test_a_pool_that_lost_something_unseen_is_looked_at_again() -> None:
    assert asyncio.run(with_a_loss()) == [GOOD, GOOD]


async def with_a_lane_that_waits(*, leads: bool = True, whole: bool = True, outdated: int = 0) -> list[Any]:
    """Nobody asks for its pool. The answer: the lanes that have a turn in each pass."""
    scene = Scene(leads=leads)
    scene.world.refused = set() if whole else {""}
    scene.world.lanes = {(GOOD, "fast"): SERVES, (("nlp", "other"), "fast"): replace(SERVES, outdated=outdated)}
    scene.world.snapshots = {GOOD: Snapshot(PoolBody(*GOOD, "uid", 1, {}, {}))}
    scene.runner.line.passed(GOOD, SINCE, {}, 0.0)
    for _ in range(20):
        await asyncio.sleep(0)
    await scene.runner.stop()
    return [each.turn.lanes for each in scene.passes.seen]


@pytest.mark.parametrize(
    ("scene", "passes"),
    [
        pytest.param({}, [{"fast"}], id="it is its turn"),
        pytest.param({"outdated": 1}, [], id="another lane is replaced"),
        pytest.param({"leads": False}, [], id="a standby"),
        pytest.param({"whole": False}, [], id="others may be replaced of which nothing is known"),
    ],
)
def test_a_lane_that_waits_is_looked_at_when_it_is_its_turn(scene: dict[str, Any], passes: list[Any]) -> None:
    assert asyncio.run(with_a_lane_that_waits(**scene)) == passes


async def waiting_after_passes() -> list[int]:
    scene = Scene(leads=True)
    scene.passes.ends_with = Passed(waits=SINCE)
    scene.runner.line.passed(BAD[0], SINCE, {}, 0.0)
    scene.runner.line.passed(("nlp", "gone"), SINCE, {}, 0.0)
    before = scene.runner.line.waiting
    for key in (BAD[0], GOOD):
        scene.runner.add(key)
    async with asyncio.timeout(10):
        while not all(f'end="{each}"}}' in scene.metrics.text().decode() for each in ENDS):  # noqa: ASYNC110 - metrics tell nobody
            await asyncio.sleep(0)
    await scene.runner.stop()
    return [before, scene.runner.line.waiting]


def test_who_waits_is_who_said_so_in_its_last_pass() -> None:
    assert asyncio.run(waiting_after_passes()) == [2, 2], "one failed, and one came"
