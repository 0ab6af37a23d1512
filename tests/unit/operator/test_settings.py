from __future__ import annotations

import json

import pytest

from laneway.schema.pool.table import CABundle
from laneway_operator.auxiliary import parse_auxiliary
from laneway_operator.engines import parse_engines
from laneway_operator.settings import (
    Budget,
    Emulator,
    Gateways,
    Settings,
    SettingsError,
    Tables,
    parse_budget,
    read_settings,
)

ENGINES = {"engines": {"one": {"image": "ollama:1"}}, "defaultEngine": "one"}
LEAST = {
    "LANEWAY_WORKER_IMAGE": "worker:1",
    "LANEWAY_ENGINES": json.dumps(ENGINES),
}


def test_the_chart_must_say_little() -> None:
    assert read_settings(LEAST) == Settings("worker:1", parse_engines(ENGINES))


def test_everything_can_be_said() -> None:
    everything = LEAST | {
        "LANEWAY_AWS_REGION": "eu-west-1",
        "LANEWAY_AWS_ENDPOINT": "http://aws:4566",
        "LANEWAY_AWS_SECRET": "aws-emulator",
        "LANEWAY_POD_REPORTS": "true",
        "LANEWAY_NETWORK_POLICIES": "true",
        "LANEWAY_HEALTH_ADDRESS": "127.0.0.1:9090",
        "LANEWAY_IMAGE_PULL_SECRETS": "registry mirror",
        "LANEWAY_LEASE": "kube-system/blue",
        "LANEWAY_OPERATOR": "laneway-system/blue",
        "LANEWAY_POD_NAME": "blue-1",
        "LANEWAY_ROLLOUTS_MAX_LANES": "3",
        "LANEWAY_NAMESPACES": "nlp law",
        "LANEWAY_CLUSTER_ID": "blue",
        "LANEWAY_LOG_LEVEL": "debug",
        "LANEWAY_DNS_ADDRESSES": "169.254.20.10/32 fd00::a/128",
        "LANEWAY_EGRESS_EXCEPT": "10.0.0.0/8",
        "LANEWAY_WORKER_PULL_POLICY": "Always",
        "LANEWAY_POOL_ENV": json.dumps({"NO_PROXY": ".svc", "HTTPS_PROXY": "http://proxy.example:3128"}),
        "LANEWAY_CA_BUNDLE": json.dumps({"configMapName": "acme-trust", "key": "bundle.pem"}),
        "LANEWAY_AUXILIARY": json.dumps({"nodeSelector": {"a": "b"}, "tolerations": [], "resources": {}}),
    }
    assert read_settings(everything) == Settings(
        "worker:1",
        parse_engines(ENGINES),
        region="eu-west-1",
        emulator=Emulator("http://aws:4566", "aws-emulator"),
        pod_reports=True,
        network_policies=True,
        image_pull_secrets=("registry", "mirror"),
        log_level="debug",
        health_address="127.0.0.1:9090",
        lease=("kube-system", "blue"),
        name="laneway-system/blue",
        pod_name="blue-1",
        rollouts=Budget(lanes=3),
        namespaces=("nlp", "law"),
        cluster_id="blue",
        dns_addresses=("169.254.20.10/32", "fd00::a/128"),
        egress_except=("10.0.0.0/8",),
        worker_pull_policy="Always",
        pool_env={"HTTPS_PROXY": "http://proxy.example:3128", "NO_PROXY": ".svc"},
        ca_bundle=CABundle.model_validate({"configMapName": "acme-trust", "key": "bundle.pem"}),
        auxiliary=parse_auxiliary({"nodeSelector": {"a": "b"}}),
    )


def test_what_is_empty_is_as_if_it_were_not_there() -> None:
    empty = {"LANEWAY_AWS_REGION": "", "LANEWAY_AWS_ENDPOINT": "", "LANEWAY_AWS_SECRET": ""}
    assert read_settings(LEAST | empty | {"LANEWAY_IMAGE_PULL_SECRETS": ""}) == read_settings(LEAST)


@pytest.mark.parametrize("name", LEAST)
@pytest.mark.parametrize("value", [None, ""])
def test_what_is_needed_is_named(name: str, value: str | None) -> None:
    environment = {key: each for key, each in LEAST.items() if key != name} | ({} if value is None else {name: value})
    with pytest.raises(SettingsError, match=name):
        read_settings(environment)


@pytest.mark.parametrize("name", ["LANEWAY_AWS_ENDPOINT", "LANEWAY_AWS_SECRET"])
def test_an_emulator_is_an_endpoint_and_a_secret(name: str) -> None:
    with pytest.raises(SettingsError, match="LANEWAY_AWS_ENDPOINT and LANEWAY_AWS_SECRET go together"):
        read_settings(LEAST | {name: "something"})


@pytest.mark.parametrize("value", ["yes", "True", "1", ""])
def test_a_switch_is_true_or_false(value: str) -> None:
    with pytest.raises(SettingsError, match="LANEWAY_POD_REPORTS should be true or false"):
        read_settings(LEAST | {"LANEWAY_POD_REPORTS": value})


def test_a_pull_policy_is_one_of_kubernetes() -> None:
    words = "LANEWAY_WORKER_PULL_POLICY should be one of IfNotPresent, Always, Never, not 'Sometimes'"
    with pytest.raises(SettingsError, match=words):
        read_settings(LEAST | {"LANEWAY_WORKER_PULL_POLICY": "Sometimes"})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "LANEWAY_ENGINES: Expecting property name"),
        ("[]", "LANEWAY_ENGINES: should be an object"),
        ('{"engines": {}, "defaultEngine": "one"}', "LANEWAY_ENGINES: engines: should"),
        (
            '{"engines": {"a": {"image": "b/c:1"}}, "defaultEngine": "one"}',
            "LANEWAY_ENGINES: defaultEngine should be one of engines (a), not one",
        ),
        (
            '{"engines": {"a": {"image": "b/c"}}, "defaultEngine": "a"}',
            "LANEWAY_ENGINES: engines.a.image: should be an image as a registry names it",
        ),
    ],
    ids=["no JSON", "a list", "none", "another default", "no tag"],
)
def test_engines_that_can_not_be_used_are_named(text: str, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(LEAST | {"LANEWAY_ENGINES": text})
    assert str(caught.value).startswith(words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "LANEWAY_AUXILIARY: Expecting property name"),
        ("[]", "LANEWAY_AUXILIARY: should be an object"),
        ('{"resources": {"limits": {"cpu": "1m"}}}', "LANEWAY_AUXILIARY: resources.limits: cpu should be 10m to 1000"),
        (
            '{"tolerations": [{"effect": "NoSchedule"}]}',
            "LANEWAY_AUXILIARY: tolerations[0]: a toleration without",
        ),
    ],
)
def test_what_pods_without_an_engine_can_not_have_is_named(text: str, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(LEAST | {"LANEWAY_AUXILIARY": text})
    assert str(caught.value).startswith(words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "LANEWAY_POOL_ENV: should be an object"),
        ('{"AWS_ENDPOINT_URL": "http://a"}', "LANEWAY_POOL_ENV: AWS_ENDPOINT_URL: should be one of AWS_USE_DUALSTACK"),
        (
            '{"AWS_USE_FIPS_ENDPOINT": true}',
            "LANEWAY_POOL_ENV: AWS_USE_FIPS_ENDPOINT should be true or false",
        ),
        ('{"HTTPS_PROXY": "http://me:secret@a"}', "LANEWAY_POOL_ENV: HTTPS_PROXY should be a URL without a password"),
        ('{"HTTPS_PROXY": "socks5://a:1"}', "LANEWAY_POOL_ENV: HTTPS_PROXY should be a URL without a password"),
        ('{"NO_PROXY": "a\\nb"}', "LANEWAY_POOL_ENV: NO_PROXY should be names"),
    ],
)
def test_variables_that_pools_can_not_have_are_named(text: str, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(LEAST | {"LANEWAY_POOL_ENV": text})
    assert str(caught.value).startswith(words)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("acme-trust", "LANEWAY_CA_BUNDLE: Expecting value"),
        ("{}", "LANEWAY_CA_BUNDLE: configMapName: is missing"),
        ('{"configMapName": "Acme"}', "LANEWAY_CA_BUNDLE: configMapName: "),
        ('{"configMapName": "acme", "key": "../a"}', "LANEWAY_CA_BUNDLE: key: "),
        ('{"configMapName": "acme", "secretName": "a"}', "LANEWAY_CA_BUNDLE: secretName: "),
    ],
)
def test_a_bundle_that_can_not_be_mounted_is_named(text: str, words: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read_settings(LEAST | {"LANEWAY_CA_BUNDLE": text})
    assert str(caught.value).startswith(words)


def test_a_log_level_is_one_of_a_few() -> None:
    with pytest.raises(SettingsError, match="LANEWAY_LOG_LEVEL should be one of debug, info, warning, error, not 'l"):
        read_settings(LEAST | {"LANEWAY_LOG_LEVEL": "loud"})


@pytest.mark.parametrize("value", ["laneway", "/laneway", "laneway/", "a/b/c"])
def test_a_lease_has_a_namespace_and_a_name(value: str) -> None:
    with pytest.raises(SettingsError, match="LANEWAY_LEASE should be namespace/name"):
        read_settings(LEAST | {"LANEWAY_LEASE": value})


PEERS = [{"ipBlock": {"cidr": "10.0.0.0/18"}}]


def test_gateways_are_off_until_their_image_is_named() -> None:
    assert read_settings(LEAST).gateways is None
    assert read_settings(LEAST | {"LANEWAY_GATEWAY_IMAGE": ""}).gateways is None
    assert read_settings(LEAST | {"LANEWAY_GATEWAY_IMAGE": "g:1"}).gateways == Gateways("g:1")
    told = {
        "LANEWAY_GATEWAY_IMAGE": "g:1",
        "LANEWAY_GATEWAY_PULL_POLICY": "Never",
        "LANEWAY_GATEWAY_DOORS_OPEN_TO": json.dumps(PEERS),
    }
    assert read_settings(LEAST | told).gateways == Gateways("g:1", "Never", tuple(PEERS))


@pytest.mark.parametrize("text", ["everybody", "{}", '["10.0.0.0/18"]'])
def test_whom_the_doors_are_open_to_is_a_list_of_objects(text: str) -> None:
    told = {"LANEWAY_GATEWAY_IMAGE": "g:1", "LANEWAY_GATEWAY_DOORS_OPEN_TO": text}
    with pytest.raises(SettingsError, match="LANEWAY_GATEWAY_DOORS_OPEN_TO should be a list of objects"):
        read_settings(LEAST | told)


def test_tables_are_off_until_their_image_is_named() -> None:
    assert read_settings(LEAST).tables is None
    assert read_settings(LEAST | {"LANEWAY_PROJECTOR_IMAGE": ""}).tables is None
    assert read_settings(LEAST | {"LANEWAY_PROJECTOR_IMAGE": "p:1"}).tables == Tables("p:1")
    told = {"LANEWAY_PROJECTOR_IMAGE": "p:1", "LANEWAY_PROJECTOR_PULL_POLICY": "Always"}
    assert read_settings(LEAST | told).tables == Tables("p:1", "Always")


@pytest.mark.parametrize(
    ("said", "awake", "most"),
    [("1", 100, 1), ("0", 100, 0), ("25", 3, 25), ("10%", 0, 1), ("10%", 10, 1), ("10%", 11, 2), ("100%", 7, 7)],
)
def test_a_budget_is_a_number_of_lanes_or_a_part_of_those_that_have_workers(said: str, awake: int, most: int) -> None:
    assert parse_budget(said).most(awake) == most


@pytest.mark.parametrize("said", ["-1", "1.5", "0%", "101%", "%", "10 %", "many", "01", "10001"])
def test_no_budget(said: str) -> None:
    with pytest.raises(SettingsError, match="LANEWAY_ROLLOUTS_MAX_LANES should be a number of lanes, 0 to 10000, or a"):
        read_settings(LEAST | {"LANEWAY_ROLLOUTS_MAX_LANES": said})
