"""What schedules and `suspend` do to a pool's objects and to its status."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from laneway_operator.reasons import Reason
from laneway_operator.render import render
from support.inputs.bad_schedules import pool_of, schedule
from support.inputs.pools import named, pool_with
from support.operator.in_memory import OperatedPool, pool_view

if TYPE_CHECKING:
    from laneway_operator.render.view import Manifest

FLOOR = schedule(name="office", suspend=None, minReplicas=3, start="0 8 * * 1-5", end="0 19 * * 1-5")
RUSH = schedule(name="rush", suspend=None, minReplicas=4, start="0 9 * * 1", end="0 10 * * 1")
NIGHT = schedule()
LUNCH = schedule(name="lunch", timezone="UTC", start="0 12 * * *", end="0 13 * * *")
RUNNING = "(total - waiting) / 1.0"
PAUSED = {"autoscaling.keda.sh/paused-replicas": "0"}


def children(document: dict[str, Any]) -> dict[str, Manifest]:
    """Kind → the object of the pool's only lane."""
    return {each["kind"]: each for each in render(pool_view(named(document))) if _is_of_lane(each)}


def _is_of_lane(manifest: Manifest) -> bool:
    return "laneway.dev/lane" in manifest["metadata"]["labels"]


def formula(*schedules: dict[str, Any], **scaling: Any) -> str:
    scaler = children(pool_of(*schedules, **scaling))["ScaledObject"]
    return str(scaler["spec"]["advanced"]["scalingModifiers"]["formula"])


@pytest.mark.parametrize(
    ("schedules", "expected"),
    [
        ([FLOOR], f"max(total / 4.0, {RUNNING}, 0.0, w0)"),
        ([FLOOR, RUSH], f"max(total / 4.0, {RUNNING}, 0.0, w0, w1)"),
        ([NIGHT], f"w0 > 0.0 ? {RUNNING} : max(total / 4.0, {RUNNING}, 0.0)"),
        ([NIGHT, LUNCH], f"w0 + w1 > 0.0 ? {RUNNING} : max(total / 4.0, {RUNNING}, 0.0)"),
        ([FLOOR, NIGHT, RUSH], f"w1 > 0.0 ? {RUNNING} : max(total / 4.0, {RUNNING}, 0.0, w0, w2)"),
    ],
)
def test_floors_are_counted_and_a_quiet_schedule_counts_only_what_runs(
    schedules: list[dict[str, Any]], expected: str
) -> None:
    assert formula(*schedules) == expected


def test_the_floor_of_the_lane_stands_beside_those_of_its_schedules() -> None:
    assert formula(FLOOR, minReplicas=1) == f"max(total / 4.0, {RUNNING}, 1.0, w0)"


def test_each_schedule_is_a_trigger_by_the_clocks_of_its_zone() -> None:
    spec = children(pool_of(FLOOR, LUNCH))["ScaledObject"]["spec"]
    assert spec["triggers"][2:] == [
        {
            "type": "cron",
            "name": "w0",
            "metadata": {
                "desiredReplicas": "3",
                "end": "0 19 * * 1-5",
                "start": "0 8 * * 1-5",
                "timezone": "Europe/Paris",
            },
        },
        {
            "type": "cron",
            "name": "w1",
            "metadata": {"desiredReplicas": "1", "end": "0 13 * * *", "start": "0 12 * * *", "timezone": "UTC"},
        },
    ]
    assert spec["minReplicaCount"] == 0


def test_a_floor_rolls_no_worker_and_a_quiet_schedule_is_told_to_them() -> None:
    plain, floor, quiet = (children(pool_of(*each)) for each in ((), (FLOOR,), (NIGHT,)))
    assert floor["Deployment"] == plain["Deployment"]
    assert quiet["Deployment"] != plain["Deployment"]


def test_suspending_holds_the_lane_at_zero_and_rolls_no_worker() -> None:
    before, after = children(pool_with()), children(pool_with(suspend=True))
    assert after["ScaledObject"]["metadata"].pop("annotations") == PAUSED
    assert after == before


def test_suspending_leaves_no_annotation_behind() -> None:
    pool = OperatedPool(pool_with(suspend=True))
    pool.reconcile()
    assert scaler_of(pool)["metadata"]["annotations"] == PAUSED
    pool.change(pool_with())
    pool.reconcile()
    assert not scaler_of(pool)["metadata"].get("annotations")


def scaler_of(pool: OperatedPool) -> dict[str, Any]:
    return pool.children("ScaledObject")["documents-default"]


def test_a_suspended_pool_says_so_and_how_to_go_on() -> None:
    pool = OperatedPool(pool_with(suspend=True))
    pool.reconcile()
    pool.come_up()
    pool.reconcile()
    status, reason, message = pool.condition("Ready")
    assert (status, reason) == ("True", Reason.SUSPENDED)
    assert message.endswith("Set `spec.suspend` to false to go on.")
    assert pool.again() == []


@pytest.mark.parametrize(
    ("hour", "reason"), [(11, Reason.SCALED_TO_ZERO), (12, Reason.ASLEEP), (13, Reason.SCALED_TO_ZERO)]
)
def test_a_pool_shows_that_it_is_in_a_quiet_schedule(hour: int, reason: Reason) -> None:
    pool = OperatedPool(pool_of(LUNCH, NIGHT))
    pool.now = datetime(2026, 11, 22, hour, 30, tzinfo=UTC)
    pool.reconcile()
    pool.come_up()
    pool.reconcile()
    assert pool.condition("Ready")[:2] == ("True", reason)
    assert pool.again() == []


def test_a_floor_is_no_sleep() -> None:
    pool = OperatedPool(
        pool_of(schedule(suspend=None, minReplicas=1, timezone="UTC", start="0 0 * * *", end="0 23 * * *"))
    )
    pool.reconcile()
    pool.come_up()
    pool.reconcile()
    assert pool.condition("Ready")[1] == Reason.SCALED_TO_ZERO
