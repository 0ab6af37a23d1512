from __future__ import annotations

from typing import Any

import pytest

from laneway_operator.placement.profiles import ANYWHERE, Profile, parse_profiles
from laneway_operator.settings import SettingsError


def parsed(**profiles: Any) -> dict[str, Profile]:
    return parse_profiles({"placementProfiles": profiles})


def test_a_profile_says_where_and_on_what_and_for_how_much() -> None:
    profile = parsed(
        gpu={
            "nodeSelector": {"karpenter.sh/capacity-type": "spot"},
            "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
            "accelerator": {"resource": "nvidia.com/gpu", "count": 2},
            "pricePerHour": 1,
        }
    )["gpu"]
    assert profile.node_selector == {"karpenter.sh/capacity-type": "spot"}
    assert profile.tolerations[0].model_dump(by_alias=True, exclude_none=True) == {
        "key": "nvidia.com/gpu",
        "operator": "Exists",
        "effect": "NoSchedule",
    }
    assert profile.accelerator is not None
    assert (profile.accelerator.resource, profile.accelerator.count, profile.price_per_hour) == ("nvidia.com/gpu", 2, 1)


@pytest.mark.parametrize(
    ("memory", "size"),
    [("22888Mi", 22888 * 2**20), ("15Gi", 15 * 2**30), ("16G", 16 * 10**9), (2**34, 2**34), (None, None)],
)
def test_an_accelerators_memory_is_a_quantity(memory: object, size: int | None) -> None:
    accelerator = parsed(gpu={"accelerator": {"resource": "nvidia.com/gpu", "memory": memory}})["gpu"].accelerator
    assert accelerator is not None
    assert accelerator.memory == size


@pytest.mark.parametrize("memory", ["15GB", "much", "1.5Gi", "", "-1", "0", True, [], "9" * 40])
def test_what_is_no_memory_is_refused(memory: object) -> None:
    with pytest.raises(SettingsError, match=r"placementProfiles: gpu\.accelerator\.memory: should be"):
        parsed(gpu={"accelerator": {"resource": "nvidia.com/gpu", "memory": memory}})


@pytest.mark.parametrize("empty", [{}, None], ids=str)
def test_an_empty_profile_is_any_node_without_an_accelerator(empty: object) -> None:
    assert parsed(cpu=empty) == {"cpu": ANYWHERE}


def test_there_may_be_no_profiles() -> None:
    assert parsed() == {}


@pytest.mark.parametrize("document", [None, {}, [], "placementProfiles", {"placementProfiles": []}], ids=str)
def test_a_file_without_profiles_is_refused(document: object) -> None:
    with pytest.raises(SettingsError, match="should hold one object with `placementProfiles`"):
        parse_profiles(document)


@pytest.mark.parametrize(
    ("name", "profile", "words"),
    [
        ("gpu", {"interruption": "reclaimed"}, "placementProfiles: gpu.interruption: should be 'spot'"),
        ("gpu", {"price": 1}, "placementProfiles: gpu.price: unknown field; remove it"),
        (
            "gpu",
            {"accelerator": {"resource": "gpu"}},
            "gpu.accelerator.resource: should be a node's device by its resource, such as nvidia.com/gpu",
        ),
        ("gpu", {"accelerator": {"resource": "nvidia.com/gpu", "count": 0}}, "accelerator.count: should be greater"),
        ("gpu", {"accelerator": {"resource": "nvidia.com/gpu", "count": 17}}, "accelerator.count: should be less"),
        ("gpu", {"pricePerHour": -1}, "placementProfiles: gpu.pricePerHour: should be greater than or equal to 0"),
        ("gpu", {"pricePerHour": float("nan")}, "placementProfiles: gpu.pricePerHour: should be a finite number"),
        (
            "gpu",
            {"nodeSelector": {"a": True}},
            "placementProfiles: gpu.nodeSelector.a: should be a text: write it in quotes",
        ),
        ("gpu", {"nodeSelector": {str(n): "a" for n in range(33)}}, "gpu.nodeSelector: should have at most 32 items"),
        (
            "gpu",
            {"tolerations": [{"effect": "Never"}]},
            "placementProfiles: gpu.tolerations[0].effect: should be 'NoSch",
        ),
        ("gpu", {"tolerations": {}}, "placementProfiles: gpu.tolerations: should be a list"),
        ("GPU", {}, "placementProfiles: GPU: should be small letters, digits and dashes, with a letter or a digit at"),
        ("gpu", 7, "placementProfiles: gpu: should be an object with fields"),
    ],
)
def test_what_is_wrong_with_a_profile_is_said(name: str, profile: Any, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parsed(**{name: profile})
    assert words in str(caught.value)
