"""An API server without image volumes, as it is by itself before Kubernetes 1.35.

With them it is `test_operator_cluster.py` that applies a pool whose models come in an image.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from kubernetes import config

from laneway_operator.cluster.api_server import ApiServer
from laneway_operator.cluster.kubernetes import KubernetesCluster
from laneway_operator.errors import SpecError
from laneway_operator.reasons import Reason
from laneway_operator.render import render
from support.cluster.cluster import api_alone
from support.inputs.pools import named, pool_with
from support.operator.in_memory import pool_view
from support.operator.leading import always, ignored
from support.toolchain.toolbox import ToolMissing
from support.tools import missing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from laneway_operator.render.view import Manifest
    from support.cluster.cluster import Cluster

NAME = "documents-default"
IMAGE = {"modelStore": {"image": {"reference": "registry.example/models/gemma3:4b"}}}


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    try:
        with api_alone(tmp_path_factory.mktemp("older"), gates={"ImageVolume": False}) as cluster:
            yield cluster
    except ToolMissing as error:
        missing(error.what, error.how)


@pytest.fixture
def operator(older: Cluster) -> Iterator[KubernetesCluster]:
    with config.new_client_from_config(str(older.kubeconfig)) as made:  # type: ignore[no-untyped-call] # because it has no types
        yield KubernetesCluster(ApiServer(made, ignored), always)


def deployment(namespace: str, **spec: Any) -> Manifest:
    view = pool_view(named(pool_with(**spec), namespace=namespace))
    return next(each for each in render(view) if each["kind"] == "Deployment")


def test_image_volumes_are_dropped_silently(older: Cluster) -> None:
    """What the operator has to find out by itself."""
    older.kubectl("create", "namespace", "dropped")
    older.apply(deployment("dropped", **IMAGE), namespace="dropped")
    pod = older.get("deployment", NAME, "dropped")["spec"]["template"]["spec"]
    assert "models" not in [each["name"] for each in pod["volumes"]]
    assert "/models" not in [each["mountPath"] for each in pod["initContainers"][0]["volumeMounts"]]


def test_no_deployment_is_made_whose_models_would_be_missing(older: Cluster, operator: KubernetesCluster) -> None:
    older.kubectl("create", "namespace", "new")
    with pytest.raises(SpecError, match="drops image volumes") as caught:
        operator.apply(deployment("new", **IMAGE))
    assert caught.value.reason is Reason.IMAGE_VOLUMES_MISSING
    assert older.get("deployment", NAME, "new") == {}


def test_a_deployment_of_before_is_left_as_it_is(older: Cluster, operator: KubernetesCluster) -> None:
    older.kubectl("create", "namespace", "before")
    operator.apply(deployment("before"))
    before = older.get("deployment", NAME, "before")
    with pytest.raises(SpecError):
        operator.apply(deployment("before", **IMAGE))
    assert older.get("deployment", NAME, "before") == before
