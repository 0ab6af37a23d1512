"""Which pools name which profiles, and who is looked at when one changes."""

from __future__ import annotations

from typing import Any

import pytest

from laneway_operator.known.profiles import ProfileSnapshot, Uses, profiles_named
from laneway_operator.known.snapshot import Snapshot
from laneway_operator.known.world import World
from laneway_operator.watch.handlers import tell_pool, tell_profile
from support.inputs.profiles import gpu, profile_with

POOL, OTHER, PROFILE = ("nlp", "documents"), ("law", "letters"), ("", "g5")


def pool(*profiles: str, key: tuple[str, str] = POOL) -> dict[str, Any]:
    lanes = [{"name": f"lane-{n}", "placement": {"profiles": [each]}} for n, each in enumerate(profiles)]
    metadata = {"namespace": key[0], "name": key[1], "uid": f"uid-{key[1]}", "creationTimestamp": "2026-11-28"}
    return {"metadata": metadata, "spec": {"lanes": lanes, "results": {"s3": {"bucket": "acme"}}}}


def profile(name: str = "g5", generation: int = 1, status: Any = None, **spec: Any) -> dict[str, Any]:
    found = profile_with(name, **spec)
    found["metadata"] |= {"uid": f"uid-{name}", "generation": generation}
    return found | ({"status": status} if status else {})


@pytest.fixture
def world() -> World:
    return World(lambda _: True)


def snapshot(world: World) -> Snapshot:
    found = world.snapshot(POOL)
    assert found is not None
    return found


def users(world: World, name: str = "g5") -> tuple[tuple[str, str], ...]:
    found = world.profile(("", name))
    assert found is not None
    return found.pools


def test_a_new_profile_is_looked_at_and_so_are_the_pools_that_wait_for_it(world: World) -> None:
    tell_pool(world, pool("g5"), gone=False)
    tell_pool(world, pool("g6", key=OTHER), gone=False)
    assert snapshot(world).profiles == {}
    assert tell_profile(world, profile(accelerator=gpu()), gone=False) == {PROFILE, POOL}
    assert list(snapshot(world).profiles) == ["g5"]
    assert users(world) == (POOL,)


def test_a_changed_spec_is_news_for_pools_and_a_changed_status_is_none(world: World) -> None:
    tell_pool(world, pool("g5"), gone=False)
    tell_profile(world, profile(pricePerHour="1"), gone=False)
    written = profile(pricePerHour="1", status={"poolCount": 1})
    assert tell_profile(world, written, gone=False) == {PROFILE}
    assert tell_profile(world, profile(generation=2, pricePerHour="2"), gone=False) == {PROFILE, POOL}


def test_a_profile_that_goes_is_news_for_pools(world: World) -> None:
    tell_pool(world, pool("g5"), gone=False)
    tell_profile(world, profile(), gone=False)
    assert tell_profile(world, profile(), gone=True) == {PROFILE, POOL}
    assert (world.profile(PROFILE), snapshot(world).profiles) == (None, {})


def test_a_profile_that_went_unseen_is_news_too(world: World) -> None:
    tell_pool(world, pool("g5"), gone=False)
    tell_profile(world, profile(), gone=False)
    assert world.listed("profiles", None, set()) == {PROFILE, POOL}
    assert world.profile(PROFILE) is None


def test_a_pool_tells_which_profiles_it_names_since_and_no_more(world: World) -> None:
    assert tell_pool(world, pool("g5", "g6"), gone=False) == {PROFILE, ("", "g6")}
    assert tell_pool(world, pool("g5", "g6"), gone=False) == set()
    assert tell_pool(world, pool("g5", "cpu"), gone=False) == {("", "g6"), ("", "cpu")}
    assert tell_pool(world, pool("g5", "cpu"), gone=True) == {PROFILE, ("", "cpu")}


def test_a_pool_that_went_unseen_names_nothing_any_more(world: World) -> None:
    tell_pool(world, pool("g5"), gone=False)
    tell_pool(world, pool("g5", key=OTHER), gone=False)
    tell_profile(world, profile(), gone=False)
    assert users(world) == (OTHER, POOL)
    assert world.listed("pools", "nlp", set()) == {POOL, PROFILE}
    assert users(world) == (OTHER,)


def test_a_profile_that_can_not_be_used_says_why_and_holds_up_no_other(world: World) -> None:
    tell_pool(world, pool("g5"), gone=False)
    tell_profile(world, profile(accelerator={}), gone=False)
    tell_profile(world, profile("cpu"), gone=False)
    found = snapshot(world).profiles
    assert found["g5"] == "spec.accelerator: give exactly one kind of accelerator: extendedResource"
    assert not isinstance(found["cpu"], str)


def test_everything_is_looked_at_by_who_begins_to_lead(world: World) -> None:
    tell_pool(world, pool("g5"), gone=False)
    tell_profile(world, profile(), gone=False)
    assert world.everything() == [POOL, PROFILE]
    assert isinstance(world.seen(PROFILE), ProfileSnapshot)
    assert isinstance(world.seen(POOL), Snapshot)


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"lanes": None},
        {"lanes": ["a"]},
        {"lanes": [{"placement": "a"}]},
        {"lanes": [{"placement": {"profiles": 1}}]},
    ],
    ids=str,
)
def test_a_spec_that_is_no_pools_names_none(spec: dict[str, Any]) -> None:
    assert profiles_named(spec) == frozenset()


def test_a_pool_that_names_none_uses_none() -> None:
    uses = Uses()
    assert uses.tell("a", POOL, frozenset()) == frozenset()
    assert uses.of("g5") == []
