"""Pools name places that they have no right to: around, within and at the place of another."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest

from laneway.schema.job.keys import Place
from laneway_operator.known.places import Claim, holder
from laneway_operator.known.world import World
from laneway_operator.watch.handlers import tell_pool

if TYPE_CHECKING:
    from collections.abc import Mapping

OWN = "documents/"
MEETING = ("documents/", "documents/results/", "documents/a/b/", "")
APART = ("documents-2/", "docs/", "other/documents/")

Status = dict[str, Any]
NEW: Status = {}
PUBLISHED: Status = {"conditions": [{"type": "AccessVerified", "status": "True", "reason": "Published"}]}
REFUSED: Status = {"conditions": [{"type": "AccessVerified", "status": "False", "reason": "AccessDenied"}]}
WAITING: Status = {
    "conditions": [
        {"type": "SpecAccepted", "status": "False", "reason": "ResultsShared"},
        {"type": "AccessVerified", "status": "Unknown", "reason": "NotLookedAt"},
    ]
}


def claim(name: str, created: str, prefix: str = OWN, bucket: str = "acme") -> Claim:
    return Claim(created, "nlp", name, name, Place(bucket=bucket, prefix=prefix))


def waits(own: Status, other: Status, prefix: str = OWN, *, older: bool = True, bucket: str = "acme") -> bool:
    """Whether a pool waits for another one, which is older or younger."""
    mine = claim("mine", "2026-02-01")
    rival = claim("rival", "2026-01-01" if older else "2026-03-01", prefix, bucket)
    return holder(mine, [(rival, other)], own) is rival


@pytest.mark.parametrize("prefix", MEETING)
def test_a_place_around_or_within_an_older_one_waits(prefix: str) -> None:
    assert waits(NEW, NEW, prefix)
    assert not waits(NEW, NEW, prefix, older=False)


@pytest.mark.parametrize("prefix", APART)
def test_places_that_only_begin_alike_are_apart(prefix: str) -> None:
    assert not waits(NEW, PUBLISHED, prefix)


def test_the_same_prefix_in_another_bucket_is_apart() -> None:
    assert not waits(NEW, PUBLISHED, bucket="acme-2")


@pytest.mark.parametrize(
    ("own", "other", "waiting"),
    [
        (NEW, REFUSED, False),
        (NEW, WAITING, False),
        (NEW, PUBLISHED, True),
        (REFUSED, NEW, True),
        (REFUSED, REFUSED, False),
        (PUBLISHED, NEW, False),
        (PUBLISHED, REFUSED, False),
        (PUBLISHED, WAITING, False),
        (PUBLISHED, PUBLISHED, True),
        (WAITING, PUBLISHED, True),
    ],
    ids=str,
)
def test_of_an_older_pool_only_its_rights_keep_a_younger_one_away(own: Status, other: Status, *, waiting: bool) -> None:
    assert waits(own, other) == waiting


@pytest.mark.parametrize("own", [NEW, REFUSED, WAITING])
def test_an_older_pool_waits_for_the_younger_one_that_has_published(own: Status) -> None:
    assert waits(own, PUBLISHED, older=False)


def listed(prefix: str, name: str, created: str, status: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "nlp", "uid": name, "creationTimestamp": created, "generation": 1}
    return {"metadata": metadata, "spec": {"results": {"s3": {"bucket": "acme", "prefix": prefix}}}, "status": status}


def shared(world: World, name: str) -> str | None:
    found = world.snapshot(("nlp", name))
    assert found is not None
    return found.results_shared_with


@pytest.mark.parametrize("order", list(permutations(range(2))), ids=str)
def test_a_name_alone_keeps_a_place_only_until_its_pool_has_been_refused(order: tuple[int, ...]) -> None:
    world = World(lambda _: True)
    squatter, owner = "squatter", "owner"
    told = [
        listed("documents/", squatter, "2026-01-01", NEW),
        listed("documents/results/", owner, "2026-02-01", NEW),
    ]
    for number in order:
        tell_pool(world, told[number], gone=False)
    assert (shared(world, squatter), shared(world, owner)) == (None, "nlp/squatter")
    tell_pool(world, listed("documents/", squatter, "2026-01-01", REFUSED), gone=False)
    assert shared(world, owner) is None
    tell_pool(world, listed("documents/results/", owner, "2026-02-01", PUBLISHED), gone=False)
    assert (shared(world, squatter), shared(world, owner)) == ("nlp/owner", None)
    tell_pool(world, listed("documents/", squatter, "2026-01-01", WAITING), gone=False)
    tell_pool(world, listed("documents/results/", owner, "2026-02-01", NEW), gone=False)  # edited: tried anew
    assert shared(world, owner) is None
