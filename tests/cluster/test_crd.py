"""The API server's half of tests/support/inputs/bad_pools.py and bad_profiles.py, and what only it can say of CRDs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from kubernetes import client, config

from support.golden import FOLDER
from support.inputs import bad_gateways, bad_profiles, bad_schedules, bad_tables
from support.inputs.bad_pools import BAD, GOOD, Bad, Good
from support.inputs.pools import pool_with
from support.inputs.profiles import gpu, profile_with

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support.cluster.cluster import Cluster

    Create = Callable[[dict[str, Any]], Any]

CRDS = Path(__file__).parents[2] / "crds"
NAMESPACE = "nlp"
"""That of the golden files."""
POOLS = ("laneway.dev", "v1alpha1", NAMESPACE, "llmworkerpools")
PROFILES = ("laneway.dev", "v1alpha1", "placementprofiles")
DRY = {"dry_run": "All", "field_validation": "Strict"}


@pytest.fixture(scope="module")
def custom(api: Cluster) -> Iterator[Any]:
    """A client of a server that has the CRD."""
    api.define(CRDS)
    api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
    with config.new_client_from_config(str(api.kubeconfig)) as made:  # type: ignore[no-untyped-call] # because it has no types
        yield client.CustomObjectsApi(made)


@pytest.fixture
def create(custom: Any) -> Create:
    """Creates a pool as kubectl would, but keeps nothing; gives it as the server would store it."""

    def made(document: dict[str, Any]) -> Any:
        return custom.create_namespaced_custom_object(*POOLS, document, **DRY)

    return made


@pytest.fixture
def create_profile(custom: Any) -> Create:
    """As above."""

    def made(document: dict[str, Any]) -> Any:
        return custom.create_cluster_custom_object(*PROFILES, document, **DRY)

    return made


def words_of(error: client.ApiException) -> str:
    return str(json.loads(error.body or "{}").get("message", ""))


@pytest.mark.parametrize(
    "good", [*GOOD, *bad_schedules.GOOD, *bad_gateways.GOOD, *bad_tables.GOOD], ids=lambda good: good.name
)
def test_a_good_pool_is_accepted(create: Create, good: Good) -> None:
    assert create(good.document)["metadata"]["name"] == good.document["metadata"]["name"]


@pytest.mark.parametrize(
    "bad", [*BAD, *bad_schedules.BAD, *bad_gateways.BAD, *bad_tables.BAD], ids=lambda bad: bad.name
)
def test_a_bad_pool_is_refused_with_its_cause(create: Create, bad: Bad) -> None:
    with pytest.raises(client.ApiException) as caught:
        create(bad.document)
    assert bad.server in words_of(caught.value)


@pytest.mark.parametrize("good", bad_profiles.GOOD, ids=lambda good: good.name)
def test_a_good_profile_is_accepted(create_profile: Create, good: Good) -> None:
    assert create_profile(good.document)["metadata"]["name"] == good.document["metadata"]["name"]


@pytest.mark.parametrize("bad", bad_profiles.BAD, ids=lambda bad: bad.name)
def test_a_bad_profile_is_refused_with_its_cause(create_profile: Create, bad: Bad) -> None:
    with pytest.raises(client.ApiException) as caught:
        create_profile(bad.document)
    assert bad.server in words_of(caught.value)
    assert "evaluating rule" not in words_of(caught.value)


@pytest.mark.parametrize("bad", bad_profiles.BEYOND_CEL, ids=lambda bad: bad.name)
def test_what_cel_cannot_tell_of_a_profile_is_left_to_the_operator(create_profile: Create, bad: Bad) -> None:
    assert create_profile(bad.document)["metadata"]["name"] == "g5"


def test_what_a_profile_leaves_out_is_filled_in_and_nothing_else(create_profile: Create) -> None:
    assert create_profile(profile_with())["spec"] == {"nodeSelector": {}, "tolerations": []}
    device = {"extendedResource": {"name": "nvidia.com/gpu"}}
    assert create_profile(profile_with(accelerator=device))["spec"]["accelerator"] == gpu()


def test_kubectl_shows_a_profile_at_a_glance(api: Cluster, custom: Any) -> None:
    document = profile_with("shown", accelerator=gpu(memory="15Gi"), interruption="spot", pricePerHour="0.1578")
    custom.create_cluster_custom_object(*PROFILES, document)
    custom.patch_cluster_custom_object_status(*PROFILES, "shown", {"status": {"poolCount": 2}})
    for kind in ("placementprofile", "lpp"):
        head, row = api.kubectl("get", kind, "shown").splitlines()[:2]
        assert head.split() == ["NAME", "ACCELERATOR", "COUNT", "MEMORY", "PRICE", "INTERRUPTION", "POOLS", "AGE"]
        assert row.split()[:7] == ["shown", "nvidia.com/gpu", "1", "15Gi", "0.1578", "spot", "2"]


@pytest.mark.parametrize(
    "lane",
    [
        {"limits": {"timeout": "soon"}},
        {"limits": {"timeout": ""}},
        {"limits": {"expiresAfter": "1d"}},
        {"drainTimeout": "1d"},
        {"resources": {"requests": {"memory": "8GB"}, "limits": {"memory": "8 Gi"}}},
        {"resources": {"limits": {"cpu": "two", "ephemeral-storage": "20G B"}}},
    ],
    ids=str,
)
def test_no_rule_stumbles_over_a_text_that_is_told_already(create: Create, lane: dict[str, Any]) -> None:
    with pytest.raises(client.ApiException) as caught:
        create(pool_with(lane=lane))
    assert " such as " in words_of(caught.value)
    assert "evaluating rule" not in words_of(caught.value)


def test_what_a_pool_leaves_out_is_filled_in(create: Create) -> None:
    lane = create(pool_with())["spec"]["lanes"][0]
    assert lane == {
        "name": "default",
        "queue": {"managed": {"deletionPolicy": "Retain"}},
        "parallel": 1,
        "limits": {"timeout": "5m", "expiresAfter": "24h", "maxAttempts": 3},
        "scaling": {
            "minReplicas": 0,
            "maxReplicas": 1,
            "jobsPerReplica": 4,
            "cooldown": "5m",
            "pollingInterval": "5s",
            "scaleIn": {"percent": 20, "period": "1m"},
        },
        "schedules": [],
        "suspend": False,
    }


def test_a_pool_has_no_gateway_unless_it_says_so_and_one_that_says_so_little_is_whole(create: Create) -> None:
    assert "gateway" not in create(pool_with())["spec"]
    assert create(bad_gateways.gateway())["spec"]["gateway"] == {
        "replicas": 2,
        "keys": {"secretName": "documents-keys", "key": "keys.json"},
        "edgeIdleTimeout": "60s",
        "anonymousCatalogue": False,
        "service": {"annotations": {}},
        "serviceAccount": {"annotations": {}},
    }


def test_a_pool_has_no_table_unless_it_says_so_and_one_that_says_so_little_is_whole(create: Create) -> None:
    assert "table" not in create(pool_with())["spec"]
    assert create(bad_tables.table())["spec"]["table"] == {
        "postgres": {"secretName": "documents-db", "key": "url", "port": 5432},
        "output": False,
        "retention": "90d",
        "serviceAccount": {"annotations": {}},
    }


@pytest.mark.parametrize("bad", bad_schedules.BEYOND_CEL, ids=lambda bad: bad.name)
def test_what_cel_cannot_tell_is_left_to_the_operator(create: Create, bad: Bad) -> None:
    assert create(bad.document)["metadata"]["name"] == "documents"


@pytest.mark.parametrize("results", [{"bucket": "another"}, {"prefix": "elsewhere/"}], ids=str)
def test_results_cannot_be_moved(api: Cluster, custom: Any, results: dict[str, str]) -> None:
    place = (*POOLS, f"immovable-{next(iter(results))}")
    api.apply(pool_with() | {"metadata": {"name": place[-1], "namespace": NAMESPACE}}, namespace=NAMESPACE)
    with pytest.raises(client.ApiException) as caught:
        custom.patch_namespaced_custom_object(*place, {"spec": {"results": {"s3": results}}})
    assert "results can't be changed: jobs under way would be answered twice; make a new pool" in words_of(caught.value)
    custom.patch_namespaced_custom_object(*place, {"spec": {"model": {"name": "gemma3:1b"}}})


def test_kubectl_shows_a_pool_at_a_glance(api: Cluster, custom: Any) -> None:
    document = pool_with() | {"metadata": {"name": "shown", "namespace": NAMESPACE}}
    custom.create_namespaced_custom_object(*POOLS, document)
    shown = api.kubectl("get", "lwp", "shown", "--namespace", NAMESPACE).split()
    assert shown[:7] == ["NAME", "READY", "REASON", "MODEL", "LANES", "WORKERS", "AGE"]
    assert "gemma3:4b" in shown


def test_pools_are_found_by_their_model(api: Cluster, custom: Any) -> None:
    for name in ("gemma3:4b", "gemma3:12b"):
        metadata = {"name": f"with-{name.replace(':', '-')}", "namespace": NAMESPACE}
        custom.create_namespaced_custom_object(*POOLS, pool_with(model={"name": name}) | {"metadata": metadata})
    found = ("get", "lwp", "--namespace", NAMESPACE, "--output=name", "--field-selector")
    assert api.kubectl(*found, "spec.model.name=gemma3:12b").split() == ["llmworkerpool.laneway.dev/with-gemma3-12b"]


@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.yaml")))
def test_a_server_accepts_every_golden_file(api: Cluster, custom: Any, name: str) -> None:
    assert custom is not None
    path = FOLDER / f"{name}.yaml"
    done = api.kubectl(
        "apply",
        "--server-side",
        "--dry-run=server",
        "--validate=strict",
        "--field-manager=laneway",
        f"--filename={path}",
    )
    assert len(done.splitlines()) == path.read_text().count("\n---\n") + 1
