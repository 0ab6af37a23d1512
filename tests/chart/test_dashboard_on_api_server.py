"""The dashboard's rights, and people's, on a real API server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from chart.installing import POOLS
from chart.rendering import NAMESPACE, RELEASE
from laneway_dashboard.adapters.cluster.reviews import RIGHTS
from laneway_dashboard.ports.visitors import Right
from support.inputs.pools import pool_with
from support.waiting import eventually

if TYPE_CHECKING:
    from subprocess import CompletedProcess

    from support.cluster.cluster import Cluster

DASHBOARD = f"system:serviceaccount:{NAMESPACE}:{RELEASE}-dashboard"
KIND = "llmworkerpools.laneway.dev"
LANES = "laneway.dev/paused-lanes"
ROLES = f"{NAMESPACE}:{RELEASE}"


def may(cluster: Cluster, who: str, verb: str, resource: str, namespace: str = POOLS) -> bool:
    kind, _, part = resource.partition("#")
    sub = [f"--subresource={part}"] if part else []
    done = cluster.run("kubectl", "auth", "can-i", verb, kind, *sub, f"--as={who}", "-n", namespace, check=False)
    return done.stdout.strip() == "yes"


@pytest.mark.parametrize(
    ("verb", "resource", "wanted"),
    [
        ("list", KIND, True),
        ("patch", KIND, True),
        ("create", "events", True),
        ("create", "tokenreviews.authentication.k8s.io", True),
        ("create", "subjectaccessreviews.authorization.k8s.io", True),
        ("update", KIND, False),
        ("delete", KIND, False),
        ("patch", f"{KIND}#status", False),
        ("list", "events", False),
        ("get", "secrets", False),
        ("get", "configmaps", False),
        ("list", "pods", False),
        ("impersonate", "users", False),
        ("create", "serviceaccounts#token", False),
    ],
)
def test_what_the_dashboard_may(installed: Cluster, verb: str, resource: str, *, wanted: bool) -> None:
    assert may(installed, DASHBOARD, verb, resource) is wanted


def patched(cluster: Cluster, patch: dict[str, Any], *argv: str) -> CompletedProcess[str]:
    text = json.dumps(patch)
    return cluster.run(
        *(
            "kubectl",
            "patch",
            KIND,
            "paused",
            "-n",
            POOLS,
            "--type=merge",
            f"--patch={text}",
            "--dry-run=server",
            *argv,
        ),
        check=False,
    )


@pytest.fixture(scope="session")
def pool(installed: Cluster) -> Cluster:
    """One that others have written on. A policy takes a moment until the API server knows it."""
    metadata = {"name": "paused", "annotations": {"kept": "yes"}, "labels": {"team": "ml"}}
    installed.apply(pool_with() | {"metadata": metadata}, namespace=POOLS)
    eventually(lambda: patched(installed, {"spec": {"suspend": True}}, f"--as={DASHBOARD}").returncode != 0)
    return installed


def annotated(**annotations: str | None) -> dict[str, Any]:
    return {"metadata": {"annotations": annotations}}


def test_the_dashboard_pauses_and_resumes_a_lane(pool: Cluster) -> None:
    for value in ("default", "default,fast", None):
        done = patched(pool, annotated(**{LANES: value}), f"--as={DASHBOARD}")
        assert done.returncode == 0, done.stderr


OWNER = {"apiVersion": "v1", "kind": "ConfigMap", "name": "a", "uid": "5f0f6a3e-0000-4000-8000-000000000001"}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "spec": ({"spec": {"suspend": True}}, "not its spec"),
    "spec beside the annotation": ({**annotated(**{LANES: "default"}), "spec": {"suspend": True}}, "not its spec"),
    "what answers": ({"spec": {"model": {"name": "somebodys:1b"}}}, "not its spec"),
    "label": ({"metadata": {"labels": {"team": "law"}}}, "not its labels"),
    "another annotation": (annotated(**{"laneway.dev/paused": "true"}), "not other annotations"),
    "a changed annotation": (annotated(kept="no"), "not other annotations"),
    "a removed annotation": (annotated(kept=None), "not other annotations"),
    "finalizer": ({"metadata": {"finalizers": ["a.example/b"]}}, "not its owners or finalizers"),
    "owner": ({"metadata": {"ownerReferences": [OWNER]}}, "not its owners or finalizers"),
}


@pytest.mark.parametrize(("patch", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_a_stolen_token_of_the_dashboards_changes_nothing_else(
    pool: Cluster, patch: dict[str, Any], words: str
) -> None:
    done = patched(pool, patch, f"--as={DASHBOARD}")
    assert done.returncode != 0
    assert f"may change only the annotation {LANES} of an LLMWorkerPool, {words}" in done.stderr
    assert patched(pool, patch).returncode == 0, "an administrator may"


EVERYTHING = [
    ("get", KIND),
    ("create", KIND),
    ("update", f"{KIND}#failedjobs"),
    ("update", f"{KIND}#pause"),
    ("get", f"{KIND}#texts"),
]
PEOPLE: dict[str, tuple[bool, ...]] = {
    "view": (True, False, False, False, False),
    "edit": (True, True, True, True, False),
    "admin": (True, True, True, True, False),
    f"{ROLES}:on-call": (True, False, True, True, False),
    f"{ROLES}:texts": (True, False, False, False, True),
}


@pytest.mark.parametrize(("role", "wanted"), PEOPLE.items(), ids=PEOPLE.keys())
def test_what_people_may_who_have_a_role_in_the_namespace(
    installed: Cluster, role: str, wanted: tuple[bool, ...]
) -> None:
    person = f"somebody-with-{role.rpartition(':')[2]}"
    binding = ("create", "rolebinding", person, "-n", POOLS, f"--clusterrole={role}", f"--user={person}")
    installed.kubectl(*binding)
    eventually(lambda: may(installed, person, *EVERYTHING[0]))  # the controller that aggregates takes its time
    eventually(lambda: tuple(may(installed, person, *each) for each in EVERYTHING) == wanted)
    assert not may(installed, person, *EVERYTHING[0], namespace="law")


def test_these_are_the_rights_that_the_dashboard_asks_for() -> None:
    asked = {(verb, f"{KIND}#{part}" if part else KIND) for verb, part in RIGHTS.values()}
    assert asked == set(EVERYTHING) - {("create", KIND)}
    assert len(RIGHTS) == len(Right)
