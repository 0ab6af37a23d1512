"""What an edit does, as the reference page has it, on a real API server; and a pause that no tool takes away."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from laneway_operator.crd.edits import EDITS, Does
from support.inputs.pools import TOPIC, named, pool_with
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.operator.process import Operated, Place

LANE, OTHER = "documents-fast", "documents-slow"
PROJECTOR = "documents-projector-of-all-lanes"
SLOW = {"name": "slow"}
PAUSED = {"autoscaling.keda.sh/paused-replicas": "0"}
LEGAL = {"name": "legal", "s3": {"bucket": "acme-legal", "prefix": "llm/"}}
NIGHT = {"name": "night", "timezone": "UTC", "start": "0 1 * * *", "end": "0 2 * * *", "suspend": True}


def fast(**fields: Any) -> dict[str, Any]:
    return {"lanes": [{"name": "fast"} | fields, SLOW]}


REPRESENTATIVE: dict[str, dict[str, Any]] = {
    "spec.destinations[].s3.bucket": {"destinations": [LEGAL]},
    "spec.lanes[].drainTimeout": fast(drainTimeout="3m"),
    "spec.lanes[].limits.expiresAfter": fast(limits={"expiresAfter": "12h"}),
    "spec.lanes[].limits.maxTokens": fast(limits={"maxTokens": 9}),
    "spec.lanes[].limits.timeout": fast(limits={"timeout": "4m"}),
    "spec.lanes[].parallel": fast(parallel=2),
    "spec.lanes[].scaling.maxReplicas": fast(scaling={"maxReplicas": 7}),
    "spec.lanes[].scaling.pollingInterval": fast(scaling={"pollingInterval": "30s"}),
    "spec.lanes[].schedules[].suspend": fast(schedules=[NIGHT]),
    "spec.lanes[].suspend": fast(suspend=True),
    "spec.model.name": {"model": {"name": "gemma3:1b"}},
    "spec.notifications.sns.topicARN": {"notifications": {"sns": {"topicARN": TOPIC}}},
    "spec.pods.labels": {"pods": {"labels": {"team": "a"}}},
    "spec.suspend": {"suspend": True},
}
"""Field → its edit."""
TABLE = {"postgres": {"secretName": "db"}}
OF_TABLES: dict[str, dict[str, Any]] = {
    "spec.table.output": {"output": True},
    "spec.table.postgres.caBundle.configMapName": {"postgres": {"caBundle": {"configMapName": "ca"}}},
    "spec.table.postgres.secretName": {"postgres": {"secretName": "other"}},
    "spec.table.retention": {"retention": "30d"},
    "spec.table.serviceAccount.annotations": {"serviceAccount": {"annotations": {"example.com/role": "rows"}}},
}
"""The same of a pool that has one."""


@pytest.fixture
def place(operated: Operated) -> Iterator[Place]:
    made = operated.place()
    made.apply(**fast())
    made.until("ScaledToZero")
    yield made
    operated.clear()


@pytest.fixture
def tabled(place: Place) -> Place:
    edited(place, table=TABLE)
    eventually(lambda: place.get("deployment", PROJECTOR))
    place.until("TableIdle", kind="TableReady")
    return place


def parts(place: Place, lane: str = LANE) -> dict[Does, Any]:
    """What each kind of edit changes of a lane; the API server itself counts rollouts by the template."""
    deployment, scaler = place.get("deployment", lane), place.get("scaledobject", lane)
    projector = place.get("deployment", PROJECTOR)
    return {
        Does.ROLLS: deployment["spec"]["template"],
        Does.REREAD: place.get("configmap", f"{lane}-live")["data"],
        Does.PROJECTOR: projector["spec"]["template"] if projector else None,
        Does.SCALES: (PAUSED.items() <= scaler["metadata"].get("annotations", {}).items(), scaler["spec"]),
    }


def edited(place: Place, **spec: Any) -> None:
    """And carried out: the operator has told of this generation."""
    place.kubectl("patch", "lwp", "documents", "--type=merge", f"--patch={json.dumps({'spec': spec})}")
    wanted = place.get("lwp", "documents")["metadata"]["generation"]
    eventually(lambda: place.get("lwp", "documents")["status"].get("observedGeneration") == wanted)


@pytest.mark.parametrize("field", REPRESENTATIVE)
def test_an_edit_does_what_the_page_says(place: Place, field: str) -> None:
    before, others = parts(place), parts(place, OTHER)
    edited(place, **REPRESENTATIVE[field])
    after = parts(place)
    assert {does for does in before if before[does] != after[does]} == EDITS[field].does
    if ".lanes[]" in field:
        assert parts(place, OTHER) == others


@pytest.mark.parametrize("field", OF_TABLES)
def test_an_edit_of_a_table_does_what_the_page_says(tabled: Place, field: str) -> None:
    before = parts(tabled)
    edited(tabled, table=OF_TABLES[field])
    after = parts(tabled)
    assert {does for does in before if before[does] != after[does]} == EDITS[field].does - {Does.NOTHING}
    told = tabled.get("serviceaccount", "laneway-projector-documents")["metadata"].get("annotations", {})
    assert told == OF_TABLES[field].get("serviceAccount", {}).get("annotations", {})


def test_another_port_of_a_secrets_url_opens_it_and_replaces_nobody(tabled: Place) -> None:
    before = parts(tabled)
    edited(tabled, table={"postgres": {"port": 6432}})
    assert parts(tabled) == before
    assert 6432 in ports_out(tabled)


def ports_out(place: Place) -> set[int]:
    rules = place.get("networkpolicy", "laneway-projector-documents")["spec"]["egress"]
    return {port["port"] for rule in rules for port in rule.get("ports", [])}


def test_a_table_comes_and_goes_without_replacing_a_worker(place: Place) -> None:
    before = parts(place)
    edited(place, table=TABLE)
    eventually(lambda: place.get("deployment", PROJECTOR))
    eventually(lambda: "-events" in parts(place)[Does.REREAD]["live.json"])
    edited(place, table=None)
    eventually(lambda: not place.get("deployment", PROJECTOR))
    eventually(lambda: parts(place) == before)


def test_an_edit_of_what_is_refused_is_refused(place: Place) -> None:
    with pytest.raises(AssertionError, match="results can't be changed"):
        edited(place, results={"s3": {"bucket": "acme-other"}})


def annotate(place: Place, *annotations: str) -> None:
    place.kubectl("annotate", "lwp", "documents", "--overwrite", *annotations)


def is_paused(place: Place, lane: str = LANE) -> bool:
    told = json.loads(place.get("configmap", f"{lane}-live")["data"]["live.json"])["suspended"]
    annotations = place.get("scaledobject", lane)["metadata"].get("annotations", {})
    return bool(told) and PAUSED.items() <= annotations.items()


@pytest.mark.parametrize("how", [["--server-side", "--force-conflicts", "--field-manager=kustomize-controller"], []])
def test_a_paused_pool_stays_so_when_a_tool_applies_what_is_in_git(place: Place, how: list[str]) -> None:
    templates = [place.get("deployment", each)["spec"]["template"] for each in (LANE, OTHER)]
    annotate(place, "laneway.dev/paused=true")
    words = place.until("Paused")
    assert "the pool is paused by the annotation laneway.dev/paused, which kubectl-annotate wrote" in words
    results = {"s3": {"bucket": "acme-llm", "prefix": f"{place.namespace}/documents/"}}
    pool = pool_with(results=results, suspend=False, **fast(scaling={"maxReplicas": 7}))
    file = place.operated.folder / "in-git.json"
    file.write_text(json.dumps(named(pool, namespace=place.namespace)))
    place.kubectl("apply", f"--filename={file}", *how)
    eventually(lambda: place.get("scaledobject", LANE)["spec"]["maxReplicaCount"] == 7)
    assert is_paused(place)
    assert is_paused(place, OTHER)
    assert place.row()[1:3] == ["True", "Paused"]
    annotate(place, "laneway.dev/paused-")
    place.until("ScaledToZero")
    assert not is_paused(place)
    assert [place.get("deployment", each)["spec"]["template"] for each in (LANE, OTHER)] == templates


def test_a_lane_is_paused_alone_and_a_wrong_name_lets_nothing_go_on(place: Place) -> None:
    annotate(place, "laneway.dev/paused-lanes=slow")
    eventually(lambda: is_paused(place, OTHER))
    assert not is_paused(place)
    assert "lane slow is paused by the annotation laneway.dev/paused-lanes" in place.until("ScaledToZero")
    annotate(place, "laneway.dev/paused-lanes=solw")
    assert "laneway.dev/paused-lanes names solw, and the pool's lanes are fast, slow" in place.until("InvalidSpec")
    assert is_paused(place, OTHER)
    annotate(place, "laneway.dev/paused-lanes-")
    eventually(lambda: not is_paused(place, OTHER))
