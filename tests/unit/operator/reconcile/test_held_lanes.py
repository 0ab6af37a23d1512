"""A lane whose workers serve gets its new pod template when it is its turn, and is as it was until then."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from laneway_operator.known.snapshot import Turn
from laneway_operator.reasons import Reason
from support.inputs.pools import pool_with
from support.operator.in_memory import OTHER_DEFAULT, SETTINGS, OperatedPool

SERVES = {"replicas": 1, "updatedReplicas": 1, "readyReplicas": 1}
FAST, SLOW = {"name": "fast"}, {"name": "slow"}
NOT_YET, NOW = Turn(last=3), Turn(lanes=frozenset({"default", "fast"}))
OTHER_ENGINE = replace(SETTINGS, engines=OTHER_DEFAULT)
WAITS = ("True", Reason.ROLLOUT_WAITING)


def serving_pool(**spec: Any) -> OperatedPool:
    """A worker serves in each of its lanes, and there is no turn for it."""
    pool = OperatedPool(pool_with(**spec))
    pool.reconcile()
    pool.come_up()
    pool.report("Deployment", SERVES, replicas=1)
    pool.turn = NOT_YET
    pool.reconcile()
    assert pool.condition("Ready")[:2] == ("True", Reason.SERVING)
    return pool


def image_of(pool: OperatedPool, lane: str = "default") -> str:
    template = pool.children("Deployment")[f"documents-{lane}"]["spec"]["template"]
    return str(template["spec"]["initContainers"][0]["image"])


def published(pool: OperatedPool) -> list[dict[str, Any]]:
    """The lanes that the newest preflight publishes in `pool.json`."""
    texts = (body["data"].get("preflight.json") for body in pool.children("ConfigMap").values())
    (text,) = (each for each in texts if each is not None)
    lanes: list[dict[str, Any]] = json.loads(text)["document"]["lanes"]
    return lanes


def scaled_by(pool: OperatedPool) -> Any:
    return pool.child("ScaledObject")["spec"]


def test_another_default_engine_waits_for_the_lanes_turn() -> None:
    pool = serving_pool()
    before = image_of(pool)
    pool.restart(OTHER_ENGINE)
    pool.reconcile()
    assert image_of(pool) == before
    assert pool.passed.waits == {"default": "2026-11-22T18:00:00Z"}
    assert pool.condition("Reconciling")[:2] == WAITS
    assert pool.condition("Reconciling")[2].startswith(
        "waits for its turn to have workers replaced: lane default (3 before it); its workers of before go on. Wait:"
    )
    assert pool.condition("Ready")[:2] == ("True", Reason.SERVING), "the generation has served"
    assert pool.status["lanes"][0]["rolloutWaitingSince"] == "2026-11-22T18:00:00Z"
    assert pool.again() == []
    pool.turn = NOW
    pool.reconcile()
    assert image_of(pool) != before
    assert pool.passed.waits == {}
    assert pool.passed.began.keys() == {"default"}
    assert "rolloutWaitingSince" not in pool.status["lanes"][0]
    assert pool.condition("Reconciling")[:2] == ("True", Reason.ROLLING_OUT)


def test_an_owners_edit_waits_too_and_the_pool_is_not_ready_meanwhile() -> None:
    pool = serving_pool()
    pool.change(pool_with(model={"name": "qwen3:4b"}))
    pool.reconcile()
    assert pool.passed.waits.keys() == {"default"}
    assert pool.condition("Ready")[:2] == ("Unknown", Reason.ROLLOUT_WAITING)


def test_who_waits_keeps_its_place_when_the_operator_starts_anew() -> None:
    pool = serving_pool()
    pool.change(pool_with(model={"name": "qwen3:4b"}))
    pool.reconcile()
    since = pool.passed.waits
    pool.later(600)
    pool.restart()
    pool.reconcile()
    assert pool.passed.waits == since


def test_a_lane_that_waits_is_published_watched_and_counted_as_its_workers_have_it() -> None:
    pool = serving_pool(lane={"parallel": 4})
    scaled, told = scaled_by(pool)["advanced"], published(pool)
    configs = set(pool.children("ConfigMap"))
    pool.change(pool_with(model={"name": "qwen3:4b"}, lane={"parallel": 1, "scaling": {"maxReplicas": 7}}))
    pool.reconcile()
    assert published(pool) == told, "who names the model names that of the workers"
    assert scaled_by(pool)["advanced"] == scaled, "jobs that run keep their workers"
    assert scaled_by(pool)["maxReplicaCount"] == 7, "what rolls nothing is changed at once"
    assert set(pool.children("ConfigMap")) == configs
    pool.turn = NOW
    pool.reconcile()
    assert published(pool)[0]["model"]["name"] == "qwen3:4b"
    assert "/ 1.0" in scaled_by(pool)["advanced"]["scalingModifiers"]["formula"]


def test_what_its_next_worker_would_read_stays_though_no_worker_reads_it_now() -> None:
    pool = serving_pool()
    (config,) = (each for each in pool.children("ConfigMap") if "preflight" not in each and "live" not in each)
    pool.change(pool_with(model={"name": "qwen3:4b"}))
    pool.cluster.objects["ConfigMap", "nlp", config]["data"] = {"lane.json": "{}"}  # of another version
    pool.reconcile()
    assert config in pool.children("ConfigMap")
    assert pool.passed.waits.keys() == {"default"}


@pytest.mark.parametrize(
    ("status", "replicas"),
    [
        pytest.param({}, 0, id="at zero"),
        pytest.param({"replicas": 1, "updatedReplicas": 1}, 1, id="none of its workers serves"),
        pytest.param({"replicas": 2, "updatedReplicas": 1, "readyReplicas": 1}, 1, id="in the midst of a rollout"),
    ],
)
def test_a_lane_that_has_nothing_to_lose_needs_no_turn(status: dict[str, Any], replicas: int) -> None:
    pool = serving_pool()
    before = image_of(pool)
    pool.report("Deployment", status, replicas=replicas)
    pool.restart(OTHER_ENGINE)
    pool.reconcile()
    assert image_of(pool) != before
    assert (pool.passed.waits, pool.passed.began) == ({}, {})


def test_what_rolls_nothing_needs_no_turn() -> None:
    pool = serving_pool()
    pool.child("Deployment")["spec"]["progressDeadlineSeconds"] = 1
    pool.child("Deployment")["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = 1
    pool.reconcile()
    assert pool.child("Deployment")["spec"]["progressDeadlineSeconds"] > 1
    assert pool.child("Deployment")["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > 1
    assert pool.passed.waits == {}


def test_lanes_of_a_pool_have_a_turn_each() -> None:
    pool = serving_pool(lanes=[FAST, SLOW])
    before = image_of(pool, "slow")
    pool.restart(OTHER_ENGINE)
    pool.turn = NOW
    pool.reconcile()
    assert image_of(pool, "fast") != image_of(pool, "slow") == before
    assert (set(pool.passed.began), set(pool.passed.waits)) == ({"fast"}, {"slow"})
    status, reason, message = pool.condition("Reconciling")
    assert (status, reason) == ("True", Reason.ROLLING_OUT)
    assert "waits for its turn to have workers replaced: lane slow" in message


def test_a_lane_whose_new_template_is_refused_goes_to_the_end_of_the_line() -> None:
    pool = serving_pool()
    pool.restart(OTHER_ENGINE)
    pool.reconcile()
    pool.later(60)
    pool.turn = NOW
    pool.cluster.refusals["Deployment", "documents-default"] = "denied by policy no-gpu"
    assert pool.reconcile() is True
    assert (pool.passed.waits, pool.passed.began) == ({}, {})
    pool.turn = NOT_YET
    pool.reconcile()
    assert pool.passed.waits == {"default": "2026-11-22T18:01:00Z"}


def test_a_deployment_of_somebody_else_is_told_and_not_waited_for() -> None:
    pool = serving_pool()
    pool.child("Deployment")["metadata"]["ownerReferences"][0]["uid"] = "another"
    pool.restart(OTHER_ENGINE)
    pool.reconcile()
    assert pool.condition("SpecAccepted")[1] == Reason.NAME_TAKEN
    assert pool.passed.waits == {}


def test_the_account_of_its_workers_stays_while_it_waits() -> None:
    pool = serving_pool()
    pool.change(pool_with(serviceAccount={"name": "made-by-us"}))
    pool.reconcile()
    assert "laneway-worker-documents" in pool.children("ServiceAccount")
    pool.turn = NOW
    pool.reconcile()
    assert "laneway-worker-documents" not in pool.children("ServiceAccount")
