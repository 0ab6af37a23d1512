"""What schedules and `suspend` do to a pool's objects and to its status."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from laneway.schema.pool.pool import parse_pool
from laneway_operator.reasons import Reason
from laneway_operator.render import render
from support.inputs.bad_schedules import pool_of, schedule
from support.inputs.pools import NAMESPACE, named, pool_with
from support.operator.in_memory import OperatedPool, pool_view, running_pool

if TYPE_CHECKING:
    from laneway_operator.render.view import Manifest

FLOOR = schedule(name="office", suspend=None, minReplicas=3, start="0 8 * * 1-5", end="0 19 * * 1-5")
RUSH = schedule(name="rush", suspend=None, minReplicas=4, start="0 9 * * 1", end="0 10 * * 1")
NIGHT = schedule()
LUNCH = schedule(name="lunch", timezone="UTC", start="0 12 * * *", end="0 13 * * *")
RUNNING = "(total - waiting) / 1.0"
PAUSED = {"autoscaling.keda.sh/paused-replicas": "0"}


def children(document: dict[str, Any], lane: str = "default") -> dict[str, Manifest]:
    """Kind → an object of one lane; `live` is the ConfigMap that its running workers read again."""
    found = (each for each in render(pool_view(named(document))) if _lane(each) == lane)
    return {"live" if "live.json" in each.get("data", {}) else each["kind"]: each for each in found}


def is_suspended(document: dict[str, Any], lane: str = "default") -> bool:
    """Both of those who hold a lane at zero are told: KEDA and its workers. Nobody is told half."""
    found = children(document, lane)
    told = json.loads(found["live"]["data"]["live.json"])["suspended"]
    assert (found["ScaledObject"]["metadata"].get("annotations") == PAUSED) is told
    return bool(told)


def _lane(manifest: Manifest) -> str | None:
    labels: dict[str, str] = manifest["metadata"]["labels"]
    return labels.get("laneway.dev/lane")


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


def test_no_schedule_rolls_a_worker_and_a_quiet_one_is_told_to_them() -> None:
    plain, floor, quiet = (children(pool_of(*each)) for each in ((), (FLOOR,), (NIGHT,)))
    assert floor["Deployment"] == quiet["Deployment"] == plain["Deployment"]
    assert floor["live"] == plain["live"] != quiet["live"]


def test_suspending_holds_the_lane_at_zero_and_rolls_no_worker() -> None:
    before, after = children(pool_with()), children(pool_with(suspend=True))
    assert after["ScaledObject"]["metadata"].pop("annotations") == PAUSED
    assert {kind for kind, each in after.items() if each != before[kind]} == {"live"}
    assert is_suspended(pool_with(suspend=True))


LANES = [{"name": "fast"}, {"name": "slow"}]
ONE_STOPPED = [{"name": "fast"}, {"name": "slow", "suspend": True}]


def annotated(**annotations: str) -> dict[str, Any]:
    """A pool of two lanes with annotations of ours: `paused`, `paused_lanes`."""
    found = {f"laneway.dev/{name.replace('_', '-')}": value for name, value in annotations.items()}
    document = named(pool_with(lanes=LANES))
    return document | {"metadata": document["metadata"] | {"annotations": found}}


@pytest.mark.parametrize(
    ("document", "stopped"),
    [
        (pool_with(lanes=LANES), []),
        (pool_with(lanes=LANES, suspend=True), ["fast", "slow"]),
        (pool_with(lanes=ONE_STOPPED), ["slow"]),
        (pool_with(lanes=ONE_STOPPED, suspend=True), ["fast", "slow"]),
        (annotated(paused="true"), ["fast", "slow"]),
        (annotated(paused="false"), []),
        (annotated(paused_lanes="slow"), ["slow"]),
        (annotated(paused_lanes="fast,slow"), ["fast", "slow"]),
        (annotated(paused_lanes="fast , slow", paused="false"), ["fast", "slow"]),
    ],
)
def test_a_pool_or_a_lane_is_stopped_in_its_spec_or_by_an_annotation(
    document: dict[str, Any], stopped: list[str]
) -> None:
    document = document | {"metadata": document["metadata"] | {"namespace": NAMESPACE}}
    view = pool_view(document)
    assert [each.lane.name for each in view.lanes if each.live.suspended] == stopped
    scalers = [each for each in render(view) if each["kind"] == "ScaledObject" and _lane(each)]
    assert [_lane(each) for each in scalers if each["metadata"].get("annotations") == PAUSED] == stopped
    before = pool_view(named(pool_with(lanes=LANES)))
    assert [each for each in render(view) if each["kind"] == "Deployment"] == [
        each for each in render(before) if each["kind"] == "Deployment"
    ]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("paused", "yes", "metadata.annotations.laneway.dev/paused: should be true or false"),
        ("paused", "True", "should be true or false"),
        ("paused", "", "should be true or false"),
        ("paused-lanes", "fsat", "laneway.dev/paused-lanes names fsat, and the pool's lanes are fast, slow"),
        ("paused-lanes", "fast;slow", "should be names of lanes, with commas between them, such as fast,slow"),
        ("paused-lanes", "", "should be names of lanes"),
        ("paused-lanes", "*", "should be names of lanes"),
        ("pause", "true", "laneway.dev/pause pauses nothing; the annotations are laneway.dev/paused and laneway.dev/"),
        ("suspend", "true", "laneway.dev/suspend pauses nothing"),
        ("Paused", "true", "laneway.dev/Paused pauses nothing"),
        ("paused-lane", "fast", "laneway.dev/paused-lane pauses nothing"),
    ],
)
def test_an_annotation_that_is_wrong_is_told_and_changes_nothing(name: str, value: str, words: str) -> None:
    pool = OperatedPool(pool_with(lanes=LANES))
    pool.reconcile()
    before = pool.children("ScaledObject")
    pool.annotations = {f"laneway.dev/{name}": value}
    pool.reconcile()
    status, reason, message = pool.condition("Ready")
    assert (status, reason) == ("False", Reason.INVALID_SPEC)
    assert words in message
    assert pool.children("ScaledObject") == before


def test_a_label_that_was_meant_as_an_annotation_is_told() -> None:
    document = named(pool_with()) | {"metadata": {"name": "documents", "labels": {"laneway.dev/paused": "true"}}}
    with pytest.raises(ValidationError, match="pauses nothing as a label; write it as an annotation"):
        parse_pool(document)


def test_a_paused_pool_says_so_and_who_wrote_what_and_how_to_go_on() -> None:
    pool = running_pool()
    pool.annotations = {"laneway.dev/paused": "true"}
    pool.annotators = {"laneway.dev/paused": "kubectl-annotate"}
    pool.reconcile()
    status, reason, message = pool.condition("Ready")
    assert (status, reason) == ("True", Reason.PAUSED)
    assert message.startswith("the pool is paused by the annotation laneway.dev/paused, which kubectl-annotate wrote: ")
    assert message.endswith(
        "Remove the annotation to go on: `kubectl annotate lwp NAME ANNOTATION-`, with a dash at its end."
    )
    assert pool.again() == []


def test_a_pool_of_which_one_lane_is_stopped_serves_and_names_it() -> None:
    pool = OperatedPool(pool_with(lanes=ONE_STOPPED))
    pool.annotations = {"laneway.dev/paused-lanes": "fast"}
    pool.reconcile()
    pool.come_up()
    pool.reconcile()
    assert pool.condition("Ready")[:2] == ("True", Reason.PAUSED)
    assert "lane slow is suspended; lane fast is paused by the annotation" in pool.condition("Ready")[2]
    pool.annotations = {}
    pool.reconcile()
    assert pool.condition("Ready")[1:] == (
        Reason.SCALED_TO_ZERO,
        "no jobs, no workers; the next job starts one; lane slow is suspended",
    )


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
    assert message.endswith("Set `suspend` of the pool, or of its lanes, to false to go on.")
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
