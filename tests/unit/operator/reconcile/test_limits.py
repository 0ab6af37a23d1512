"""A lane that has as many workers as it may, and jobs for more, says so and is ready."""

from __future__ import annotations

from typing import Any

import pytest

from laneway_operator.errors import NotYet
from laneway_operator.reasons import Reason
from support.inputs.pools import pool_with
from support.operator.in_memory import OperatedPool, running_pool

LIMITED = "ScalingLimited"
FULL = 2 * 4
"""Jobs that call for as many workers as the lane may have."""


def busy(pool: OperatedPool, jobs: int, replicas: int = 2) -> None:
    """Workers serve, and the queue holds so many jobs, waiting and taken."""
    pool.change(pool_with(lane={"scaling": {"maxReplicas": 2, "jobsPerReplica": 4}}))
    pool.reconcile()
    pool.report("Job", {"succeeded": 1})
    wanted = {"replicas": replicas, "updatedReplicas": replicas, "readyReplicas": replicas}
    pool.report("Deployment", wanted, replicas=replicas)
    pool.later(600)
    pool.queues.taken = dict.fromkeys(pool.queues.made, 1)
    pool.queues.messages = dict.fromkeys(pool.queues.made, jobs - 1)


def test_a_lane_at_its_most_with_jobs_for_more_says_so_after_two_minutes_and_is_ready() -> None:
    pool = running_pool()
    busy(pool, FULL + 1)
    assert pool.reconcile() is True
    assert pool.condition(LIMITED)[:2] == ("False", Reason.AS_EXPECTED)
    pool.later(119)
    assert pool.reconcile() is True
    assert pool.condition(LIMITED)[0] == "False"
    pool.later(1)
    assert pool.reconcile() is True
    assert pool.condition(LIMITED)[:2] == ("True", Reason.AT_MAX_REPLICAS)
    assert "lane default" in pool.condition(LIMITED)[2]
    assert pool.condition("Ready")[:2] == ("True", Reason.SERVING)
    assert pool.condition("Stalled")[0] == "False"


def test_it_ends_with_the_line() -> None:
    pool = running_pool()
    busy(pool, FULL + 1)
    pool.reconcile()
    pool.later(120)
    pool.reconcile()
    pool.queues.messages = dict.fromkeys(pool.queues.made, FULL - 1)
    pool.later(60)
    assert pool.reconcile() is False
    assert pool.condition(LIMITED)[:2] == ("False", Reason.AS_EXPECTED)


@pytest.mark.parametrize(("jobs", "replicas"), [(FULL, 2), (FULL + 1, 1)], ids=["as it should be", "on its way"])
def test_jobs_that_its_workers_are_meant_for_are_no_limit(jobs: int, replicas: int) -> None:
    pool = running_pool()
    busy(pool, jobs, replicas)
    for _ in range(2):
        assert pool.reconcile() is False
        pool.later(600)
    assert pool.condition(LIMITED)[0] == "False"


def test_a_line_is_not_looked_at_each_time_that_a_pod_changes() -> None:
    pool = running_pool()
    busy(pool, FULL + 1)
    asked = pool.queues.counts
    for _ in range(5):
        pool.later(5)
        pool.reconcile()
    assert pool.queues.counts == asked + 1
    pool.later(30)
    pool.reconcile()
    assert pool.queues.counts == asked + 2


@pytest.mark.parametrize("spec", [{"suspend": True}, {"lane": {"suspend": True}}], ids=["pool", "lane"])
def test_a_lane_that_somebody_stopped_asks_for_no_workers(spec: dict[str, Any]) -> None:
    pool = running_pool()
    busy(pool, FULL + 1)
    pool.change(pool_with(**spec))
    for _ in range(2):
        pool.reconcile()
        pool.later(600)
    assert pool.condition(LIMITED)[0] == "False"


def test_a_queue_that_was_seen_once_and_gives_no_answer_says_nothing() -> None:
    pool = running_pool()
    busy(pool, FULL + 1)
    pool.reconcile()
    pool.queues.denied = set(pool.queues.made)
    pool.later(200)
    assert pool.reconcile() is True  # asked again soon
    assert pool.condition(LIMITED)[0] == "False"


def test_a_queue_that_gives_no_answer_for_once_is_as_it_was_seen() -> None:
    pool = running_pool()
    busy(pool, FULL + 1)
    pool.reconcile()
    pool.later(200)
    pool.reconcile()
    assert pool.condition(LIMITED)[0] == "True"
    pool.queues.denied = set(pool.queues.made)
    pool.later(60)
    pool.reconcile()
    assert pool.condition(LIMITED)[0] == "True"


def test_where_queues_are_in_trouble_nothing_is_known() -> None:
    pool = running_pool()
    pool.queues.trouble = NotYet(Reason.AWS_UNREACHABLE, "no answer")
    pool.reconcile()
    assert pool.condition(LIMITED)[:2] == ("Unknown", Reason.NOT_LOOKED_AT)


def test_no_event_tells_of_it() -> None:
    pool = running_pool()
    busy(pool, FULL + 1)
    pool.reconcile()
    told = len(pool.cluster.events)
    pool.later(120)
    pool.reconcile()
    assert pool.condition(LIMITED)[0] == "True"
    assert len(pool.cluster.events) == told
