"""The nodes of examples/eks against Karpenter's own resources, rules included, on a real API server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from support.toolchain.toolbox import KARPENTER, ToolMissing, toolbox
from support.tools import missing

if TYPE_CHECKING:
    from subprocess import CompletedProcess

    from support.cluster.cluster import Cluster

FOLDER = Path(__file__).parents[2] / "examples" / "eks"
UNPUBLISHED = "eks.amazonaws.com/v1"  # AWS publishes no CustomResourceDefinition of Auto Mode's NodeClass
FILES = ("karpenter.yaml", "auto-mode.yaml")
MANIFESTS = [
    each
    for file in FILES
    for each in yaml.safe_load_all((FOLDER / file).read_text())
    if each["apiVersion"] != UNPUBLISHED
]


@pytest.fixture(scope="module")
def karpenter(api: Cluster) -> Cluster:
    try:
        crds = [file for file in toolbox().files(KARPENTER, "crds") if "karpenter" in file.name]
    except ToolMissing as error:
        missing(error.what, error.how)
    for file in crds:
        api.define(file)
    return api


def dry_run(cluster: Cluster, manifest: dict[str, Any]) -> CompletedProcess[str]:
    command = ("kubectl", "apply", "--server-side", "--dry-run=server", "--validate=strict", "--filename=-")
    return cluster.run(*command, text=json.dumps(manifest), check=False)


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda each: f"{each['kind']} {each['metadata']['name']}")
def test_karpenter_takes_it(karpenter: Cluster, manifest: dict[str, Any]) -> None:
    done = dry_run(karpenter, manifest)
    assert done.returncode == 0, done.stderr


def test_karpenter_refuses_what_is_wrong(karpenter: Cluster) -> None:
    wrong = json.loads(json.dumps(MANIFESTS[0]))
    wrong["spec"]["instanceProfile"] = "also"
    assert "must specify exactly one of ['role', 'instanceProfile']" in dry_run(karpenter, wrong).stderr
