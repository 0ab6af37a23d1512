"""The files that kind and Skaffold get, which can't be run here: they are well-formed, and agree with each other."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from chart.rendering import CHART, CRD_CHART, KIND_EXAMPLE, RELEASE, ROOT, Manifest
from laneway.schema.pool.pool import LLMWorkerPool
from support.images.contents.distributions import build_arguments
from support.tools import missing

KIND_MODULE = Path(__file__).parent / "kindconfig"


def documents(file: Path) -> list[Manifest]:
    return list(yaml.safe_load_all(file.read_text()))


def one(file: Path, kind: str = "") -> Manifest:
    (found,) = (each for each in documents(file) if not kind or each["kind"] == kind)
    return found


CLUSTER = one(KIND_EXAMPLE / "cluster.yaml")
VALUES = one(KIND_EXAMPLE / "values.yaml")
POOL = one(KIND_EXAMPLE / "pool.yaml")
SKAFFOLD = one(ROOT / "skaffold.yaml")
LOCALSTACK = KIND_EXAMPLE / "localstack.yaml"


def read_by_kind(text: str) -> subprocess.CompletedProcess[str]:
    go = shutil.which("go")
    if go is None:
        missing("Go", "install Go 1.24 or newer: https://go.dev/dl")
    environment = {**os.environ, "GOWORK": "off", "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"}
    return subprocess.run(
        [go, "run", "."], cwd=KIND_MODULE, env=environment, input=text, capture_output=True, text=True, check=False
    )


def test_kinds_own_types_read_the_cluster() -> None:
    text = (KIND_EXAMPLE / "cluster.yaml").read_text()
    assert read_by_kind(text).stdout == "laneway\n"
    assert "field hostport not found" in read_by_kind(text.replace("hostPort", "hostport")).stderr


def test_images_are_pinned() -> None:
    assert re.fullmatch(r"kindest/node:v1\.34\.\d+@sha256:[0-9a-f]{64}", CLUSTER["nodes"][0]["image"])
    (container,) = one(LOCALSTACK, "Deployment")["spec"]["template"]["spec"]["containers"]
    assert re.search(r":4\.\d+\.\d+$", container["image"])


def test_localstack_is_where_everybody_looks() -> None:
    service = one(LOCALSTACK, "Service")
    (port,) = service["spec"]["ports"]
    (mapped,) = CLUSTER["nodes"][0]["extraPortMappings"]
    host = f"{service['metadata']['name']}.{service['metadata']['namespace']}.svc"
    assert VALUES["emulator"]["endpoint"] == f"http://{host}:{port['port']}"
    assert (mapped["containerPort"], mapped["hostPort"]) == (port["nodePort"], port["port"])
    labels = one(LOCALSTACK, "Deployment")["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"].items() <= labels.items()


def test_the_pool_fits_what_is_there() -> None:
    pool = LLMWorkerPool.model_validate_json(json.dumps(POOL))
    script = one(LOCALSTACK, "ConfigMap")["data"]["bucket.sh"]
    assert f"--bucket {pool.results.bucket} " in script
    assert f"LocationConstraint={VALUES['aws']['region']}" in script
    named = {name for lane in pool.spec.lanes if lane.placement for name in lane.placement.profiles}
    assert named <= set(VALUES["placementProfiles"])
    assert [lane.name for lane in pool.spec.lanes] == ["fast", "slow"]


RELEASES: dict[str, Any] = {each["name"]: each for each in SKAFFOLD["deploy"]["helm"]["releases"]}


def test_skaffold_builds_and_installs_what_is_here() -> None:
    for artifact in SKAFFOLD["build"]["artifacts"]:
        text = (ROOT / artifact["docker"]["dockerfile"]).read_text()
        assert f" AS {artifact['docker']['target']}\n" in text
        assert artifact["docker"]["buildArgs"] == build_arguments(artifact["docker"]["target"])
    assert ROOT / RELEASES["laneway-crds"]["chartPath"] == CRD_CHART
    assert ROOT / RELEASES[RELEASE]["chartPath"] == CHART
    assert RELEASES["keda"]["version"].startswith("2.2")


def test_skaffold_gives_the_chart_the_images_it_built() -> None:
    # Skaffold's names: `.`, `-` and `/` of an image's name become `_`
    built = {re.sub(r"[./-]", "_", each["image"]) for each in SKAFFOLD["build"]["artifacts"]}
    templates = RELEASES[RELEASE]["setValueTemplates"]
    given = {re.fullmatch(r"\{\{\.IMAGE_(REPO|TAG)_(\w+)\}\}", each).group(2) for each in templates.values()}  # type: ignore[union-attr] # because a mismatch fails the test
    assert given == built
    values = one(CHART / "values.yaml")
    for path in templates:
        top, image, field = path.split(".")
        assert field in values[top][image]


def test_skaffold_deploys_to_the_kind_cluster_only() -> None:
    (profile,) = SKAFFOLD["profiles"]
    assert profile["deploy"]["kubeContext"] == f"kind-{CLUSTER['name']}"
    assert profile["build"]["local"]["push"] is False
    (patch,) = profile["patches"]
    index = int(patch["path"].split("/")[4])
    assert SKAFFOLD["deploy"]["helm"]["releases"][index]["name"] == RELEASE
    assert [ROOT / each for each in patch["value"]] == [KIND_EXAMPLE / "values.yaml"]


@pytest.mark.parametrize("name", ["worker", "operator", "gateway", "projector", "dashboard"])
def test_images_are_named_as_in_the_tests(name: str) -> None:
    assert f"laneway.local/{name}" in {each["image"] for each in SKAFFOLD["build"]["artifacts"]}
