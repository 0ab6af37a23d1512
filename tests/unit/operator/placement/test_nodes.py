"""Placement profiles taken together: order, one accelerator, a true price, a short leave on spot nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from laneway.schema.pool.profile import ANYWHERE
from laneway_operator.errors import SpecError
from laneway_operator.placement.nodes import nodes_of
from laneway_operator.reasons import Reason
from laneway_operator.render import render
from laneway_operator.render.placement import placement
from support.inputs.pools import named, pool_with
from support.inputs.profiles import gpu, profile_specs
from support.operator.in_memory import pool_view

if TYPE_CHECKING:
    from laneway.schema.pool.profile import ProfileSpec


def parsed(**profiles: Any) -> dict[str, ProfileSpec]:
    return profile_specs(profiles)


def affinity(*selectors: dict[str, str]) -> dict[str, Any]:
    profiles = parsed(**{f"p{number}": {"nodeSelector": each} for number, each in enumerate(selectors)})
    found: dict[str, Any] = placement(nodes_of("fast", tuple(profiles), profiles))
    return found["affinity"]["nodeAffinity"] if found else {}


def required(found: dict[str, Any]) -> list[str]:
    terms = found.get("requiredDuringSchedulingIgnoredDuringExecution", {}).get("nodeSelectorTerms", [])
    return [each["matchExpressions"][0]["values"][0] for each in terms]


def preferred(found: dict[str, Any]) -> list[tuple[str, int]]:
    terms = found.get("preferredDuringSchedulingIgnoredDuringExecution", [])
    return [(each["preference"]["matchExpressions"][0]["values"][0], each["weight"]) for each in terms]


def test_a_lane_runs_on_its_profile_and_without_one_anywhere() -> None:
    profiles = parsed(a={"pricePerHour": "1.0"}, b={"pricePerHour": "2.0"})
    assert nodes_of("fast", ("b",), profiles).price_per_hour == 2
    assert nodes_of("fast", (), profiles).selectors == (ANYWHERE.node_selector,)


def test_all_that_are_missing_are_named_at_once() -> None:
    with pytest.raises(SpecError, match=r"^lane fast: no placement profile g5, g6; there are: a$"):
        nodes_of("fast", ("g5", "a", "g6"), parsed(a={}))


def test_of_many_profiles_the_first_are_named() -> None:
    with pytest.raises(SpecError, match=r"there are: p10, p11, .*, p29, and 15 more$"):
        nodes_of("fast", ("g5",), parsed(**{f"p{number}": {} for number in range(10, 45)}))


def test_a_profile_that_can_not_be_used_says_why() -> None:
    with pytest.raises(SpecError, match=r"^lane fast: placement profile g5: spec.accelerator: give one$") as caught:
        nodes_of("fast", ("g5",), {"g5": "spec.accelerator: give one"})
    assert caught.value.reason is Reason.INVALID_PROFILE


@pytest.mark.parametrize(
    ("profiles", "known"), [({"b": {}, "a": {}}, "a, b"), ({}, "none")], ids=["others", "none at all"]
)
def test_an_unknown_profile_is_refused_with_those_that_there_are(profiles: dict[str, Any], known: str) -> None:
    with pytest.raises(SpecError, match=f"lane fast: no placement profile g5; there are: {known}") as caught:
        nodes_of("fast", ("g5",), parsed(**profiles))
    assert caught.value.reason is Reason.UNKNOWN_PROFILE


@pytest.mark.parametrize(
    "other",
    [{}, {"accelerator": gpu(name="amd.com/gpu")}, {"accelerator": gpu(count=2)}],
    ids=["none", "another", "more"],
)
def test_profiles_with_different_accelerators_are_refused_because_a_pod_asks_for_one(other: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match=r"lane fast: .* different accelerators \(a: 1 nvidia.com/gpu, b: ") as caught:
        nodes_of("fast", ("a", "b"), parsed(a={"accelerator": gpu()}, b=other))
    assert caught.value.reason is Reason.PROFILES_DIFFER


@pytest.mark.parametrize(
    ("prices", "price"), [(("1", "1.00"), 1.0), (("1.0", "2.0"), None), (("1.0", None), None), ((None, None), None)]
)
def test_a_price_counts_only_where_it_is_the_same_on_every_node(
    prices: tuple[str | None, str | None], price: float | None
) -> None:
    first, second = ({"pricePerHour": each} if each else {} for each in prices)
    assert nodes_of("fast", ("a", "b"), parsed(a=first, b=second)).price_per_hour == price


@pytest.mark.parametrize(("memories", "smallest"), [(("24Gi", "16Gi"), 16 * 2**30), (("24Gi", None), None)])
def test_a_model_has_to_fit_into_the_smallest_accelerator(
    memories: tuple[str, str | None], smallest: int | None
) -> None:
    first, second = ({"accelerator": gpu(memory=each)} for each in memories)
    found = nodes_of("fast", ("a", "b"), parsed(a=first, b=second)).device
    assert found is not None
    assert found.memory_bytes == smallest


def test_of_two_profiles_a_node_has_to_fit_one_and_the_first_is_preferred() -> None:
    found = affinity({"zone": "a"}, {"zone": "b"})
    assert (required(found), preferred(found)) == (["a", "b"], [("a", 100), ("b", 50)])


def test_beyond_two_the_order_of_the_terms_alone_tells_what_is_preferred() -> None:
    found = affinity({"zone": "a"}, {"zone": "b"}, {"zone": "c"})
    assert (required(found), preferred(found)) == (["a", "b", "c"], [])


def test_where_any_node_will_do_at_last_nothing_is_required() -> None:
    found = affinity({"zone": "a"}, {"zone": "b"}, {"zone": "c"}, {})
    assert (required(found), preferred(found)) == ([], [("a", 100), ("b", 50), ("c", 25)])
    assert affinity({}, {}) == {}


def test_tolerations_of_all_profiles_are_taken_together_each_once() -> None:
    common, own = {"key": "gpu", "operator": "Exists"}, {"key": "spot", "operator": "Exists"}
    profiles = parsed(a={"tolerations": [common]}, b={"tolerations": [own, common]})
    assert placement(nodes_of("fast", ("a", "b"), profiles)) == {"tolerations": [common, own]}


@pytest.mark.parametrize(
    ("profiles", "drain", "grace"),
    [(["gpu"], "10m", 630), (["gpu-spot"], "10m", 110), (["gpu", "gpu-spot"], "10m", 110), (["gpu-spot"], "20s", 50)],
)
def test_a_worker_on_a_spot_node_has_left_before_the_node_goes(profiles: list[str], drain: str, grace: int) -> None:
    view = pool_view(named(pool_with(lane={"drainTimeout": drain, "placement": {"profiles": profiles}})))
    (pod,) = [each["spec"]["template"]["spec"] for each in render(view) if "initContainers" in str(each)]
    assert pod["terminationGracePeriodSeconds"] == grace
    assert view.lanes[0].config.drain_seconds == grace - 30
