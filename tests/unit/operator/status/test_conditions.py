from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from laneway.schema.pool.metadata import Suspension
from laneway.schema.pool.queues.queue import QueueURLs
from laneway_operator.known.observe import DeploymentFacts, JobFacts, PodFacts, ScalerFacts, Trouble
from laneway_operator.placement.memory import Fit
from laneway_operator.reasons import FIXES, Reason, with_fix
from laneway_operator.render.meta import Component
from laneway_operator.status.conditions import ORDER, build_status
from laneway_operator.status.model import MAX_MESSAGE, PoolStatus
from laneway_operator.status.observed import Observed, Waiting

NOW, LATER = "2026-11-22T18:00:00Z", "2026-11-22T19:00:00Z"
URLS = QueueURLs(url="https://sqs/a", dead_letter_url="https://sqs/a-dead")

ASLEEP = Observed(
    lanes=("fast",),
    queues={"fast": URLS},
    preflight=JobFacts("documents-preflight-1", succeeded=True),
    deployments={"fast": DeploymentFacts(0, 0)},
    scalers={"fast": ScalerFacts(ready=True)},
)
"""Everything is well, and nothing runs."""

NEW = Observed(lanes=("fast",), queues={"fast": URLS}, deployments={"fast": DeploymentFacts(0, 0)})
WANTED = replace(ASLEEP, deployments={"fast": DeploymentFacts(2, 0)})
"""Two workers are wanted."""
SERVED = replace(ASLEEP, deployments={"fast": DeploymentFacts(1, 1)})
"""One worker serves."""
WAITING = replace(SERVED, waiting={"fast": Waiting(since=NOW, ahead=0)})
"""It serves as it was before, until it is its turn."""
STOPPED = {"fast": Suspension.POOL}
SUSPENDED = replace(ASLEEP, suspended=STOPPED)
QUIET = replace(ASLEEP, asleep=("fast",))
"""Its only lane is in a quiet schedule."""


def trouble(reason: Reason, message: str = "what happened") -> Trouble:
    return Trouble(reason, message)


def pod(reason: Reason, *, leaving: bool = False) -> PodFacts:
    return PodFacts("fast", leaving, None, trouble=trouble(reason), component=Component.WORKER)


def preflight_pod(reason: Reason, *, leaving: bool = False) -> PodFacts:
    return PodFacts(None, leaving, None, trouble=trouble(reason), component=Component.PREFLIGHT)


def conditions(observed: Observed, old: dict[str, Any] | None = None, now: str = NOW) -> dict[str, dict[str, Any]]:
    status = build_status(observed, old or {}, 3, now)
    return {each["type"]: each for each in status["conditions"]}


def verdict(observed: Observed, kind: str = "Ready") -> tuple[str, str]:
    found = conditions(observed)[kind]
    return found["status"], found["reason"]


SPEC, QUEUES, ACCESS, SCALING, WORKERS = ORDER
STALE_AND_STUCK = DeploymentFacts(2, 1, outdated=1, stuck=True, stale=True)
"""Somebody has put a stuck rollout right, and Kubernetes has not seen that yet."""
HANDLER_CRASHES = replace(preflight_pod(Reason.CRASHING), component=Component.DEAD_LETTERS)
TOO_LARGE = Fit("fast", "gemma3:27b", weights=17.4, cache=1.0, tokens=4096, memory=15.0)


@pytest.mark.parametrize(
    ("observed", "kind", "status", "reason"),
    [
        (ASLEEP, SPEC, "True", Reason.ACCEPTED),
        (Observed(lanes=(), spec=trouble(Reason.INVALID_SPEC)), SPEC, "False", Reason.INVALID_SPEC),
        (Observed(lanes=("fast",), spec=trouble(Reason.UNKNOWN_PROFILE)), SPEC, "False", Reason.UNKNOWN_PROFILE),
        (replace(ASLEEP, applied=(trouble(Reason.NAME_TAKEN),)), SPEC, "False", Reason.NAME_TAKEN),
        (replace(ASLEEP, applied=(trouble(Reason.REFUSED),)), SPEC, "False", Reason.REFUSED),
        (ASLEEP, QUEUES, "True", Reason.QUEUES_READY),
        (Observed(lanes=(), spec=trouble(Reason.INVALID_SPEC)), QUEUES, "Unknown", Reason.NOT_LOOKED_AT),
        (Observed(lanes=(), spec=trouble(Reason.INVALID_SPEC)), ACCESS, "Unknown", Reason.NOT_LOOKED_AT),
        (Observed(lanes=(), spec=trouble(Reason.INVALID_SPEC)), WORKERS, "Unknown", Reason.NOT_LOOKED_AT),
        (replace(ASLEEP, spec=trouble(Reason.INVALID_SPEC)), WORKERS, "True", Reason.SCALED_TO_ZERO),
        (replace(NEW, queue_trouble=trouble(Reason.QUEUE_NOT_OURS)), QUEUES, "False", Reason.QUEUE_NOT_OURS),
        (replace(NEW, queue_trouble=trouble(Reason.AWS_UNREACHABLE)), QUEUES, "False", Reason.AWS_UNREACHABLE),
        (replace(NEW, queue_trouble=trouble(Reason.QUEUE_ACCESS_DENIED)), QUEUES, "False", Reason.QUEUE_ACCESS_DENIED),
        (ASLEEP, ACCESS, "True", Reason.PUBLISHED),
        (NEW, ACCESS, "Unknown", Reason.CHECKING),
        (replace(NEW, preflight=JobFacts("a", succeeded=False)), ACCESS, "Unknown", Reason.CHECKING),
        (
            replace(
                NEW, preflight=JobFacts("a", succeeded=False, refused=True), pods=(preflight_pod(Reason.CRASHING),)
            ),
            ACCESS,
            "False",
            Reason.PREFLIGHT_REFUSED,
        ),
        (replace(NEW, access=trouble(Reason.SECRET_MISSING)), ACCESS, "False", Reason.SECRET_MISSING),
        (replace(NEW, pods=(preflight_pod(Reason.CRASHING),)), ACCESS, "False", Reason.PREFLIGHT_FAILED),
        (replace(NEW, pods=(preflight_pod(Reason.IMAGE_PULL_FAILED),)), ACCESS, "False", Reason.IMAGE_PULL_FAILED),
        (replace(NEW, pods=(preflight_pod(Reason.CRASHING, leaving=True),)), ACCESS, "Unknown", Reason.CHECKING),
        (replace(ASLEEP, pods=(preflight_pod(Reason.CRASHING),)), ACCESS, "True", Reason.PUBLISHED),
        (ASLEEP, SCALING, "True", Reason.SCALING),
        (NEW, SCALING, "Unknown", Reason.WAITING_FOR_KEDA),
        (replace(ASLEEP, scalers={"fast": ScalerFacts(None)}), SCALING, "Unknown", Reason.WAITING_FOR_KEDA),
        (replace(ASLEEP, lanes=("fast", "slow")), SCALING, "Unknown", Reason.WAITING_FOR_KEDA),
        (replace(ASLEEP, scalers={"fast": ScalerFacts(ready=False)}), SCALING, "False", Reason.KEDA_ERROR),
        (replace(NEW, keda=trouble(Reason.KEDA_MISSING)), SCALING, "False", Reason.KEDA_MISSING),
        (ASLEEP, WORKERS, "True", Reason.SCALED_TO_ZERO),
        (SUSPENDED, WORKERS, "True", Reason.SUSPENDED),
        (replace(SERVED, suspended=STOPPED), WORKERS, "True", Reason.SUSPENDED),
        (replace(QUIET, suspended=STOPPED), WORKERS, "True", Reason.SUSPENDED),
        (
            replace(WANTED, suspended=STOPPED, pods=(pod(Reason.NO_GPU_CAPACITY),)),
            WORKERS,
            "False",
            Reason.NO_GPU_CAPACITY,
        ),
        (QUIET, WORKERS, "True", Reason.ASLEEP),
        (replace(SERVED, asleep=("fast",)), WORKERS, "True", Reason.ASLEEP),
        (replace(QUIET, lanes=("fast", "slow")), WORKERS, "True", Reason.SCALED_TO_ZERO),
        (replace(SERVED, lanes=("fast", "slow"), asleep=("slow",)), WORKERS, "True", Reason.SERVING),
        (WANTED, WORKERS, "Unknown", Reason.STARTING),
        (replace(ASLEEP, deployments={"fast": DeploymentFacts(2, 1)}), WORKERS, "True", Reason.SERVING),
        (replace(ASLEEP, deployments={"fast": DeploymentFacts(2, 2)}), WORKERS, "True", Reason.SERVING),
        (
            replace(ASLEEP, deployments={"fast": DeploymentFacts(1, 0, trouble(Reason.PODS_REFUSED))}),
            WORKERS,
            "False",
            Reason.PODS_REFUSED,
        ),
        *(
            (replace(WANTED, pods=(pod(reason),)), WORKERS, "False", reason)
            for reason in (
                Reason.NO_GPU_CAPACITY,
                Reason.UNSCHEDULABLE,
                Reason.IMAGE_PULL_FAILED,
                Reason.OUT_OF_MEMORY,
                Reason.CRASHING,
                Reason.MODEL_PULL_FAILED,
                Reason.MODEL_UNUSABLE,
                Reason.ENGINE_DOWN,
                Reason.SECRET_MISSING,
                Reason.REFUSED,
            )
        ),
        (
            replace(ASLEEP, deployments={"fast": DeploymentFacts(1, 0, trouble(Reason.QUOTA_EXCEEDED))}),
            WORKERS,
            "False",
            Reason.QUOTA_EXCEEDED,
        ),
        (replace(ASLEEP, handler=DeploymentFacts(1, 0, unavailable=1)), WORKERS, "True", Reason.SCALED_TO_ZERO),
        (replace(ASLEEP, pods=(HANDLER_CRASHES,)), WORKERS, "True", Reason.SCALED_TO_ZERO),
        (
            replace(ASLEEP, handler=DeploymentFacts(1, 0, unavailable=1), pods=(HANDLER_CRASHES,)),
            WORKERS,
            "False",
            Reason.CRASHING,
        ),
        (replace(NEW, pods=(HANDLER_CRASHES,)), ACCESS, "Unknown", Reason.CHECKING),
        *(
            (replace(NEW, pods=(preflight_pod(reason),)), ACCESS, "False", reason)
            for reason in (
                Reason.ACCESS_DENIED,
                Reason.BUCKET_MISSING,
                Reason.QUEUE_MISSING,
                Reason.TOPIC_MISSING,
                Reason.NO_CONDITIONAL_WRITES,
                Reason.REDRIVE_TOO_LOW,
                Reason.RETENTION_TOO_SHORT,
                Reason.AWS_REFUSED,
                Reason.AWS_UNREACHABLE,
            )
        ),
        *(
            (replace(NEW, own_queue_troubles=(trouble(reason),)), QUEUES, status, reason)
            for reason, status in (
                (Reason.REDRIVE_TOO_LOW, "False"),
                (Reason.RETENTION_TOO_SHORT, "False"),
                (Reason.QUEUE_MISSING, "False"),
                (Reason.AWS_UNREACHABLE, "Unknown"),
            )
        ),
        (Observed(lanes=("fast",), spec=trouble(Reason.RESULTS_SHARED)), SPEC, "False", Reason.RESULTS_SHARED),
        (replace(ASLEEP, unknown="spec.gateway: unknown field"), SPEC, "True", Reason.NOT_UNDERSTOOD),
        (ASLEEP, "Reconciling", "False", Reason.SETTLED),
        (Observed(lanes=(), spec=trouble(Reason.INVALID_SPEC)), "Reconciling", "Unknown", Reason.NOT_LOOKED_AT),
        (replace(ASLEEP, spec=trouble(Reason.INVALID_SPEC)), "Reconciling", "False", Reason.SETTLED),
        (replace(ASLEEP, deleting=True), "Reconciling", "True", Reason.DELETING),
        (
            replace(ASLEEP, deployments={"fast": DeploymentFacts(2, 2, outdated=1)}),
            "Reconciling",
            "True",
            Reason.ROLLING_OUT,
        ),
        (
            replace(ASLEEP, deployments={"fast": DeploymentFacts(2, 1, outdated=1, stuck=True)}),
            "Reconciling",
            "False",
            Reason.ROLLOUT_STUCK,
        ),
        (WAITING, "Reconciling", "True", Reason.ROLLOUT_WAITING),
        (WAITING, "Stalled", "False", Reason.AS_EXPECTED),
        (WANTED, "Reconciling", "False", Reason.SETTLED),
        (ASLEEP, "Stalled", "False", Reason.AS_EXPECTED),
        (replace(WANTED, pods=(pod(Reason.NO_GPU_CAPACITY),)), "Stalled", "False", Reason.AS_EXPECTED),
        (replace(ASLEEP, spec=trouble(Reason.INVALID_SPEC)), "Stalled", "True", Reason.INVALID_SPEC),
        (replace(ASLEEP, applied=(trouble(Reason.NAME_TAKEN),)), "Stalled", "True", Reason.NAME_TAKEN),
        (
            replace(ASLEEP, deployments={"fast": DeploymentFacts(2, 1, outdated=1, stuck=True)}),
            "Stalled",
            "True",
            Reason.ROLLOUT_STUCK,
        ),
        (replace(ASLEEP, deployments={"fast": STALE_AND_STUCK}), "Stalled", "False", Reason.AS_EXPECTED),
        (replace(ASLEEP, deployments={"fast": STALE_AND_STUCK}), "Reconciling", "True", Reason.ROLLING_OUT),
        (replace(SERVED, changed=("fast",)), "Reconciling", "True", Reason.ROLLING_OUT),
        (replace(ASLEEP, changed=("fast",)), "Reconciling", "False", Reason.SETTLED),
        (replace(ASLEEP, fits=(TOO_LARGE,)), "ModelFits", "False", Reason.MODEL_TOO_LARGE),
        (ASLEEP, "ModelFits", "Unknown", Reason.NOT_ESTIMATED),
        *(
            (replace(SERVED, pods=(pod(reason),)), WORKERS, "False", reason)
            for reason in (Reason.AWS_REFUSED, Reason.AWS_UNREACHABLE)
        ),
        (
            replace(ASLEEP, deployments={"fast": DeploymentFacts(1, 1, unavailable=1)}, pods=(pod(Reason.CRASHING),)),
            WORKERS,
            "False",
            Reason.CRASHING,
        ),
        (replace(WANTED, pods=(pod(Reason.CRASHING, leaving=True),)), WORKERS, "Unknown", Reason.STARTING),
        (
            replace(SERVED, pods=(pod(Reason.CRASHING),)),
            WORKERS,
            "True",
            Reason.SERVING,
        ),
    ],
)
def test_every_reason_is_reached(observed: Observed, kind: str, status: str, reason: Reason) -> None:
    assert verdict(observed, kind) == (status, reason)


@pytest.mark.parametrize(
    ("observed", "status", "reason"),
    [
        pytest.param(ASLEEP, "True", Reason.SCALED_TO_ZERO, id="a sleeping pool is ready"),
        pytest.param(SERVED, "True", Reason.SERVING, id="a serving one too"),
        pytest.param(SUSPENDED, "True", Reason.SUSPENDED, id="a suspended one is as it should be"),
        pytest.param(QUIET, "True", Reason.ASLEEP, id="one that sleeps by its schedule too"),
        pytest.param(
            replace(SERVED, fits=(TOO_LARGE,)), "True", Reason.SERVING, id="a model that may not fit is no trouble yet"
        ),
        pytest.param(
            replace(ASLEEP, deployments={"fast": DeploymentFacts(2, 2, outdated=1)}),
            "True",
            Reason.SERVING,
            id="nor is a rollout",
        ),
        pytest.param(
            replace(SUSPENDED, keda=trouble(Reason.KEDA_MISSING)),
            "False",
            Reason.KEDA_MISSING,
            id="but its trouble is told",
        ),
        pytest.param(WANTED, "Unknown", Reason.STARTING, id="a pool whose first worker starts has not served yet"),
        pytest.param(NEW, "Unknown", Reason.CHECKING, id="a new pool is checked first"),
        pytest.param(
            replace(WANTED, pods=(pod(Reason.NO_GPU_CAPACITY),)),
            "False",
            Reason.NO_GPU_CAPACITY,
            id="no node",
        ),
        pytest.param(
            replace(NEW, keda=trouble(Reason.KEDA_MISSING)), "False", Reason.KEDA_MISSING, id="wrong before unknown"
        ),
        pytest.param(
            replace(
                NEW,
                queue_trouble=trouble(Reason.AWS_UNREACHABLE),
                access=trouble(Reason.SECRET_MISSING),
                keda=trouble(Reason.KEDA_MISSING),
            ),
            "False",
            Reason.AWS_UNREACHABLE,
            id="the first thing that is wrong",
        ),
        pytest.param(
            replace(ASLEEP, applied=(trouble(Reason.REFUSED),), access=trouble(Reason.SECRET_MISSING)),
            "False",
            Reason.REFUSED,
            id="the spec before all",
        ),
    ],
)
def test_ready_is_the_summary_of_the_others(observed: Observed, status: str, reason: Reason) -> None:
    assert verdict(observed) == (status, reason)


@pytest.mark.parametrize(
    ("reasons", "shown"),
    [
        ((Reason.ENGINE_DOWN, Reason.OUT_OF_MEMORY), Reason.OUT_OF_MEMORY),
        ((Reason.CRASHING, Reason.MODEL_UNUSABLE), Reason.MODEL_UNUSABLE),
        ((Reason.OUT_OF_MEMORY, Reason.SECRET_MISSING), Reason.SECRET_MISSING),
        ((Reason.NO_GPU_CAPACITY, Reason.CRASHING), Reason.CRASHING),
    ],
)
def test_of_several_troubles_the_one_that_explains_most_is_shown(reasons: tuple[Reason, ...], shown: Reason) -> None:
    for order in (reasons, reasons[::-1]):
        observed = replace(WANTED, pods=tuple(pod(reason) for reason in order))
        assert verdict(observed) == ("False", shown)


def rolled(replicas: int, ready: int, outdated: int = 0, *, stuck: bool = False, stale: bool = False) -> Observed:
    facts = DeploymentFacts(replicas, ready, outdated=outdated, stuck=stuck, stale=stale)
    return replace(ASLEEP, deployments={"fast": facts})


@pytest.mark.parametrize(
    ("observed", "status", "reason"),
    [
        pytest.param(replace(SERVED, changed=("fast",)), "Unknown", Reason.ROLLING_OUT, id="just applied"),
        pytest.param(rolled(1, 1, stale=True), "Unknown", Reason.ROLLING_OUT, id="not yet seen by Kubernetes"),
        pytest.param(rolled(1, 1, outdated=1), "Unknown", Reason.ROLLING_OUT, id="only one of before serves"),
        pytest.param(rolled(20, 15, outdated=15), "Unknown", Reason.ROLLING_OUT, id="only those of before serve"),
        pytest.param(rolled(20, 16, outdated=15), "True", Reason.SERVING, id="the first of the new serves"),
        pytest.param(rolled(1, 1, outdated=1, stuck=True), "False", Reason.ROLLOUT_STUCK, id="none comes up"),
        pytest.param(WAITING, "Unknown", Reason.ROLLOUT_WAITING, id="it waits for its turn"),
        pytest.param(replace(WAITING, suspended=STOPPED), "True", Reason.SUSPENDED, id="it waits and rests"),
        pytest.param(WANTED, "Unknown", Reason.STARTING, id="none serves"),
        pytest.param(replace(ASLEEP, floors=("fast",)), "Unknown", Reason.STARTING, id="its minReplicas are to come"),
        pytest.param(SERVED, "True", Reason.SERVING, id="it serves"),
        pytest.param(replace(ASLEEP, changed=("fast",)), "True", Reason.SCALED_TO_ZERO, id="it rests"),
        pytest.param(replace(SERVED, changed=("fast",), suspended=STOPPED), "True", Reason.SUSPENDED, id="suspended"),
        pytest.param(replace(SERVED, changed=("fast",), asleep=("fast",)), "True", Reason.ASLEEP, id="asleep"),
    ],
)
def test_a_generation_is_ready_once_it_has_served_or_rests(observed: Observed, status: str, reason: Reason) -> None:
    before = build_status(SERVED, {}, 2, NOW)
    assert before["conditions"][0]["status"] == "True"
    found = build_status(observed, before, 3, LATER)
    for each in (found["conditions"][0], found["lanes"][0]["conditions"][0]):
        assert (each["type"], each["status"], each["reason"]) == ("Ready", status, reason)
        assert each["observedGeneration"] == 3


@pytest.mark.parametrize(
    ("observed", "reason"),
    [
        pytest.param(WANTED, Reason.STARTING, id="it wakes"),
        pytest.param(rolled(1, 1, outdated=1), Reason.SERVING, id="another image of the operator's rolls out"),
        pytest.param(WAITING, Reason.SERVING, id="another image waits for its turn"),
        pytest.param(replace(ASLEEP, floors=("fast",)), Reason.SCALED_TO_ZERO, id="a floor is to come back"),
    ],
)
def test_a_generation_that_was_ready_stays_so_while_workers_come_and_go(observed: Observed, reason: Reason) -> None:
    before = build_status(SERVED, {}, 3, NOW)
    found = build_status(observed, before, 3, LATER)["conditions"][0]
    assert (found["status"], found["reason"], found["lastTransitionTime"]) == ("True", reason, NOW)


def test_after_trouble_a_generation_is_ready_again_once_it_serves() -> None:
    trouble = build_status(replace(WANTED, pods=(pod(Reason.MODEL_PULL_FAILED),)), {}, 3, NOW)
    mended = build_status(WANTED, trouble, 3, NOW)
    assert mended["conditions"][0]["status"] == "Unknown"
    assert build_status(SERVED, mended, 3, NOW)["conditions"][0]["status"] == "True"


def test_kedas_own_words_and_the_lane_are_told() -> None:
    observed = replace(ASLEEP, scalers={"fast": ScalerFacts(ready=False, message="AccessDenied: not authorized")})
    message = conditions(observed)[SCALING]["message"]
    assert message.startswith("lane fast: AccessDenied: not authorized. Look at `kubectl describe scaledobject`")


@pytest.mark.parametrize("observed", [ASLEEP, SERVED, WANTED], ids=["at zero", "serving", "starting"])
def test_a_lane_that_sleeps_beside_others_is_named(observed: Observed) -> None:
    message = conditions(replace(observed, lanes=("fast", "slow"), asleep=("slow",)))[WORKERS]["message"]
    assert message.endswith("; in a quiet schedule: slow")


def test_a_message_says_what_to_do() -> None:
    message = conditions(replace(NEW, access=trouble(Reason.SECRET_MISSING, "no Secret a.")))[ACCESS]["message"]
    assert message == "no Secret a. Create the Secret in the pool's namespace."


@pytest.mark.parametrize("reason", FIXES)
def test_every_fix_is_a_sentence(reason: Reason) -> None:
    assert with_fix(reason, "it is so") == f"it is so. {FIXES[reason]}"
    assert FIXES[reason][0].isupper()
    assert FIXES[reason].endswith(".")


def test_equal_input_gives_equal_output_and_nothing_to_write() -> None:
    once = build_status(ASLEEP, {}, 3, NOW)
    assert build_status(ASLEEP, once, 3, LATER) == once
    assert PoolStatus.model_validate_json(json.dumps(once)).lane_count == 1


def test_pods_in_another_order_give_the_same_status() -> None:
    pods = (pod(Reason.CRASHING), pod(Reason.OUT_OF_MEMORY), pod(Reason.UNSCHEDULABLE))
    one, other = (replace(WANTED, pods=each) for each in (pods, pods[::-1]))
    assert build_status(one, {}, 3, NOW) == build_status(other, {}, 3, NOW)


def test_a_condition_keeps_its_time_until_its_status_changes() -> None:
    old = build_status(ASLEEP, {}, 3, NOW)
    serving = replace(ASLEEP, deployments={"fast": DeploymentFacts(1, 1)})
    missing = replace(ASLEEP, keda=trouble(Reason.KEDA_MISSING))
    assert conditions(serving, old, LATER)[WORKERS]["lastTransitionTime"] == NOW
    assert conditions(serving, old, LATER)[WORKERS]["reason"] == Reason.SERVING
    assert conditions(missing, old, LATER)[SCALING]["lastTransitionTime"] == LATER
    assert conditions(missing, old, LATER)["Ready"]["lastTransitionTime"] == LATER
    assert conditions(missing, old, LATER)[ACCESS]["lastTransitionTime"] == NOW


def test_a_new_generation_is_told_though_nothing_else_changed() -> None:
    old = build_status(ASLEEP, {}, 3, NOW)
    new = build_status(ASLEEP, old, 4, LATER)
    assert new["observedGeneration"] == 4
    assert {each["observedGeneration"] for each in new["conditions"]} == {4}
    assert {each["lastTransitionTime"] for each in new["conditions"]} == {NOW}


@pytest.mark.parametrize("length", [1, MAX_MESSAGE - 100, MAX_MESSAGE, 100_000])
def test_no_message_is_longer_than_the_crd_allows(length: int) -> None:
    message = conditions(replace(ASLEEP, keda=trouble(Reason.KEDA_MISSING, "a" * length)))[SCALING]["message"]
    assert len(message) <= MAX_MESSAGE


def test_lanes_and_workers_are_counted() -> None:
    observed = replace(
        ASLEEP,
        lanes=("fast", "slow"),
        deployments={"fast": DeploymentFacts(3, 1), "gone": DeploymentFacts(9, 9)},
    )
    status = build_status(observed, {}, 3, NOW)
    assert (status["laneCount"], status["workers"]) == (2, "1/3")
    assert (status["readyWorkers"], status["desiredWorkers"]) == (1, 3)
    assert [{name: each[name] for name in each if name != "conditions"} for each in status["lanes"]] == [
        {
            "name": "fast",
            "queueURL": "https://sqs/a",
            "deadLetterQueueURL": "https://sqs/a-dead",
            "replicas": 3,
            "readyReplicas": 1,
            "stage": "AtZero",
        },
        {"name": "slow", "replicas": 0, "readyReplicas": 0, "stage": "AtZero"},
    ]


def test_the_handlers_trouble_is_called_so() -> None:
    observed = replace(ASLEEP, handler=DeploymentFacts(1, 0, unavailable=1), pods=(HANDLER_CRASHES,))
    assert conditions(observed)[WORKERS]["message"].startswith("dead-letter handler: what happened. ")


def test_a_rollout_counts_the_workers_of_before() -> None:
    lanes = {"fast": DeploymentFacts(3, 3, outdated=2), "slow": DeploymentFacts(1, 1)}
    message = conditions(replace(ASLEEP, deployments=lanes))["Reconciling"]["message"]
    assert message == "workers of before that are to be replaced: lane fast: 2"


def test_a_worker_of_before_tells_nothing_beside_one_of_now() -> None:
    old, new = replace(pod(Reason.IMAGE_PULL_FAILED), config="a"), replace(pod(Reason.MODEL_MISSING), config="b")
    changed = replace(WANTED, deployments={"fast": DeploymentFacts(1, 0, config="b")})
    assert verdict(replace(changed, pods=(old,)), WORKERS) == ("False", Reason.IMAGE_PULL_FAILED)
    assert verdict(replace(changed, pods=(old, new)), WORKERS) == ("False", Reason.MODEL_MISSING)
    well = replace(new, trouble=None)
    assert verdict(replace(changed, pods=(old, well)), WORKERS) == ("Unknown", Reason.STARTING)
