"""A pool moves to another cluster: its jobs are in its queues, which the new operator finds by the old one's name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from laneway_operator.testing.cluster import MemoryCluster
from support.inputs.pools import pool_with
from support.operator.in_memory import CLUSTER_ID, SETTINGS, OperatedPool

LANES = [{"name": "kept"}, {"name": "doomed", "queue": {"managed": {"deletionPolicy": "Delete"}}}]


def moved(old: OperatedPool, cluster_id: str | None) -> OperatedPool:
    """The same pool, in a cluster whose operator is told this name."""
    pool = OperatedPool(old.document)
    pool.uid, pool.queues, pool.cluster = "another", old.queues, MemoryCluster("another-cluster")
    pool.restart(replace(SETTINGS, cluster_id=cluster_id))
    pool.reconcile()
    return pool


def urls(pool: OperatedPool) -> list[tuple[str, str]]:
    return [(each["queueURL"], each["deadLetterQueueURL"]) for each in pool.status["lanes"]]


@pytest.fixture
def old() -> OperatedPool:
    pool = OperatedPool(pool_with(lanes=LANES))
    pool.reconcile()
    return pool


def test_an_operator_that_is_told_the_old_clusters_name_finds_its_queues_and_makes_none(old: OperatedPool) -> None:
    before = list(old.queues.changes)
    assert urls(moved(old, CLUSTER_ID)) == urls(old)
    assert old.queues.changes == before


def test_one_that_is_not_told_makes_queues_of_its_own(old: OperatedPool) -> None:
    new = moved(old, None)
    assert not {each for pair in urls(new) for each in pair} & {each for pair in urls(old) for each in pair}


def test_a_pool_that_is_deleted_in_the_old_cluster_while_its_operator_runs_takes_queues_from_the_new_one(
    old: OperatedPool,
) -> None:
    """Why the page has the old operator go first."""
    new = moved(old, CLUSTER_ID)
    old.deleting = True
    old.reconcile()
    assert [url in old.queues.made for url, _ in urls(new)] == [True, False]
