"""What a pool's status says of each lane."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from laneway.schema.pool.metadata import Suspension
from laneway_operator.known.observe import DeploymentFacts, Trouble
from laneway_operator.reasons import Reason
from laneway_operator.status.conditions import build_status
from laneway_operator.status.model import MAX_KINDS, PoolStatus
from support.golden_status import ENGINE, FOLDER, NEW, NOW, OBSERVED, OLD, sixteen, texts, worker

LATER = "2026-11-22T19:00:00Z"
AT_ZERO = OBSERVED["at-zero"]
SERVED = replace(AT_ZERO, deployments={"fast": DeploymentFacts(2, 2, config="now")})


def lanes(status: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in status["lanes"]}


def ready(status: dict[str, Any], lane: str) -> tuple[str, str]:
    (found,) = lanes(status)[lane]["conditions"]
    assert found["type"] == "Ready"
    return found["status"], found["reason"]


@pytest.mark.parametrize("name", OBSERVED)
def test_the_status_is_as_the_golden_file(name: str) -> None:
    assert texts()[name] == (FOLDER / f"{name}.yaml").read_text(), "run make golden; the diff is the review"


def test_every_golden_file_has_a_case() -> None:
    assert {path.stem for path in FOLDER.glob("*")} == set(OBSERVED)


def test_each_lane_has_the_reason_that_is_its_own() -> None:
    status = build_status(sixteen(), {}, 3, NOW)
    own = {
        "lane-02": ("True", Reason.SERVING),
        "lane-05": ("False", Reason.NO_GPU_CAPACITY),
        "lane-07": ("False", Reason.KEDA_ERROR),
        "lane-11": ("False", Reason.REDRIVE_TOO_LOW),
        "lane-13": ("False", Reason.NAME_TAKEN),
        "lane-16": ("True", Reason.ASLEEP),
    }
    assert {name: ready(status, name) for name in lanes(status)} == {
        name: own.get(name, ("True", Reason.SCALED_TO_ZERO)) for name in lanes(status)
    }


def test_a_pool_of_one_lane_says_of_it_what_it_says_of_itself() -> None:
    for observed in (AT_ZERO, SERVED, replace(AT_ZERO, suspended={"fast": Suspension.POOL})):
        status = build_status(observed, {}, 3, NOW)
        assert lanes(status)["fast"]["conditions"] == status["conditions"][:1]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"access": Trouble(Reason.SECRET_MISSING, "no Secret")}, Reason.SECRET_MISSING),
        ({"keda": Trouble(Reason.KEDA_MISSING, "no KEDA")}, Reason.KEDA_MISSING),
        ({"applied": (Trouble(Reason.REFUSED, "Job a: no"),)}, Reason.REFUSED),
    ],
)
def test_what_is_wrong_with_the_whole_pool_is_wrong_with_each_lane(change: dict[str, Any], reason: Reason) -> None:
    assert ready(build_status(replace(AT_ZERO, **change), {}, 3, NOW), "fast") == ("False", reason)


def test_lanes_after_one_whose_queue_is_out_of_reach_are_not_called_well() -> None:
    status = build_status(OBSERVED["a-queue-out-of-reach"], {}, 3, NOW)
    assert ready(status, "slow") == ("False", Reason.QUEUE_ACCESS_DENIED)
    assert ready(status, "fast") == ("Unknown", Reason.NOT_LOOKED_AT)


def test_a_lanes_condition_keeps_its_time_until_its_status_changes() -> None:
    old = build_status(AT_ZERO, {}, 3, NOW)
    serving, missing = SERVED, replace(AT_ZERO, keda=Trouble(Reason.KEDA_MISSING, "no KEDA"))
    times = [lanes(build_status(each, old, 3, LATER))["fast"]["conditions"][0] for each in (serving, missing)]
    assert [(each["reason"], each["lastTransitionTime"]) for each in times] == [
        (Reason.SERVING, NOW),
        (Reason.KEDA_MISSING, LATER),
    ]
    assert build_status(AT_ZERO, old, 3, LATER) == old


def test_lanes_of_a_spec_that_can_not_be_read_are_those_of_before() -> None:
    old = build_status(AT_ZERO, {}, 3, NOW)
    unread = replace(AT_ZERO, lanes=(), spec=Trouble(Reason.INVALID_SPEC, "what?"))
    assert ready(build_status(unread, old, 4, LATER), "fast") == ("False", Reason.INVALID_SPEC)


def serving(*pods: Any) -> Any:
    return lanes(build_status(replace(SERVED, pods=pods), {}, 3, NOW))["fast"].get("serving")


def test_what_serves_is_told_once_and_the_new_before_the_old() -> None:
    new, old = worker("fast", digest=NEW), worker("fast", config="before", digest=OLD)
    assert serving(new, new) == [{"modelDigest": NEW, "engineImage": ENGINE}]
    for pods in ((old, new, new), (new, old, new)):
        assert [each["modelDigest"] for each in serving(*pods)] == [NEW, OLD]
    other = replace(new, engine="mirror.example/ollama:1")
    assert [each["engineImage"] for each in serving(other, new)] == [ENGINE, "mirror.example/ollama:1"]


def test_what_no_worker_tells_is_absent() -> None:
    new = worker("fast", digest=NEW)
    assert serving() is None
    assert serving(worker("fast"), replace(new, leaving=True), replace(new, lane="slow")) is None
    assert serving(replace(new, digest=None)) == [{"engineImage": ENGINE}]
    assert serving(replace(new, engine=None)) == [{"modelDigest": NEW}]
    assert serving(replace(new, digest=None, engine=None)) is None


def test_a_status_is_bounded_whatever_pods_and_causes_there_are() -> None:
    observed = sixteen()
    long = Trouble(Reason.CRASHING, "a" * 100_000)
    many = [worker(lane, digest=f"sha256:{number:064}") for lane in observed.lanes for number in range(50)]
    troubled = replace(
        observed, pods=(*many, *(worker(lane, long) for lane in observed.lanes)), keda=replace(long, message="b" * 9999)
    )
    status = build_status(troubled, {}, 3, NOW)
    assert {len(each["serving"]) for each in status["lanes"]} == {MAX_KINDS}
    assert PoolStatus.model_validate_json(json.dumps(status)).lane_count == 16
    assert len(json.dumps(status)) < 100_000  # etcd takes 1.5 MB of an object
