from __future__ import annotations

import pytest

from laneway.schema.pool.queues.managed import ManagedQueue, Owner

ANNA = "anna@laptop-3f9ca2b1"


def names(owner: Owner, *lanes: str) -> list[str]:
    queues = [ManagedQueue.of(owner, lane, "eu-west-1", 86_400) for lane in lanes]
    return [name for each in queues for name in (each.name, each.dead_letter_name)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((Owner(ANNA, "default", "claims"), "fast-eu"), (Owner(ANNA, "default", "claims-fast"), "eu")),
        ((Owner(ANNA, "default", "hello"), "slow"), (Owner("ben@laptop-00000000", "default", "hello"), "slow")),
        ((Owner(ANNA, "default", "hello"), "slow"), (Owner(ANNA, "nlp", "hello"), "slow")),
        ((Owner(ANNA, "default", "hello"), "slow"), (Owner(ANNA, "default", "hello-slow"), "dead")),
    ],
    ids=["names that join to one", "two people", "two namespaces", "a pool that is called for another's dead letters"],
)
def test_no_two_owners_have_a_queue_of_one_name(one: tuple[Owner, str], other: tuple[Owner, str]) -> None:
    assert not set(names(*one)) & set(names(*other))


def test_a_lanes_dead_letters_are_no_other_lanes_jobs() -> None:
    found = names(Owner(ANNA, "default", "hello"), "slow", "slow-dead", "slow-dead-dead")
    assert len(set(found)) == len(found)


def test_a_queue_says_whose_it_is() -> None:
    assert ManagedQueue.of(Owner(ANNA, "nlp", "hello"), "slow", "eu-west-1", 1).owner == f"{ANNA}/nlp/hello/slow"
