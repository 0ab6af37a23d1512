"""Two operators that meet at one pool: one serves it, and the other says nothing as long as that one is there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from laneway_operator.reasons import Reason
from laneway_operator.reconcile.others import SILENCE_SECONDS
from support.inputs.pools import pool_with
from support.operator.in_memory import SETTINGS, OperatedPool

EVERYWHERE = replace(SETTINGS, name="laneway-system/laneway")
OF_NLP = replace(SETTINGS, name="nlp-system/laneway", namespaces=("nlp",))
OF_NLP_TOO = replace(SETTINGS, name="other/laneway", namespaces=("nlp", "law"))


def served_by_one_of_some() -> OperatedPool:
    pool = OperatedPool(settings=OF_NLP)
    pool.reconcile()
    pool.come_up()
    pool.reconcile()
    return pool


def test_an_operator_of_some_namespaces_says_whose_a_pool_is_and_one_of_all_does_not() -> None:
    assert served_by_one_of_some().status["operator"] == "nlp-system/laneway"
    pool = OperatedPool(settings=EVERYWHERE)
    pool.reconcile()
    assert "operator" not in pool.status


@pytest.mark.parametrize("deleting", [False, True])
@pytest.mark.parametrize("other", [EVERYWHERE, OF_NLP_TOO], ids=["everywhere", "of some"])
def test_another_one_leaves_it_alone(other: object, *, deleting: bool) -> None:
    pool = served_by_one_of_some()
    pool.restart(other)  # type: ignore[arg-type] # because parameters have no types
    pool.deleting = deleting
    pool.cluster.objects.clear()
    assert pool.again() == []
    assert pool.reconcile() is False


def test_one_of_some_namespaces_takes_a_pool_over_from_one_of_all() -> None:
    pool = OperatedPool(settings=EVERYWHERE)
    pool.reconcile()
    pool.restart(OF_NLP)
    pool.reconcile()
    assert pool.status["operator"] == "nlp-system/laneway"
    pool.restart(EVERYWHERE)
    assert pool.again() == []


def test_a_release_that_serves_all_namespaces_since_keeps_its_pools() -> None:
    pool = served_by_one_of_some()
    pool.restart(replace(OF_NLP, namespaces=()))
    pool.reconcile()
    assert "operator" not in pool.status


def test_an_operator_that_is_gone_is_told_of_after_a_minute_and_not_written_over_before() -> None:
    pool = served_by_one_of_some()
    pool.restart(EVERYWHERE)
    pool.change(pool_with(lanes=[{"name": "slow"}]))
    assert pool.reconcile() is True
    pool.later(SILENCE_SECONDS - 1)
    assert pool.again() == []
    pool.later(1)
    assert pool.again() == ["status documents"]
    status, reason, message = pool.condition("Ready")
    assert (status, reason) == ("False", Reason.OTHER_OPERATOR)
    assert "the operator nlp-system/laneway's" in message
    assert """--subresource=status --type=merge --patch='{"status":{"operator":null}}'""" in message
    assert pool.again() == []
    pool.restart(OF_NLP)  # it was only slow
    pool.reconcile()
    assert pool.condition("Ready")[1] != Reason.OTHER_OPERATOR
