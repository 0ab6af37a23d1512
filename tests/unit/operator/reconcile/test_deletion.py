"""Which queues go with their pool, and what holds it meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from laneway.schema.shared.names import FINALIZER, OWNER_TAG
from laneway_operator.errors import NotYet
from laneway_operator.reasons import Reason
from support.inputs.pools import pool_with
from support.operator.in_memory import OperatedPool

KEPT = {"name": "kept", "queue": {"managed": {"deletionPolicy": "Retain"}}}
DOOMED = {"name": "doomed", "queue": {"managed": {"deletionPolicy": "Delete"}}}
OWN = {"name": "own", "queue": {"external": {"url": "https://sqs/a", "deadLetterURL": "https://sqs/b"}}}
REMOVAL = ["let-go documents"]


def pool_of(*lanes: dict[str, Any]) -> OperatedPool:
    pool = OperatedPool(pool_with(lanes=list(lanes)))
    pool.reconcile()
    pool.come_up()
    pool.reconcile()
    return pool


def queues(pool: OperatedPool) -> set[str]:
    """The lanes whose queues there are."""
    return {each.tags[OWNER_TAG].rpartition("/")[2] for each in pool.queues.made.values()}


def test_a_pool_that_keeps_its_queues_has_no_finalizer_and_is_gone_without_the_operator() -> None:
    pool = pool_of(KEPT, {"name": "default"}, OWN)
    assert pool.cluster.held == set()
    assert not [call for call in pool.cluster.calls if call.split()[0] in ("hold", "let-go")]


def test_a_pool_is_held_before_a_queue_is_made_that_goes_with_it() -> None:
    pool = OperatedPool(pool_with(lanes=[DOOMED]))
    pool.queues.trouble = NotYet(Reason.AWS_UNREACHABLE, "no answer")
    pool.reconcile()
    assert pool.cluster.held == {pool.uid}
    assert pool.again() == []


def test_the_finalizer_goes_when_the_last_queue_is_to_stay() -> None:
    pool = pool_of(DOOMED, KEPT)
    pool.change(pool_with(lanes=[KEPT]))
    assert "let-go documents" in pool.again()
    assert pool.cluster.held == set()
    assert queues(pool) == {"doomed", "kept"}


def test_exactly_the_queues_that_go_with_their_pool_are_deleted() -> None:
    pool = pool_of(KEPT, DOOMED)
    assert queues(pool) == {"kept", "doomed"}
    pool.deleting = True
    assert pool.again() == REMOVAL
    assert queues(pool) == {"kept"}
    assert pool.cluster.held == set()


def test_a_queue_without_our_tag_is_never_deleted() -> None:
    pool = pool_of(DOOMED)
    url = next(each for each in pool.queues.made if not each.endswith("-dead"))
    pool.queues.made[url].tags = {OWNER_TAG: "another/nlp/documents/doomed"}
    pool.deleting = True
    assert pool.again() == REMOVAL
    assert set(pool.queues.made) == {url}


def test_queues_that_are_gone_already_keep_nobody() -> None:
    pool = pool_of(DOOMED)
    pool.queues.made.clear()
    pool.deleting = True
    assert pool.again() == REMOVAL


def test_trouble_while_queues_are_deleted_is_told_with_the_way_out_by_hand() -> None:
    pool = pool_of(DOOMED)
    before = dict(pool.cluster.objects)
    pool.deleting = True
    pool.queues.trouble = NotYet(Reason.QUEUE_ACCESS_DENIED, "refused with AccessDenied for DeleteQueue")
    assert pool.reconcile() is True
    assert pool.cluster.held == {pool.uid}
    assert pool.cluster.objects == before
    status, reason, message = pool.condition("Ready")
    assert (status, reason) == ("False", Reason.QUEUE_ACCESS_DENIED)
    assert (
        "waits for its queues to be deleted: refused with AccessDenied for DeleteQueue; to delete the pool" in message
    )
    assert (
        """kubectl patch lwp documents --namespace nlp --type=merge --patch='{"metadata":{"finalizers":null}}'"""
        in (message)
    )
    pool.queues.trouble = None
    assert pool.again() == REMOVAL
    assert queues(pool) == set()


@pytest.mark.parametrize(
    "spec", [{"modelStore": {"s3": {}}}, {"model": {}}, {"lanes": [DOOMED | {"parallel": 0}]}], ids=str
)
def test_a_spec_that_is_not_understood_keeps_no_pool_from_being_deleted(spec: dict[str, Any]) -> None:
    pool = pool_of(DOOMED)
    pool.change(pool_with(**{"lanes": [DOOMED], **spec}))
    pool.reconcile()
    assert pool.condition("Ready")[1] == Reason.INVALID_SPEC
    pool.deleting = True
    assert pool.again() == REMOVAL
    assert queues(pool) == set()


IN_OHIO = "https://sqs.us-east-2.amazonaws.com/123456789012/own"


@pytest.mark.parametrize(
    "spec",
    [
        {"lanes": [DOOMED], "aws": {"region": "us-east-2"}},
        {
            "lanes": [
                DOOMED,
                {"name": "own", "queue": {"external": {"url": IN_OHIO, "deadLetterURL": f"{IN_OHIO}-dead"}}},
            ]
        },
    ],
    ids=["said", "of a queue's URL"],
)
def test_queues_are_deleted_in_the_region_of_their_pool(spec: dict[str, Any]) -> None:
    pool = OperatedPool(pool_with(**spec))
    pool.reconcile()
    assert pool.queues.made
    assert all("us-east-2" in url for url in pool.queues.made)
    pool.deleting = True
    pool.reconcile()
    assert pool.queues.made == {}


def test_a_pool_that_can_not_be_let_go_of_says_so() -> None:
    pool = pool_of(DOOMED)
    pool.deleting = True
    pool.cluster.refusals[FINALIZER, "documents"] = "denied by policy no-deletions"
    assert pool.reconcile() is True
    assert pool.cluster.held == {pool.uid}
    assert pool.condition("Ready")[1] == Reason.REFUSED
    assert "denied by policy no-deletions" in pool.condition("Ready")[2]
