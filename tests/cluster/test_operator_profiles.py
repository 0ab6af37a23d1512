"""An operator that runs sees placement profiles come, change and go, and says in each which pools name it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support.inputs.profiles import profile_with
from support.operator.process import PROFILES
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.operator.process import Operated, Place

SECONDS = 30.0


@pytest.fixture
def place(operated: Operated) -> Iterator[Place]:
    made = operated.place()
    yield made
    operated.clear()
    kept = [each["metadata"]["name"] for each in PROFILES]
    names = operated.cluster.kubectl("get", "placementprofiles", "--output=name").split()
    for name in names:
        if name.rpartition("/")[2] not in kept:
            operated.cluster.kubectl("delete", name)


def on(*profiles: str) -> dict[str, Any]:
    return {"placement": {"profiles": list(profiles)}}


def profile(place: Place, name: str, **spec: Any) -> None:
    place.operated.cluster.apply(profile_with(name, **spec))


def status(place: Place, name: str) -> dict[str, Any]:
    found: dict[str, Any] = place.operated.cluster.get("placementprofile", name).get("status", {})
    return found


def selector(place: Place) -> Any:
    found = place.get("deployment", "documents-default")
    return found.get("spec", {}).get("template", {}).get("spec", {}).get("nodeSelector")


def test_a_pool_waits_for_its_profile_and_follows_it_without_a_restart(place: Place) -> None:
    place.apply(lane=on("g7"))
    assert "no placement profile g7; there are: cpu, gpu. " in place.until("UnknownProfile")
    profile(place, "g7", nodeSelector={"kind": "g7"})
    assert place.until("ScaledToZero", seconds=SECONDS).startswith("True")
    assert selector(place) == {"kind": "g7"}
    profile(place, "g7", nodeSelector={"kind": "g7-large"})
    eventually(lambda: selector(place) == {"kind": "g7-large"}, SECONDS)
    place.operated.cluster.kubectl("delete", "placementprofile", "g7")
    assert "no placement profile g7" in place.until("UnknownProfile", seconds=SECONDS)
    assert selector(place) == {"kind": "g7-large"}, "what runs goes on"


def test_a_profile_says_which_pools_name_it(place: Place) -> None:
    profile(place, "g8", nodeSelector={"kind": "g8"})
    eventually(lambda: status(place, "g8") == {"observedGeneration": 1, "poolCount": 0, "pools": []}, SECONDS)
    place.apply(lane=on("g8"))
    place.apply("letters", lane=on("cpu", "g8"))
    both = [f"{place.namespace}/documents", f"{place.namespace}/letters"]
    eventually(lambda: status(place, "g8").get("pools") == both, SECONDS)
    assert place.operated.cluster.kubectl("get", "lpp", "g8", "--no-headers").split()[1] == "2"
    place.apply("letters", lane=on("cpu"))
    eventually(lambda: status(place, "g8").get("pools") == both[:1], SECONDS)
    place.kubectl("delete", "lwp", "documents")
    eventually(lambda: status(place, "g8").get("poolCount") == 0, SECONDS)


def test_a_status_is_written_only_when_it_is_another(place: Place) -> None:
    profile(place, "g9")
    place.apply(lane=on("g9"))
    eventually(lambda: status(place, "g9").get("poolCount") == 1, SECONDS)
    place.until("ScaledToZero")
    version = place.operated.cluster.get("placementprofile", "g9")["metadata"]["resourceVersion"]
    place.kubectl("annotate", "lwp", "documents", "looked=at")
    place.operated.cluster.kubectl("annotate", "placementprofile", "cpu", "looked=at", "--overwrite")
    place.apply("letters", lane=on("cpu"))
    place.until("ScaledToZero", "letters")
    assert place.operated.cluster.get("placementprofile", "g9")["metadata"]["resourceVersion"] == version


def test_an_operator_of_some_namespaces_follows_profiles_too_and_leaves_others_pools(place: Place) -> None:
    operated = place.operated
    profile(place, "g6", nodeSelector={"kind": "g6"})
    status_of = '--patch={"status":{"poolCount":1,"pools":["elsewhere/letters"]}}'
    eventually(lambda: status(place, "g6").get("poolCount") == 0, SECONDS)
    try:
        operated.start(namespaces=(place.namespace,))
        operated.cluster.kubectl("patch", "lpp", "g6", "--subresource=status", "--type=merge", status_of)
        place.apply(lane=on("g6"))
        assert place.until("ScaledToZero", seconds=SECONDS).startswith("True")
        both = ["elsewhere/letters", f"{place.namespace}/documents"]
        eventually(lambda: status(place, "g6").get("pools") == both, SECONDS)
        profile(place, "g6", nodeSelector={"kind": "g6-large"})
        eventually(lambda: selector(place) == {"kind": "g6-large"}, SECONDS)
    finally:
        operated.start()
    eventually(lambda: status(place, "g6").get("pools") == both[1:], SECONDS)


def test_an_operator_without_the_resource_serves_pools_that_need_none(place: Place) -> None:
    operated = place.operated
    operated.stop()
    operated.cluster.kubectl("delete", "crd", "placementprofiles.laneway.dev")
    try:
        operated.start()
        place.apply()
        place.apply("letters", lane=on("cpu"))
        assert place.until("ScaledToZero", seconds=SECONDS).startswith("True")
        assert "no placement profile cpu; there are: none. " in place.until("UnknownProfile", "letters")
        operated.restore()
        assert place.until("ScaledToZero", "letters", seconds=2 * SECONDS).startswith("True")
    finally:
        operated.restore()
