"""The operator's chart: what it renders, and what it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from chart.rendering import (
    CHART,
    CRD_CHART,
    DIGEST,
    DOORS,
    EMULATOR,
    GPU,
    KUBERNETES,
    MATRIX,
    RELEASE,
    ROOT,
    SPREAD,
    Helm,
    Manifest,
    of_kind,
)
from laneway.schema.pool.profile import parse_profile
from laneway.schema.shared.names import POOL_LABEL, PROFILE_KIND
from laneway_operator.engines import parse_engines
from laneway_operator.render import render
from laneway_operator.render.pods import TRUST_FILE, TRUST_FOLDER, TRUST_VOLUME, TRUSTED_BY
from laneway_operator.settings import Budget, Emulator, Gateways, Settings, read_settings, rendering_settings
from support.golden import cases
from support.inputs.profiles import profile_specs
from support.pages import yaml_blocks

if TYPE_CHECKING:
    from pathlib import Path

OTHER = f"sha256:{'1' * 64}"
every_value = pytest.mark.parametrize("values", MATRIX.values(), ids=MATRIX.keys())


@pytest.mark.parametrize("chart", [CHART, CRD_CHART], ids=lambda each: each.name)
def test_lint(helm: Helm, chart: Path) -> None:
    done = helm.run("lint", "--strict", chart)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("chart", [CHART, CRD_CHART], ids=lambda each: each.name)
def test_helm_4_lints_and_packs_it_too(helm_4: Helm, chart: Path) -> None:
    done = helm_4.run("lint", "--strict", chart)
    assert done.returncode == 0, done.stdout + done.stderr
    assert helm_4.run("package", chart, "--destination", helm_4.folder).returncode == 0


@every_value
def test_helm_4_renders_what_helm_3_does(helm: Helm, helm_4: Helm, values: Manifest) -> None:
    assert helm_4.template(values) == helm.template(values)


def test_helm_4_renders_the_crds_as_helm_3_does(helm: Helm, helm_4: Helm) -> None:
    assert helm_4.template(chart=CRD_CHART) == helm.template(chart=CRD_CHART)


def test_helm_4_refuses_what_the_values_schema_does(helm_4: Helm) -> None:
    done = helm_4.run("template", RELEASE, CHART, f"--kube-version={KUBERNETES}", values={"replica": 2})
    assert done.returncode != 0
    assert "replica" in done.stderr


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
    "unknown": ({"replica": 2}, "'replica' not allowed"),
    "unknown image": ({"image": {"proxy": {"repository": "x"}}}, "'proxy' not allowed"),
    "unknown in gateways": ({"gateways": {"replicas": 2}}, "'replicas' not allowed"),
    "gateways' switch": ({"gateways": {"enabled": "true"}}, "want boolean"),
    "gateway's image": ({"image": {"gateway": {"repository": "a/b:1"}}}, "does not match pattern"),
    "rollouts by a fraction": ({"rollouts": {"maxLanes": 0.1}}, "got number, want integer"),
    "rollouts by too large a part": ({"rollouts": {"maxLanes": "101%"}}, "does not match pattern"),
    "unknown in image": ({"image": {"worker": {"registry": "a"}}}, "'registry' not allowed"),
    "unknown in aws": ({"aws": {"endpoint": "http://x"}}, "'endpoint' not allowed"),
    "unknown in profile": ({"placementProfiles": {"a": {"affinity": {}}}}, "'affinity' not allowed"),
    "unknown in toleration": (
        {"placementProfiles": {"a": {"tolerations": [{"seconds": 5}]}}},
        "'seconds' not allowed",
    ),
    "unknown in resources": ({"resources": {"claims": []}}, "'claims' not allowed"),
    "profile's name": ({"placementProfiles": {"G5": {}}}, "'G5'"),
    "accelerator of before": (
        {"placementProfiles": {"a": {"accelerator": {"resource": "a.b/c"}}}},
        "'resource' not allowed",
    ),
    "device without name": ({"placementProfiles": {"a": {"accelerator": {"extendedResource": {}}}}}, "'name'"),
    "price that is a number": ({"placementProfiles": {"a": {"pricePerHour": 0.15}}}, "got number, want string"),
    "price in words": ({"placementProfiles": {"a": {"pricePerHour": "$0.15"}}}, "does not match pattern"),
    "devices": (
        {"placementProfiles": {"a": {"accelerator": {"extendedResource": {"name": "a.b/c", "count": 0}}}}},
        "minimum",
    ),
    "emulator's secret": ({"emulator": {"endpoint": "http://x:4566", "secretName": ""}}, "does not match pattern"),
    "credentials": ({"emulator": {**EMULATOR, "secretAccessKey": "x"}}, "'secretAccessKey' not allowed"),
    "credentials in the endpoint": ({"emulator": {**EMULATOR, "endpoint": "http://a:b@c"}}, "does not match pattern"),
    "region": ({"aws": {"region": "Ireland"}}, "does not match pattern"),
    "tag in repository": ({"image": {"worker": {"repository": "a/b:1"}}}, "does not match pattern"),
    "image of before": ({"image": {"ollama": {"tag": "0.24.1"}}}, "gone: write engines.ollama-0-32.image"),
    "ollama without tag": ({"engines": {"a": {"image": "ollama/ollama"}}}, "does not match pattern"),
    "engine without image": ({"engines": {"a": {}}}, "'image'"),
    "engine's name": ({"engines": {"Ollama_0.32": {"image": "a/b:1"}}}, "'Ollama_0.32'"),
    "unknown in engine": ({"engines": {"a": {"image": "a/b:1", "tag": "2"}}}, "'tag' not allowed"),
    "default of no engine": ({"defaultEngine": "b"}, "defaultEngine should be one of engines (ollama-0-32), not b"),
    "no engines": ({"engines": {"ollama-0-32": None}}, "minProperties"),
    "digest": ({"image": {"worker": {"digest": "latest"}}}, "does not match pattern"),
    "pull policy": ({"image": {"operator": {"pullPolicy": "Sometimes"}}}, "must be one of"),
    "log level": ({"logLevel": "loud"}, "must be one of"),
    "environment of ours": ({"extraEnv": [{"name": "LANEWAY_AWS_ENDPOINT", "value": "x"}]}, "'not' failed"),
    "label": ({"commonLabels": {"a": "two words"}}, "does not match pattern"),
    "unknown in affinity": ({"affinity": {"nodeAffinty": {}}}, "'nodeAffinty' not allowed"),
    "quantity": ({"resources": {"requests": {"cpu": "one"}}}, "does not match pattern"),
    "no replicas": ({"replicas": 0}, "minimum"),
    "namespaces without a cluster's name": ({"watch": {"namespaces": ["nlp"]}}, "watch.clusterID is needed"),
    "cluster's name": ({"watch": {"clusterID": "a/b"}}, "does not match pattern"),
    "two monitors": (
        {
            "metrics": {
                "service": {"enabled": True},
                "serviceMonitor": {"enabled": True},
                "podMonitor": {"enabled": True},
            }
        },
        "would read each series twice: enable one",
    ),
    "monitor of no service": ({"metrics": {"serviceMonitor": {"enabled": True}}}, "needs metrics.service.enabled"),
    "rules without pages": ({"prometheusRule": {"enabled": True}}, "prometheusRule.runbookURL is needed"),
    "rules without a monitor": (
        {"prometheusRule": {"enabled": True, "runbookURL": "https://docs.example/runbooks"}},
        "prometheusRule needs the operator's metrics: enable metrics.podMonitor or metrics.serviceMonitor",
    ),
    "interval": ({"metrics": {"interval": "often"}}, "does not match pattern"),
    "no account": ({"serviceAccount": {"create": False}}, "serviceAccount.name is needed"),
    "switch": ({"podReports": "false"}, "want boolean"),
    "dashboard that nobody can reach": ({"dashboard": {"enabled": True}}, "dashboard.hosts is needed"),
    "Grafana's dashboard of before": (
        {"dashboard": {"enabled": True}},
        "Grafana's dashboard is grafanaDashboard.enabled",
    ),
    "Grafana's labels of before": ({"dashboard": {"labels": {}}}, "gone: this is the dashboard itself now"),
    "dashboard's host": ({"dashboard": {"hosts": ["https://d.example"]}}, "does not match pattern"),
    "ingress to nothing": ({"dashboard": {"ingress": {"enabled": True}}}, "dashboard.ingress needs dashboard.enabled"),
    "door for nobody named": (
        {"dashboard": {"enabled": True, "hosts": ["a"], "networkPolicy": {"enabled": True}}},
        "dashboard.networkPolicy.from is needed",
    ),
    "table without a document": ({"dashboard": {"tables": [{"secretName": "a"}]}}, "'configMapName'"),
}


@pytest.mark.parametrize(("values", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_refuses_a_value_by_name(helm: Helm, values: Manifest, message: str) -> None:
    done = helm.run("template", CHART, f"--kube-version={KUBERNETES}", values=values)
    assert done.returncode != 0
    assert message in done.stderr


def pod(manifests: list[Manifest]) -> Manifest:
    return dict(of_kind(manifests, "Deployment")["spec"]["template"])


def environment(manifests: list[Manifest]) -> dict[str, Any]:
    (container,) = of_kind(manifests, "Deployment")["spec"]["template"]["spec"]["containers"]
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in container["env"]}


def test_the_operator_reads_what_the_chart_sets(helm: Helm) -> None:
    values = {
        "emulator": EMULATOR,
        "aws": {"region": "eu-west-1"},
        "imagePullSecrets": ["registry", "mirror"],
        "image": {"worker": {"repository": "laneway.local/worker", "tag": "test"}},
        "watch": {"namespaces": ["nlp", "law"], "clusterID": "blue"},
    }
    given = environment(helm.template(values))
    assert given["LANEWAY_POD_NAME"] == {"fieldRef": {"fieldPath": "metadata.name"}}
    assert read_settings(given | {"LANEWAY_POD_NAME": "laneway-1"}) == Settings(
        worker_image="laneway.local/worker:test",
        dns_addresses=("169.254.20.10/32",),
        engines=parse_engines(
            {"engines": {"ollama-0-32": {"image": "docker.io/ollama/ollama:0.32.15"}}, "defaultEngine": "ollama-0-32"}
        ),
        region="eu-west-1",
        emulator=Emulator("http://10.200.0.1:4566", "aws-emulator"),
        pod_reports=True,
        network_policies=True,
        image_pull_secrets=("registry", "mirror"),
        lease=("laneway-system", "laneway"),
        name="laneway-system/laneway",
        pod_name="laneway-1",
        namespaces=("nlp", "law"),
        cluster_id="blue",
    )
    assert given["AWS_SECRET_ACCESS_KEY"] == {"secretKeyRef": {"name": "aws-emulator", "key": "AWS_SECRET_ACCESS_KEY"}}


def test_the_operator_is_told_of_gateways_where_they_are_turned_on(helm: Helm) -> None:
    given = environment(helm.template(MATRIX["gateways"]))
    assert read_settings(given).gateways == Gateways("mirror.example/gateway:1", "Always", tuple(DOORS))
    plain = read_settings(environment(helm.template(MATRIX["gateways of some namespaces"])))
    assert plain.gateways == Gateways("laneway.local/gateway:0.1.0")
    off = environment(helm.template({"image": MATRIX["gateways"]["image"], "gateways": {"doorsOpenTo": DOORS}}))
    assert read_settings(off).gateways is None
    assert rendering_settings(off).gateways is None, "what `render` in the operator's pod shows is what is applied"


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


def test_values_seed_profiles_that_are_valid_and_outlive_the_release(helm: Helm) -> None:
    found = [each for each in helm.template(MATRIX["gpu"]) if each["kind"] == PROFILE_KIND]
    (parsed,) = map(parse_profile, found)
    assert (parsed.metadata.name, parsed.spec) == ("g5", profile_specs({"g5": GPU})["g5"])
    assert found[0]["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    assert "namespace" not in found[0]["metadata"]


def test_a_profile_may_say_nothing_and_there_may_be_none(helm: Helm) -> None:
    found = [each for each in helm.template(MATRIX["profiles"]) if each["kind"] == PROFILE_KIND]
    assert {each["metadata"]["name"]: each["spec"] for each in found} == MATRIX["profiles"]["placementProfiles"]
    assert not [each for each in helm.template() if each["kind"] == PROFILE_KIND]


def test_a_changed_profile_restarts_no_operator(helm: Helm) -> None:
    assert pod(helm.template(MATRIX["gpu"])) == pod(helm.template())


def test_a_digest_pins_an_image_whatever_its_tag_says(helm: Helm) -> None:
    manifests = helm.template({"image": {**MATRIX["pins"]["image"], "worker": {"tag": "1@" + DIGEST, "digest": OTHER}}})
    given = environment(manifests)
    assert pod(manifests)["spec"]["containers"][0]["image"] == f"laneway.local/operator:0.1.0@{DIGEST}"
    assert given["LANEWAY_WORKER_IMAGE"] == f"laneway.local/worker:1@{OTHER}"


def test_the_pull_policy_is_the_operators(helm: Helm) -> None:
    (operator,) = pod(helm.template(MATRIX["pull policy"]))["spec"]["containers"]
    assert operator["imagePullPolicy"] == "Always"
    told = {each["name"]: each.get("value") for each in operator["env"] if each["name"].endswith("PULL_POLICY")}
    assert told == {"LANEWAY_WORKER_PULL_POLICY": "Always"}


def test_the_operator_reads_the_engines(helm: Helm) -> None:
    given = read_settings(environment(helm.template(MATRIX["engines"]))).engines
    assert {name: (each.image, each.pull_policy) for name, each in given.engines.items()} == {
        "next": ("a/b:1", "Always"),
        "old": ("a/b:0", "IfNotPresent"),
    }
    assert given.default_engine == "next"
    pinned = read_settings(environment(helm.template(MATRIX["digest"]))).engines
    assert pinned.engines["ollama-0-32"].image == f"localhost:5000/ollama:0.32.15@{DIGEST}"


@pytest.mark.parametrize(
    ("said", "budget"),
    [
        (3, Budget(lanes=3)),
        (0, Budget(lanes=0)),
        (10_000, Budget(lanes=10_000)),
        ("7", Budget(lanes=7)),
        ("25%", Budget(percent=25)),
    ],
)
def test_the_operator_reads_the_budget_of_rollouts(helm: Helm, said: int | str, budget: Budget) -> None:
    assert read_settings(environment(helm.template({"rollouts": {"maxLanes": said}}))).rollouts == budget


@pytest.mark.parametrize(
    ("values", "name", "made"),
    [("own account", "made-by-others", 0), ("named account", "operator", 1), ("defaults", RELEASE, 1)],
)
def test_the_account_that_runs_has_the_rights(helm: Helm, values: str, name: str, made: int) -> None:
    manifests = helm.template(MATRIX[values])
    assert pod(manifests)["spec"]["serviceAccountName"] == name
    assert [each["name"] for each in of_kind(manifests, "ClusterRoleBinding")["subjects"]] == [name]
    accounts = [each for each in manifests if each["kind"] == "ServiceAccount"]
    assert [each["metadata"]["name"] for each in accounts] == [name] * made
    assert not any(each["automountServiceAccountToken"] for each in accounts)


def test_the_operator_goes_where_it_is_told(helm: Helm) -> None:
    values = MATRIX["placement"]
    spec = pod(helm.template(values))["spec"]
    for each in ("tolerations", "affinity", "priorityClassName"):
        assert spec[each] == values[each]
    assert spec["nodeSelector"] == {"kubernetes.io/os": "linux", "type": "kwok"}
    selector = of_kind(helm.template(), "Deployment")["spec"]["selector"]
    assert spec["topologySpreadConstraints"] == [{**SPREAD, "labelSelector": selector}]


def test_a_constraint_keeps_its_own_selector(helm: Helm) -> None:
    own = {**SPREAD, "labelSelector": {"matchLabels": {"a": "b"}}}
    spec = pod(helm.template({"topologySpreadConstraints": [own]}))["spec"]
    assert spec["topologySpreadConstraints"] == [own]


def test_labels_are_on_everything_and_ours_stay(helm: Helm) -> None:
    manifests = helm.template(MATRIX["words"])
    metadata = [each["metadata"] for each in (*manifests, pod(manifests))]
    assert all(each["labels"]["team"] == "ml" for each in metadata)
    assert all(each["labels"]["app.kubernetes.io/name"] == "laneway" for each in metadata)


def test_labels_and_annotations_of_the_pod(helm: Helm) -> None:
    values = MATRIX["words"]
    metadata = pod(helm.template(values))["metadata"]
    assert values["podLabels"].items() <= metadata["labels"].items()
    assert metadata["annotations"]["example.com/a"] == "b"


def test_further_environment(helm: Helm) -> None:
    given = environment(helm.template(MATRIX["environment"]))
    assert given["HTTPS_PROXY"] == "http://proxy.example:3128"
    assert read_settings(given).log_level == "debug"


def test_one_operator_with_nothing_it_does_not_need(helm: Helm) -> None:
    spec = of_kind(helm.template(), "Deployment")["spec"]
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    assert spec["replicas"] == 1
    assert "strategy" not in spec, "a new one stands by until the old one gives the Lease back"
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["runAsUser"] == 65532
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    probes = {container[each]["httpGet"]["path"] for each in ("startupProbe", "readinessProbe", "livenessProbe")}
    assert probes == {"/healthz", "/readyz"}


def test_the_crds_are_the_generated_ones_and_outlive_their_release(helm: Helm) -> None:
    found = {each["metadata"]["name"]: each for each in helm.template(chart=CRD_CHART)}
    assert set(found) == {"llmworkerpools.laneway.dev", "placementprofiles.laneway.dev"}
    for name, crd in found.items():
        assert crd == yaml.safe_load((ROOT / "crds" / f"{name}.yaml").read_text())
        assert crd["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"


@pytest.mark.parametrize(
    ("endpoint", "port"),
    [("http://moto:5000/", 5000), ("http://moto", 80), ("https://moto", 443), ("http://10.200.0.1:4566", 4566)],
)
def test_a_closed_operator_reaches_its_emulator(helm: Helm, endpoint: str, port: int) -> None:
    values = {**MATRIX["closed"], "emulator": {**EMULATOR, "endpoint": endpoint}}
    egress = of_kind(helm.template(values), "NetworkPolicy")["spec"]["egress"]
    assert {"ports": [{"port": port, "protocol": "TCP"}]} in egress
    assert egress[-1] == {"ports": [{"port": 3128}]}


VALUES_OF_PAGES = [
    *yaml_blocks(ROOT / "docs/howto/install.md"),
    *((title, text) for title, text in yaml_blocks(ROOT / "docs/howto/gateway.md") if title == "Turn gateways on"),
]


@pytest.mark.parametrize("block", VALUES_OF_PAGES, ids=lambda each: each[0])
def test_the_values_of_a_page_are_taken(helm: Helm, block: tuple[str, str]) -> None:
    assert of_kind(helm.template(yaml.safe_load(block[1])), "Deployment")


def test_a_monitor_reads_a_port_that_is_there(helm: Helm) -> None:
    manifests = helm.template(MATRIX["monitoring"])
    service, monitor = of_kind(manifests, "Service"), of_kind(manifests, "ServiceMonitor")
    (port,) = service["spec"]["ports"]
    ports = [each["name"] for each in pod(manifests)["spec"]["containers"][0]["ports"]]
    assert monitor["spec"]["endpoints"][0]["port"] == port["name"]
    assert port["targetPort"] in ports
    (endpoint,) = of_kind(helm.template(MATRIX["pod monitor"]), "PodMonitor")["spec"]["podMetricsEndpoints"]
    assert endpoint["port"] in ports
    assert monitor["metadata"]["labels"]["release"] == "prometheus"


def test_one_monitor_reads_the_pods_of_every_pool(helm: Helm) -> None:
    monitor = of_kind(helm.template(MATRIX["pool metrics"]), "PodMonitor")["spec"]
    assert monitor["namespaceSelector"] == {"any": True}
    some = of_kind(helm.template(MATRIX["some pools' metrics"]), "PodMonitor")["spec"]
    assert some["namespaceSelector"] == {"matchNames": ["nlp", "law"]}
    (exists,) = monitor["selector"]["matchExpressions"]
    rendered = [*render(cases()["two-lanes"]), *render(cases()["gateway"])]
    served = [each["spec"]["template"] for each in rendered if each["kind"] == "Deployment"]
    assert len(served) == 6  # two lanes and the dead-letter handler; a lane, the handler and the gateways
    for template in served:
        labels = template["metadata"]["labels"]
        assert monitor["selector"]["matchLabels"].items() <= labels.items()
        assert exists == {"key": POOL_LABEL, "operator": "Exists"}
        assert POOL_LABEL in labels
        ports = [port["name"] for each in template["spec"]["containers"] for port in each.get("ports", ())]
        assert [each["port"] for each in monitor["podMetricsEndpoints"]] == ["health"]
        assert ports.count("health") == 1


@pytest.mark.parametrize(
    ("values", "name", "key"),
    [("authorities", "laneway", "bundle.pem"), ("dashboard that believes others", "laneway-dashboard", "ca.crt")],
    ids=["the operator", "the dashboard"],
)
def test_what_the_chart_runs_believes_whom_pools_believe(helm: Helm, values: str, name: str, key: str) -> None:
    made = next(
        each
        for each in helm.template(MATRIX[values])
        if (each["kind"], each["metadata"]["name"]) == ("Deployment", name)
    )
    pod = made["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    told = {each["name"]: each.get("value") for each in container["env"]}
    assert {each: told[each] for each in TRUSTED_BY} == dict.fromkeys(TRUSTED_BY, f"{TRUST_FOLDER}/{TRUST_FILE}")
    assert {"name": TRUST_VOLUME, "mountPath": TRUST_FOLDER, "readOnly": True} in container["volumeMounts"]
    wanted = {"name": "acme-trust", "items": [{"key": key, "path": TRUST_FILE}]}
    assert {"name": TRUST_VOLUME, "configMap": wanted} in pod["volumes"]


def test_the_operator_is_told_which_authorities_pools_have(helm: Helm) -> None:
    found = read_settings(environment(helm.template(MATRIX["authorities"]))).ca_bundle
    assert found is not None
    assert (found.config_map_name, found.key) == ("acme-trust", "bundle.pem")
    assert read_settings(environment(helm.template())).ca_bundle is None
