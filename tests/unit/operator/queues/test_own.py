"""Queues that somebody else made, as a pool's conditions tell of them."""

from __future__ import annotations

from typing import Any

import pytest

from laneway_operator.errors import NotYet
from laneway_operator.queues.recent import TRUST_SECONDS
from laneway_operator.reasons import Reason
from laneway_operator.testing.queues import MadeQueue, url_of
from support.inputs.pools import pool_with
from support.operator.in_memory import OperatedPool

DAY = 24 * 3600
URL, DEAD = (url_of(name, "eu-west-1") for name in ("claims", "claims-dead"))
OWN = {"external": {"url": URL, "deadLetterURL": DEAD}}


def own_pool(queue: MadeQueue | None = None, **lane: Any) -> OperatedPool:
    """A pool whose queue and dead-letter queue somebody made."""
    pool = OperatedPool(pool_with(lane={"queue": OWN, **lane}))
    pool.queues.made = {URL: queue or MadeQueue(2 * DAY, DEAD, 20), DEAD: MadeQueue(14 * DAY)}
    pool.reconcile()
    pool.come_up()
    return pool


def test_good_queues_are_ready_and_left_as_they_are() -> None:
    pool = own_pool()
    assert pool.reconcile() is False
    assert pool.condition("QueuesReady") == ("True", Reason.QUEUES_READY, "every lane has its queues")
    assert pool.condition("Ready")[0] == "True"
    assert pool.queues.changes == []


@pytest.mark.parametrize(
    ("queue", "reason", "words"),
    [
        (MadeQueue(2 * DAY, DEAD, 3), Reason.REDRIVE_TOO_LOW, f"lane default: maxReceiveCount of {URL} is 3, less"),
        (MadeQueue(2 * DAY), Reason.REDRIVE_TOO_LOW, f"lane default: {URL} has no redrive policy"),
        (MadeQueue(2 * DAY, f"{DEAD}-2", 20), Reason.REDRIVE_TOO_LOW, f"lane default: {URL} moves dead letters to arn"),
        (MadeQueue(DAY, DEAD, 20), Reason.RETENTION_TOO_SHORT, f"lane default: {URL} keeps messages for 24h, and jobs"),
    ],
)
def test_a_queue_that_loses_jobs_is_told_with_the_fix_and_its_lane_serves_as_it_can(
    queue: MadeQueue, reason: Reason, words: str
) -> None:
    pool = own_pool(queue)
    assert pool.reconcile() is True
    status, told, message = pool.condition("QueuesReady")
    assert (status, told) == ("False", reason)
    assert message.startswith(words)
    assert f"aws sqs set-queue-attributes --region eu-west-1 --queue-url {URL} --attributes" in message
    assert pool.condition("Ready")[:2] == ("False", reason)
    assert "documents-default" in pool.children("Deployment")

    pool.queues.made[URL] = MadeQueue(2 * DAY, DEAD, 20)
    assert pool.reconcile() is False
    assert pool.condition("Ready")[0] == "True"


def test_how_long_jobs_live_decides_how_long_a_queue_must_keep_them() -> None:
    pool = own_pool()
    pool.change(pool_with(lane={"queue": OWN, "limits": {"expiresAfter": "25h"}}))
    assert pool.reconcile() is True
    assert pool.condition("QueuesReady")[1] == Reason.RETENTION_TOO_SHORT


@pytest.mark.parametrize("url", [URL, DEAD])
def test_a_queue_that_is_not_there_is_named(url: str) -> None:
    pool = own_pool()
    pool.restart()
    del pool.queues.made[url]
    assert pool.reconcile() is True
    status, reason, message = pool.condition("QueuesReady")
    assert (status, reason) == ("False", Reason.QUEUE_MISSING)
    assert message.startswith(f"lane default: queue {url}: SQS in eu-west-1 has no such queue. Make the queue")


@pytest.mark.parametrize("url", [URL, DEAD])
def test_queues_that_the_operator_may_not_read_are_left_to_the_preflight(url: str) -> None:
    pool = own_pool()
    pool.restart()
    pool.queues.denied.add(url)
    assert pool.reconcile() is False
    status, reason, message = pool.condition("QueuesReady")
    assert (status, reason) == ("True", Reason.QUEUES_READY)
    assert "those of default only the preflight looks at: the operator's identity may not" in message


def test_aws_that_is_away_says_nothing_of_queues_that_others_made() -> None:
    pool = own_pool()
    pool.restart()
    pool.queues.trouble = NotYet(Reason.AWS_UNREACHABLE, "no answer")
    pool.change(pool_with(lane={"queue": OWN, "parallel": 2}))
    assert pool.reconcile() is True
    assert pool.condition("QueuesReady")[:2] == ("Unknown", Reason.AWS_UNREACHABLE)
    assert pool.condition("SpecAccepted")[0] == "True"
    assert pool.status["observedGeneration"] == 2


def test_good_queues_are_not_asked_for_again_for_some_minutes() -> None:
    pool = own_pool()
    asked = pool.queues.looks
    pool.later(TRUST_SECONDS - 1)
    pool.reconcile()
    assert pool.queues.looks == asked
    pool.later(1)
    pool.reconcile()
    assert pool.queues.looks == asked + 2


def test_the_first_lane_in_trouble_is_told() -> None:
    other = {"external": {"url": f"{URL}-2", "deadLetterURL": f"{DEAD}-2"}}
    pool = OperatedPool(pool_with(lanes=[{"name": "fast", "queue": OWN}, {"name": "slow", "queue": other}]))
    pool.reconcile()
    assert pool.condition("QueuesReady")[2].startswith(f"lane fast: queue {URL}: ")
