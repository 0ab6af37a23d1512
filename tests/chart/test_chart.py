"""The operator's chart: what it renders, and what it refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from chart.rendering import CHART, CRD_CHART, EMULATOR, GPU, MATRIX, ROOT, Helm, Manifest, of_kind
from laneway_operator.profiles import Profile, parse_profiles
from laneway_operator.settings import Emulator, Settings, read_settings

every_value = pytest.mark.parametrize("values", MATRIX.values(), ids=MATRIX.keys())


@pytest.mark.parametrize("chart", [CHART, CRD_CHART], ids=lambda each: each.name)
def test_lint(helm: Helm, chart: Path) -> None:
    done = helm.run("lint", "--strict", chart)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("chart", [CHART, CRD_CHART], ids=lambda each: each.name)
def test_what_is_packed_renders_as_what_is_here(helm: Helm, chart: Path) -> None:
    assert helm.run("package", chart, "--destination", helm.folder).returncode == 0
    (packed,) = helm.folder.glob("*.tgz")
    assert helm.template(chart=packed) == helm.template(chart=chart)


@every_value
def test_everything_is_named_and_labelled_and_nothing_is_secret(helm: Helm, values: Manifest) -> None:
    manifests = helm.template(values)
    assert all(each["metadata"]["labels"]["app.kubernetes.io/instance"] == "laneway" for each in manifests)
    assert "Secret" not in {each["kind"] for each in manifests}


def test_refuses_a_kubernetes_without_native_sidecars(helm: Helm) -> None:
    assert "incompatible with Kubernetes v1.32.0" in helm.run("template", CHART, "--kube-version=1.32.0").stderr
    assert helm.run("template", CHART, "--kube-version=v1.33.4-eks-1234abc").returncode == 0


REFUSED: dict[str, tuple[Manifest, str]] = {
    "unknown": ({"replicas": 2}, "'replicas' not allowed"),
    "unknown image": ({"image": {"gateway": {"repository": "x"}}}, "'gateway' not allowed"),
    "unknown in image": ({"image": {"worker": {"pullPolicy": "Always"}}}, "'pullPolicy' not allowed"),
    "unknown in aws": ({"aws": {"endpoint": "http://x"}}, "'endpoint' not allowed"),
    "unknown in profile": ({"placementProfiles": {"a": {"affinity": {}}}}, "'affinity' not allowed"),
    "unknown in toleration": (
        {"placementProfiles": {"a": {"tolerations": [{"tolerationSeconds": 5}]}}},
        "'tolerationSeconds' not allowed",
    ),
    "unknown in resources": ({"resources": {"claims": []}}, "'claims' not allowed"),
    "profile's name": ({"placementProfiles": {"G5": {}}}, "'G5'"),
    "accelerator without resource": ({"placementProfiles": {"a": {"accelerator": {"count": 1}}}}, "'resource'"),
    "accelerators": ({"placementProfiles": {"a": {"accelerator": {"resource": "a.b/c", "count": 0}}}}, "minimum"),
    "emulator without secret": ({"emulator": {"endpoint": "http://x:4566"}}, "'secretName'"),
    "credentials": ({"emulator": {**EMULATOR, "secretAccessKey": "x"}}, "'secretAccessKey' not allowed"),
    "credentials in the endpoint": ({"emulator": {**EMULATOR, "endpoint": "http://a:b@c"}}, "does not match pattern"),
    "region": ({"aws": {"region": "Ireland"}}, "does not match pattern"),
    "tag in repository": ({"image": {"worker": {"repository": "a/b:1"}}}, "does not match pattern"),
    "ollama without tag": ({"image": {"ollama": {"tag": ""}}}, "minLength"),
    "switch": ({"podReports": "false"}, "want boolean"),
}


@pytest.mark.parametrize(("values", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refuses_a_value_by_name(helm: Helm, values: Manifest, message: str) -> None:
    done = helm.run("template", CHART, values=values)
    assert done.returncode != 0
    assert message in done.stderr


def environment(manifests: list[Manifest]) -> dict[str, Any]:
    (container,) = of_kind(manifests, "Deployment")["spec"]["template"]["spec"]["containers"]
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in container["env"]}


def test_the_operator_reads_what_the_chart_sets(helm: Helm) -> None:
    values = {
        "emulator": EMULATOR,
        "aws": {"region": "eu-west-1"},
        "imagePullSecrets": ["registry", "mirror"],
        "image": {"worker": {"repository": "laneway.local/worker", "tag": "test"}},
    }
    given = environment(helm.template(values))
    assert read_settings(given) == Settings(
        worker_image="laneway.local/worker:test",
        ollama_image="docker.io/ollama/ollama:0.24.0",
        profiles=Path("/etc/laneway/profiles.yaml"),
        region="eu-west-1",
        emulator=Emulator("http://10.200.0.1:4566", "aws-emulator"),
        pod_reports=True,
        image_pull_secrets=("registry", "mirror"),
    )
    assert given["AWS_SECRET_ACCESS_KEY"] == {"secretKeyRef": {"name": "aws-emulator", "key": "AWS_SECRET_ACCESS_KEY"}}


def test_without_an_emulator_the_operator_has_an_identity_and_no_keys(helm: Helm) -> None:
    given = environment(helm.template(MATRIX["identity"]))
    assert read_settings(given).emulator is None
    assert not [name for name in given if name.startswith("AWS_")]


def test_the_operators_own_secret(helm: Helm) -> None:
    given = environment(helm.template(MATRIX["two secrets"]))
    emulator = read_settings(given).emulator
    assert emulator
    assert emulator.secret == EMULATOR["secretName"]
    assert given["AWS_ACCESS_KEY_ID"]["secretKeyRef"]["name"] == "operator-aws"


def profiles(manifests: list[Manifest]) -> dict[str, Profile]:
    return parse_profiles(yaml.safe_load(of_kind(manifests, "ConfigMap")["data"]["profiles.yaml"]))


def test_the_operator_reads_the_profiles(helm: Helm) -> None:
    found = profiles(helm.template(MATRIX["gpu"]))
    assert found == parse_profiles({"placementProfiles": {"cpu": {}, "g5": GPU}})
    assert profiles(helm.template(MATRIX["no profiles"])) == {}


def test_the_commented_profiles_are_good_ones(helm: Helm) -> None:
    text = (CHART / "values.yaml").read_text()
    block = text[text.index("placementProfiles:") : text.index("# Workers write")]
    values = yaml.safe_load(re.sub(r"(?m)^  # ", "  ", block))
    assert set(profiles(helm.template(values))) == {"cpu", "g5", "l4-auto-mode"}


def test_the_schema_of_a_profile_is_the_operators() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())["definitions"]["profile"]["properties"]
    wanted = Profile.model_json_schema(by_alias=True)
    fields = wanted["properties"]
    assert set(schema) == set(fields)
    assert set(schema["accelerator"]["properties"]) == set(wanted["$defs"]["Accelerator"]["properties"])
    assert set(schema["tolerations"]["items"]["properties"]) == set(wanted["$defs"]["Toleration"]["properties"])


def checksum(manifests: list[Manifest]) -> str:
    return str(of_kind(manifests, "Deployment")["spec"]["template"]["metadata"]["annotations"]["checksum/profiles"])


def test_a_changed_profile_restarts_the_operator_and_nothing_else_does(helm: Helm) -> None:
    plain = checksum(helm.template())
    assert checksum(helm.template(MATRIX["gpu"])) != plain
    assert checksum(helm.template({"resources": {"limits": {"memory": "1Gi"}}})) == plain


def test_one_operator_with_nothing_it_does_not_need(helm: Helm) -> None:
    spec = of_kind(helm.template(), "Deployment")["spec"]
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["runAsUser"] == 65532
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    probes = {container[each]["httpGet"]["path"] for each in ("startupProbe", "readinessProbe", "livenessProbe")}
    assert probes == {"/healthz"}


def test_the_crd_is_the_generated_one_and_outlives_its_release(helm: Helm) -> None:
    (crd,) = helm.template(chart=CRD_CHART)
    assert crd == yaml.safe_load((ROOT / "crds" / "llmworkerpools.laneway.dev.yaml").read_text())
    assert crd["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
