"""A pass over a placement profile: `status.pools` follows, and is written only when it is another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from laneway_operator.errors import Unreachable
from laneway_operator.known.profiles import ProfileBody, ProfileSnapshot
from laneway_operator.reconcile.profiles import tell_users
from laneway_operator.status.beside.profiles import MOST_POOLS
from laneway_operator.testing.cluster import MemoryCluster
from support.inputs.pools import pool_with
from support.inputs.profiles import gpu, profile_specs
from support.operator.in_memory import OperatedPool

if TYPE_CHECKING:
    from laneway_operator.known.observe import Key

ANY = profile_specs({"g5": {}})["g5"]


def told(*pools: Key, status: Any = None, namespaces: tuple[str, ...] = ()) -> dict[str, Any] | None:
    """The status that is written; nothing where none is."""
    cluster = MemoryCluster()
    tell_users(cluster, ProfileSnapshot(ProfileBody("g5", 3, ANY, status or {}), pools), namespaces)
    return cluster.profile_statuses.get("g5")


def test_the_pools_that_name_a_profile_stand_in_its_status() -> None:
    assert told(("nlp", "documents"), ("law", "letters")) == {
        "observedGeneration": 3,
        "poolCount": 2,
        "pools": ["law/letters", "nlp/documents"],
    }


def test_a_profile_that_nobody_names_says_so() -> None:
    assert told() == {"observedGeneration": 3, "poolCount": 0, "pools": []}


def test_what_stands_there_already_is_not_written_again() -> None:
    status = told(("nlp", "documents"))
    assert told(("nlp", "documents"), status=status) is None
    assert told(status=status) == {"observedGeneration": 3, "poolCount": 0, "pools": []}


def test_of_many_pools_the_first_are_listed_and_all_are_counted() -> None:
    status = told(*(("nlp", f"pool-{number:04}") for number in range(1000)))
    assert status is not None
    assert (status["poolCount"], len(status["pools"]), status["pools"][-1]) == (1000, MOST_POOLS, "nlp/pool-0099")


def test_two_operators_of_some_namespaces_leave_each_others_pools() -> None:
    status = told(("nlp", "documents"), namespaces=("nlp",))
    both = told(("law", "letters"), status=status, namespaces=("law", "tax"))
    assert both is not None
    assert both["pools"] == ["law/letters", "nlp/documents"]
    assert told(("nlp", "documents"), status=both, namespaces=("nlp",)) is None
    assert told(("law", "letters"), status=both, namespaces=("law", "tax")) is None


def test_an_operator_of_all_namespaces_takes_out_what_is_no_more() -> None:
    status = told(("nlp", "documents"), namespaces=("nlp",))
    found = told(status=status)
    assert found is not None
    assert found["pools"] == []


def test_a_status_that_is_refused_is_tried_again() -> None:
    cluster = MemoryCluster()
    cluster.refusals["PlacementProfile", "g5"] = "forbidden"
    with pytest.raises(Unreachable, match="the status was refused: forbidden"):
        tell_users(cluster, ProfileSnapshot(ProfileBody("g5", 1, ANY)), ())


def on_gpu() -> OperatedPool:
    pool = OperatedPool(pool_with(lane={"placement": {"profiles": ["gpu"]}}))
    pool.reconcile()
    return pool


def test_a_pool_waits_for_its_profile_and_is_served_when_it_comes() -> None:
    pool = OperatedPool(pool_with(lane={"placement": {"profiles": ["new"]}}))
    assert pool.reconcile() is True
    assert pool.condition("SpecAccepted")[1] == "UnknownProfile"
    pool.profiles |= profile_specs({"new": {"nodeSelector": {"kind": "new"}}})
    pool.reconcile()
    assert pool.condition("SpecAccepted")[1] == "Accepted"
    assert pool.child("Deployment")["spec"]["template"]["spec"]["nodeSelector"] == {"kind": "new"}


def test_what_runs_goes_on_when_its_profile_goes() -> None:
    pool = on_gpu()
    before = pool.children("Deployment")
    del pool.profiles["gpu"]
    assert pool.again() == ["status documents"]
    assert pool.children("Deployment") == before
    status, reason, message = pool.condition("Ready")
    assert (status, reason) == ("False", "UnknownProfile")
    assert "`kubectl get placementprofiles`" in message


def test_a_changed_profile_is_carried_out() -> None:
    pool = on_gpu()
    pool.profiles |= profile_specs({"gpu": {"accelerator": gpu(2)}})
    assert "apply Deployment documents-default" in pool.again()


def test_a_profile_that_can_not_be_used_is_told_and_what_runs_goes_on() -> None:
    pool = on_gpu()
    pool.profiles["gpu"] = "spec.accelerator: give one"
    pool.reconcile()
    _, reason, message = pool.condition("SpecAccepted")
    assert reason == "InvalidProfile"
    assert message.startswith("lane default: placement profile gpu: spec.accelerator: give one. Correct the profile;")
    assert pool.children("Deployment")
