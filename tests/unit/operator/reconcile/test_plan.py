from __future__ import annotations

from typing import Any

import pytest

from laneway_operator.known.digest import digest_of_manifest
from laneway_operator.known.observe import Child
from laneway_operator.reconcile.plan import make_plan


def manifest(kind: str, name: str, **fields: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "nlp"}, **fields}


def seen(kind: str, name: str, **fields: Any) -> Child:
    return Child(kind, name, f"uid-of-{name}", digest_of_manifest(manifest(kind, name, **fields)))


MAP, JOB = manifest("ConfigMap", "a-1", data={"a": "1"}), manifest("Job", "a-1", spec={"b": 2})
SEEN_MAP, SEEN_JOB = seen("ConfigMap", "a-1", data={"a": "1"}), seen("Job", "a-1", spec={"b": 2})


@pytest.mark.parametrize(
    ("desired", "observed", "in_use", "applied", "deleted"),
    [
        pytest.param([], [], (), [], [], id="nothing"),
        pytest.param([MAP, JOB], [], (), [MAP, JOB], [], id="all that is missing, in order"),
        pytest.param([MAP, JOB], [SEEN_JOB, SEEN_MAP], (), [], [], id="nothing where all is there"),
        pytest.param([MAP, JOB], [SEEN_MAP], (), [JOB], [], id="what was deleted by hand"),
        pytest.param([MAP], [seen("ConfigMap", "a-1", data={"a": "2"})], (), [MAP], [], id="what differs"),
        pytest.param([MAP], [SEEN_MAP, SEEN_JOB], (), [], [SEEN_JOB], id="a namesake of another kind goes"),
        pytest.param([], [SEEN_MAP], (), [], [SEEN_MAP], id="what is not wanted any more"),
        pytest.param([], [SEEN_MAP], {"a-1"}, [], [], id="a config that a draining pod reads stays"),
        pytest.param([], [SEEN_JOB], {"a-1"}, [], [SEEN_JOB], id="only configs are kept for pods"),
    ],
)
def test_a_plan_applies_what_differs_and_deletes_what_is_not_wanted(
    desired: Any, observed: Any, in_use: Any, applied: Any, deleted: Any
) -> None:
    plan = make_plan(desired, observed, in_use)
    assert (list(plan.apply), [*plan.end, *plan.delete]) == (applied, deleted)


def test_a_job_of_before_ends_before_anything_is_applied() -> None:
    plan = make_plan([MAP], [SEEN_JOB, seen("Role", "a")], ())
    assert (plan.end, plan.delete) == ((SEEN_JOB,), (seen("Role", "a"),))
