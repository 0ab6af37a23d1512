"""A pool that was deleted without its children, and made again: it takes back what was made for its namesake."""

from __future__ import annotations

from typing import Any

import pytest

from laneway.schema.shared.names import MANAGED_BY_LABEL, POOL_LABEL
from laneway_operator.reasons import Reason
from support.operator.in_memory import OTHER_UID, OperatedPool, running_pool


def orphaned() -> OperatedPool:
    """As `kubectl delete lwp --cascade=orphan` leaves it, with a pool of the same name since."""
    pool = running_pool()
    for body in pool.cluster.objects.values():
        del body["metadata"]["ownerReferences"]
    pool.uid = OTHER_UID
    pool.cluster.statuses.clear()
    return pool


def owners(pool: OperatedPool) -> set[str | None]:
    found = (each["metadata"].get("ownerReferences", [{}]) for each in pool.cluster.objects.values())
    return {references[0].get("uid") for references in found}


def test_orphans_are_adopted_and_workers_go_on() -> None:
    pool = orphaned()
    pool.report("Deployment", {"replicas": 3, "readyReplicas": 3, "updatedReplicas": 3}, replicas=3)
    before = set(pool.cluster.objects)
    pool.reconcile()
    assert owners(pool) == {OTHER_UID}
    assert (set(pool.cluster.objects), pool.child("Deployment")["spec"]["replicas"]) == (before, 3)
    assert pool.condition("SpecAccepted")[:2] == ("True", Reason.ACCEPTED)
    assert [each for each in pool.again() if each.split()[0] != "status"] == []


def labelled(name: str, value: str) -> dict[str, Any]:
    return {"labels": {name: value}}


@pytest.mark.parametrize(
    "made",
    [
        {"managedFields": []},
        {"managedFields": [{"manager": "kubectl", "operation": "Apply", "fieldsV1": {"f:spec": {}}}]},
        {"ownerReferences": [{"kind": "Other", "name": "a", "uid": "b", "controller": True}]},
        labelled(POOL_LABEL, "letters"),
        labelled(MANAGED_BY_LABEL, "Helm"),
    ],
    ids=["by nobody", "by a person", "controlled by another", "of another pool", "managed by another"],
)
def test_what_only_looks_like_an_orphan_is_left_alone(made: dict[str, Any]) -> None:
    pool = orphaned()
    metadata = pool.child("Deployment")["metadata"]
    labels = metadata["labels"] | made.get("labels", {})
    metadata.update(made | {"labels": labels})
    pool.reconcile()
    assert pool.condition("SpecAccepted")[:2] == ("False", Reason.NAME_TAKEN)
    assert metadata == pool.child("Deployment")["metadata"]
