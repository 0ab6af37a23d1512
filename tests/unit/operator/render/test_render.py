from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from laneway.schema.pool.documents.dead_letters import DeadLettersConfig
from laneway.schema.pool.documents.lane_config import LaneConfig
from laneway.schema.pool.documents.live_config import LiveConfig
from laneway.schema.pool.documents.pool_document import Owner
from laneway.schema.pool.documents.preflight import Preflight
from laneway.schema.pool.pods.ollama_variables import ALLOWED
from laneway.schema.shared.names import COMPONENT_LABEL, LANE_LABEL, MANAGED_BY_LABEL, POOL_LABEL
from laneway_operator.kinds import KINDS
from laneway_operator.known.digest import digest_of_manifest
from laneway_operator.render import render
from laneway_operator.render.deployment import SKIP_IDENTITY
from laneway_operator.render.meta import lane_child_name
from laneway_operator.settings import Emulator
from support.golden import FOLDER, ODD_RESOURCES, cases, text_of
from support.inputs.pools import TOPIC, named, pool_with
from support.operator.in_memory import CLUSTER_ID, EMULATED, OTHER_DEFAULT, OTHER_UID, SETTINGS, pool_view
from support.operator.policies import labels_of_pods, of_component, rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from laneway_operator.render.view import Manifest, PoolView
    from laneway_operator.settings import Settings

CASES = cases()
CONTENT_HASH = re.compile(r"-[0-9a-f]{8}$")

OF_POOL = {
    "ServiceAccount laneway-worker-documents",
    "ServiceAccount laneway-preflight-documents",
    "TriggerAuthentication laneway-documents",
}
PREFLIGHT = {"ConfigMap documents-preflight", "Job documents-preflight"}
HANDLER = {"Deployment documents-dead-letters-of-all-lanes"}
HANDLER_CONFIG = HANDLER | {"ConfigMap documents-dead-letters-of-all-lanes"}
"""The dead-letter handler reads every lane's document."""
HANDLER_SCALER = {"ScaledObject documents-dead-letters-of-all-lanes"}
LANE = {"ConfigMap documents-fast", "Deployment documents-fast"}
"""A pod reads the config by a name that changes with it."""
LIVE = {"ConfigMap documents-fast-live"}
"""What running workers read again: nothing else changes with it."""
LIVES = LIVE | {"ConfigMap documents-slow-live"}
CONFIG = LANE | HANDLER_CONFIG
DEPLOYMENT = {"Deployment documents-fast"}
SCALER = {"ScaledObject documents-fast"}
OTHER_LANE = {"ConfigMap documents-slow", "Deployment documents-slow"}
OTHER_SCALER = {"ScaledObject documents-slow"}
DEPLOYMENTS = DEPLOYMENT | {"Deployment documents-slow"}
LANES = LANE | OTHER_LANE
CONFIGS = LANES | HANDLER_CONFIG
SCALERS = SCALER | OTHER_SCALER
ROLES = {"Role laneway-worker-documents", "RoleBinding laneway-worker-documents"}
MEMORY_LIMIT, STORAGE = {"limits": {"memory": "12Gi"}}, {"ephemeral-storage": "6Gi"}
NOTHING = {"memory": "0", "ephemeral-storage": "0"}
DEFAULTS = {**MEMORY_LIMIT, "requests": {"memory": "6Gi", **STORAGE}}
OWN_QUEUE = {
    "external": {
        "url": "https://sqs.eu-west-1.amazonaws.com/1/a",
        "deadLetterURL": "https://sqs.eu-west-1.amazonaws.com/1/b",
    }
}

NIGHT = {"name": "night", "timezone": "Europe/Paris", "start": "0 1 * * *", "end": "0 5 * * *", "suspend": True}


def two_lanes(lane: dict[str, Any] | None = None, settings: Settings = SETTINGS, **spec: Any) -> PoolView:
    """The lanes `fast`, which has the fields, and `slow`."""
    lanes = [{"name": "fast"} | (lane or {}), {"name": "slow"}]
    return pool_view(named(pool_with(lanes=lanes, **spec)), settings)


def digests(view: PoolView) -> dict[str, tuple[str, str]]:
    """Kind and name without its content hash → the whole name, and the digest."""
    return {
        f"{each['kind']} {CONTENT_HASH.sub('', each['metadata']['name'])}": (
            each["metadata"]["name"],
            digest_of_manifest(each),
        )
        for each in render(view)
    }


def changed(before: PoolView, after: PoolView) -> set[str]:
    old, new = digests(before), digests(after)
    return {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}


@pytest.mark.parametrize("name", CASES)
def test_a_pool_is_rendered_as_its_golden_file_says(name: str) -> None:
    assert text_of(CASES[name]) == (FOLDER / f"{name}.yaml").read_text(), "run make golden; the diff is the review"


def test_every_golden_file_has_a_case() -> None:
    assert {path.stem for path in FOLDER.glob("*")} == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_rendering_twice_gives_the_same_bytes(name: str) -> None:
    assert text_of(cases()[name]) == text_of(CASES[name])


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (two_lanes({"scaling": {"maxReplicas": 2}}), SCALER),
        (two_lanes({"scaling": {"minReplicas": 1}}), SCALER),
        (two_lanes({"scaling": {"jobsPerReplica": 1}}), SCALER),
        (two_lanes({"scaling": {"cooldown": "1m"}}), SCALER),
        (two_lanes({"scaling": {"pollingInterval": "30s"}}), SCALER),
        (two_lanes({"scaling": {"scaleIn": {"percent": 50}}}), SCALER),
        (two_lanes({"scaling": {"scaleIn": {"period": "2m"}}}), SCALER),
        (two_lanes({"parallel": 2}), CONFIG | SCALER),
        (two_lanes({"limits": {"timeout": "4m"}}), CONFIG | LIVE | PREFLIGHT),  # a drain as long as that
        (two_lanes({"limits": {"timeout": "4m"}, "drainTimeout": "5m"}), LIVE | HANDLER_CONFIG | PREFLIGHT),
        (two_lanes({"limits": {"maxTokens": 100}}), LIVE | HANDLER_CONFIG | PREFLIGHT),
        # The handler has a grace of its own and works in quiet hours too; nor does it generate or report for a pod.
        (two_lanes({"drainTimeout": "10m"}), LANE),
        (two_lanes({"schedules": [NIGHT]}), LIVE | SCALER),
        (two_lanes({"placement": {"profiles": ["other-cpu"]}}), DEPLOYMENT),
        (two_lanes({"placement": {"profiles": ["gpu"]}}), DEPLOYMENT | LIVE),
        (two_lanes({"resources": {"requests": {"cpu": 2}}}), DEPLOYMENT),
        (two_lanes({"model": {"name": "gemma3:1b"}}), CONFIG | PREFLIGHT),
        (two_lanes({"model": {"name": "gemma3:4b", "contextLength": 4096}}), CONFIG | PREFLIGHT),
        (two_lanes({"queue": OWN_QUEUE}), CONFIG | SCALER | HANDLER_SCALER | PREFLIGHT),
        (two_lanes(model={"name": "gemma3:1b"}), CONFIGS | PREFLIGHT),
        (
            two_lanes(destinations=[{"name": "legal", "s3": {"bucket": "acme-legal", "prefix": "llm/"}}]),
            LIVES | PREFLIGHT,
        ),
        (two_lanes(notifications={"sns": {"topicARN": TOPIC}}), LIVES | HANDLER_CONFIG | PREFLIGHT),
        (two_lanes(aws={"region": "us-east-2"}), CONFIGS | SCALERS | HANDLER_SCALER | PREFLIGHT),
        (two_lanes(settings=replace(SETTINGS, worker_image="worker:2")), DEPLOYMENTS | HANDLER | PREFLIGHT),
        (two_lanes(engine="ollama-0-32"), DEPLOYMENTS),
        (two_lanes(engine="ollama-0-12"), set()),
        (two_lanes(settings=replace(SETTINGS, engines=OTHER_DEFAULT)), DEPLOYMENTS),
        (two_lanes(settings=replace(SETTINGS, engines=OTHER_DEFAULT), engine="ollama-0-12"), set()),
        (two_lanes(settings=replace(SETTINGS, image_pull_secrets=("a",))), DEPLOYMENTS | HANDLER | PREFLIGHT),
        (two_lanes(pods={"imagePullSecrets": ["a"]}), DEPLOYMENTS | HANDLER | PREFLIGHT),
        (two_lanes(pods={"labels": {"team": "a"}}), DEPLOYMENTS | HANDLER | PREFLIGHT),
        (two_lanes(pods={"annotations": {"note": "a"}}), DEPLOYMENTS | HANDLER | PREFLIGHT),
        (two_lanes(pods={"env": [{"name": "OLLAMA_FLASH_ATTENTION", "value": "1"}]}), DEPLOYMENTS),
        (two_lanes(pods={"priorityClassName": "high"}), DEPLOYMENTS),
        (two_lanes(pods={"runtimeClassName": "nvidia"}), DEPLOYMENTS),
        (two_lanes({"pods": {"labels": {"team": "a"}}}), DEPLOYMENT),
        (two_lanes({"pods": {"env": [{"name": "OLLAMA_VULKAN", "value": "1"}]}}), DEPLOYMENT),
        (two_lanes(modelStore={"pull": {}}), set()),
        (two_lanes(modelStore={"image": {"reference": "models:1"}}), LANES),
        (two_lanes(modelStore={"volumeClaim": {"name": "models"}}), LANES),
        (two_lanes(settings=replace(SETTINGS, pod_reports=True)), LANES | ROLES),
        (
            two_lanes(settings=EMULATED),
            CONFIGS | SCALERS | HANDLER_SCALER | PREFLIGHT | {"TriggerAuthentication laneway-documents"},
        ),
        (replace(two_lanes(), uid=OTHER_UID), OF_POOL | CONFIGS | LIVES | SCALERS | HANDLER_SCALER | PREFLIGHT),
    ],
)
def test_a_change_reaches_the_right_children_and_no_other(after: PoolView, expected: set[str]) -> None:
    assert changed(two_lanes(), after) == expected


@pytest.mark.parametrize(
    "settings",
    [
        replace(EMULATED, worker_image="worker:2"),
        replace(EMULATED, image_pull_secrets=("a",)),
        replace(EMULATED, emulator=None),
        replace(EMULATED, emulator=Emulator("http://aws.emulator:4566", "another")),
    ],
)
def test_a_jobs_template_is_never_changed_because_kubernetes_refuses_it(settings: Settings) -> None:
    def job(view: PoolView) -> Manifest:
        return next(each for each in render(view) if each["kind"] == "Job")

    before, after = job(two_lanes(settings=EMULATED)), job(two_lanes(settings=settings))
    assert before["metadata"]["name"] != after["metadata"]["name"]


@pytest.mark.parametrize("name", CASES)
def test_no_child_holds_what_the_api_server_drops(name: str) -> None:
    def leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
        inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, each in inner:
            yield from leaves(each, f"{path}.{key}")
        yield path, value

    dropped = [path for each in render(CASES[name]) for path, value in leaves(each, "") if value is None or value == []]
    assert dropped == []


@pytest.mark.parametrize("name", CASES)
def test_every_child_is_owned_by_its_pool_and_labelled_and_of_a_known_kind(name: str) -> None:
    view = CASES[name]
    for each in render(view):
        metadata = each["metadata"]
        (owner,) = metadata["ownerReferences"]
        assert (owner["uid"], owner["controller"], metadata["namespace"]) == (view.uid, True, view.namespace)
        assert metadata["labels"]["app.kubernetes.io/managed-by"] == "laneway"
        assert metadata["labels"]["laneway.dev/pool"] == view.name
        assert each["apiVersion"] == KINDS[each["kind"]].api


@pytest.mark.parametrize("name", CASES)
def test_the_documents_in_config_maps_are_what_their_readers_parse(name: str) -> None:
    maps = [each["data"] for each in render(CASES[name]) if each["kind"] == "ConfigMap"]
    lanes = [LaneConfig.model_validate_json(each["lane.json"]) for each in maps if "lane.json" in each]
    live = [LiveConfig.model_validate_json(each["live.json"]) for each in maps if "live.json" in each]
    preflights = [Preflight.model_validate_json(each["preflight.json"]) for each in maps if "preflight.json" in each]
    assert lanes == [each.config for each in CASES[name].lanes]
    assert live == [each.live for each in CASES[name].lanes]
    assert [each.document.lanes[0].name for each in preflights] == [lanes[0].lane]


@pytest.mark.parametrize("name", CASES)
def test_no_pod_can_take_its_nodes_memory_or_disk(name: str) -> None:
    for pod in _pods(CASES[name]):
        for container in [*pod["containers"], *pod.get("initContainers", [])]:
            assert "memory" in container["resources"]["limits"], container["name"]
        for volume in pod["volumes"]:
            assert volume.get("emptyDir", {"sizeLimit": "none of this kind"})["sizeLimit"], volume["name"]


def test_an_image_of_a_tag_that_moves_can_be_pulled_anew_each_time() -> None:
    settings = replace(SETTINGS, worker_pull_policy="Never")
    for pod in _pods(two_lanes(settings=settings, engine="ollama-0-32")):
        assert [each["imagePullPolicy"] for each in pod["containers"]] == ["Never"]
        assert [each["imagePullPolicy"] for each in pod.get("initContainers", [{"imagePullPolicy": "Always"}])] == [
            "Always"
        ]


@pytest.mark.parametrize("name", CASES)
def test_no_container_may_do_more_than_it_must(name: str) -> None:
    for pod in _pods(CASES[name]):
        assert pod["securityContext"]["runAsNonRoot"]
        assert not pod["automountServiceAccountToken"]
        for container in [*pod["containers"], *pod.get("initContainers", [])]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
                "readOnlyRootFilesystem": True,
            }


def test_ollama_gets_neither_the_api_token_nor_credentials_and_listens_on_loopback() -> None:
    view = pool_view(named(pool_with()), replace(EMULATED, pod_reports=True))
    (pod,) = [each for each in _pods(view) if "initContainers" in each]
    (ollama,), (worker,) = pod["initContainers"], pod["containers"]
    assert {each["name"] for each in worker["volumeMounts"]} >= {"token"}
    assert {each["name"] for each in ollama["volumeMounts"]} == {"models", "home", "tmp"}
    assert {each["name"] for each in worker["env"]} == {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    assert {each["name"]: each["value"] for each in ollama["env"]}["OLLAMA_HOST"] == "127.0.0.1:11434"


def test_the_worker_is_asked_whether_its_ollama_should_be_started_anew() -> None:
    (pod, _) = [each for each in _pods(two_lanes({})) if "initContainers" in each]
    (ollama,), (worker,) = pod["initContainers"], pod["containers"]
    asked = ollama["livenessProbe"]["httpGet"]
    assert (asked["path"], asked["port"]) == ("/livez/engine", worker["livenessProbe"]["httpGet"]["port"])
    patience = ollama["livenessProbe"]["failureThreshold"] * ollama["livenessProbe"]["periodSeconds"]
    assert patience > 2 * worker["livenessProbe"]["failureThreshold"] * worker["livenessProbe"]["periodSeconds"]


def test_a_pools_variables_are_ollamas_alone_and_none_of_laneways_is_among_those_it_may_set() -> None:
    def of(view: PoolView) -> dict[str, list[dict[str, str]]]:
        containers = (each for pod in _pods(view) for each in [*pod["containers"], *pod.get("initContainers", [])])
        return {each["name"]: each.get("env", []) for each in containers}

    proxy = {"name": "HTTPS_PROXY", "value": "http://proxy.example:3128"}
    plain, found = of(two_lanes()), of(two_lanes(pods={"env": [proxy]}))
    assert found == plain | {"ollama": [*plain["ollama"], proxy]}
    assert {each["name"] for each in plain["ollama"]}.isdisjoint(ALLOWED)


def test_only_ollama_asks_for_the_accelerator() -> None:
    (pod,) = [each for each in _pods(two_lanes({"placement": {"profiles": ["gpu"]}})) if "nodeSelector" in each]
    (ollama,), (worker,) = pod["initContainers"], pod["containers"]
    assert ollama["resources"] == {
        "limits": {"memory": "24Gi", "nvidia.com/gpu": "1"},
        "requests": {"memory": "2Gi", "ephemeral-storage": "6Gi", "nvidia.com/gpu": "1"},
    }
    assert "nvidia.com/gpu" not in json.dumps(worker)


def test_what_a_lane_asks_for_takes_no_accelerator_away() -> None:
    lane = {"placement": {"profiles": ["gpu"]}, "resources": ODD_RESOURCES}
    (pod,) = [each for each in _pods(two_lanes(lane)) if "nodeSelector" in each]
    (ollama,), (worker,) = pod["initContainers"], pod["containers"]
    assert ollama["resources"] == {
        "limits": {"cpu": "2", "memory": "1536Mi", "nvidia.com/gpu": "1"},
        "requests": {
            "cpu": "500m",
            "memory": "1Gi",
            "ephemeral-storage": "1181116006400m",
            "nvidia.com/gpu": "1",
        },
    }
    assert worker == _pods(two_lanes())[1]["containers"][0]


@pytest.mark.parametrize(
    ("resources", "rendered"),
    [
        ({}, DEFAULTS),
        ({"requests": {}, "limits": {}}, DEFAULTS),
        ({"requests": {"cpu": 2}}, {**MEMORY_LIMIT, "requests": {"cpu": "2", "memory": "6Gi", **STORAGE}}),
        ({"requests": {"memory": "3Gi"}}, {**MEMORY_LIMIT, "requests": {"memory": "3Gi", **STORAGE}}),
        ({"requests": {"memory": "20Gi"}}, {"limits": {"memory": "20Gi"}, "requests": {"memory": "20Gi", **STORAGE}}),
        ({"requests": {"memory": 0, "ephemeral-storage": 0}}, {**MEMORY_LIMIT, "requests": NOTHING}),
        ({"limits": {"cpu": 2}}, {**DEFAULTS, "limits": {"cpu": "2", "memory": "12Gi"}}),
        ({"limits": {"memory": "2Gi"}}, {"limits": {"memory": "2Gi"}, "requests": STORAGE}),
        (
            {"limits": {"ephemeral-storage": "20Gi"}},
            {"limits": {"memory": "12Gi", "ephemeral-storage": "20Gi"}, "requests": {"memory": "6Gi"}},
        ),
        (
            {"requests": {"ephemeral-storage": "1Gi"}},
            {**DEFAULTS, "requests": {"memory": "6Gi", "ephemeral-storage": "1Gi"}},
        ),
    ],
)
def test_a_lane_without_an_accelerator_asks_for_what_it_says_and_has_a_limit_in_any_case(
    resources: dict[str, Any], rendered: dict[str, Any]
) -> None:
    (ollama,) = _pods(two_lanes({"resources": resources}))[1]["initContainers"]
    assert ollama.get("resources") == rendered


@pytest.mark.parametrize("profiles", [["cpu"], ["gpu"]])
def test_a_lane_whose_models_size_is_not_known_asks_for_an_engine_alone(profiles: list[str]) -> None:
    view = two_lanes({"placement": {"profiles": profiles}}, model={"name": "of-my-own"})
    (ollama,) = next(each for each in _pods(view) if "initContainers" in each)["initContainers"]
    assert {"memory": "256Mi"}.items() <= ollama["resources"]["requests"].items()
    assert "ephemeral-storage" not in ollama["resources"]["requests"]


@pytest.mark.parametrize("store", [{"image": {"reference": "models:1"}}, {"volumeClaim": {"name": "models"}}])
def test_a_model_that_is_not_pulled_needs_no_room_of_the_pods(store: dict[str, Any]) -> None:
    (ollama,) = _pods(two_lanes(modelStore=store))[1]["initContainers"]
    assert ollama["resources"]["requests"] == {"memory": "6Gi"}


def test_a_deployment_never_says_how_many_replicas_there_are() -> None:
    assert all("replicas" not in each["spec"] for each in render(two_lanes()) if each["kind"] == "Deployment")


def test_a_pool_with_an_account_of_its_own_makes_none_and_all_its_pods_use_it() -> None:
    view = two_lanes(serviceAccount={"name": "claims"})
    assert {each["serviceAccountName"] for each in _pods(view)} == {"claims"}
    assert "ServiceAccount" not in {each["kind"] for each in render(view)}


STAY, EVICT = "karpenter.sh/do-not-disrupt", "cluster-autoscaler.kubernetes.io/safe-to-evict"


@pytest.mark.parametrize(
    ("lane", "spec", "holds"),
    [
        ({}, {}, True),
        ({"placement": {"profiles": ["gpu"]}}, {}, True),
        ({"placement": {"profiles": ["gpu-spot", "gpu"]}}, {}, False),
        ({}, {"pods": {"annotations": {STAY: "true"}}}, False),
        ({"pods": {"annotations": {EVICT: "true"}}}, {}, False),
        ({}, {"serviceAccount": {"name": "claims"}}, False),
    ],
)
def test_a_worker_holds_its_node_unless_that_may_go_on_notice_or_the_pool_decides(
    lane: dict[str, Any], spec: dict[str, Any], *, holds: bool
) -> None:
    view = two_lanes(lane, replace(SETTINGS, pod_reports=True), **spec)
    assert view.lanes[0].config.hold_node is holds
    assert not two_lanes(lane, **spec).lanes[0].config.hold_node


def test_what_is_published_says_whose_it_is() -> None:
    owner = two_lanes().preflight.document.owner
    assert owner == Owner(cluster=CLUSTER_ID)


@pytest.mark.parametrize(("name", "roles"), [("claims", 0), ("laneway-worker-claims", 2)])
def test_an_account_that_no_policy_binds_gets_no_right_on_pods_and_no_token(name: str, roles: int) -> None:
    view = two_lanes(settings=replace(SETTINGS, pod_reports=True), serviceAccount={"name": name})
    found = [each for each in render(view) if each["kind"].startswith("Role")]
    assert len(found) == roles
    assert [each["subjects"][0]["name"] for each in found if "subjects" in each] == [name] * (roles // 2)
    assert [each.config.pod_reports for each in view.lanes] == [roles > 0] * 2
    assert ("serviceAccountToken" in json.dumps(_pods(view))) == (roles > 0)


@pytest.mark.parametrize(
    ("settings", "roles"), [(SETTINGS, 0), (replace(SETTINGS, pod_reports=True), 2)], ids=["off", "on"]
)
def test_workers_may_touch_pods_only_where_a_policy_bounds_it(settings: Settings, roles: int) -> None:
    kinds = [each["kind"] for each in render(two_lanes(settings=settings))]
    assert len([each for each in kinds if each.startswith("Role")]) == roles


@pytest.mark.parametrize(
    ("lane", "formula"),
    [
        ({}, "max(total / 4.0, (total - waiting) / 1.0, 0.0)"),
        ({"parallel": 4}, "max(total / 4.0, (total - waiting) / 4.0, 0.0)"),
        (
            {"scaling": {"minReplicas": 2, "maxReplicas": 9, "jobsPerReplica": 10}},
            "max(total / 10.0, (total - waiting) / 1.0, 2.0)",
        ),
    ],
)
def test_the_formula_counts_what_waits_what_runs_and_the_floor(lane: dict[str, Any], formula: str) -> None:
    scaler = next(each for each in render(two_lanes(lane)) if each["kind"] == "ScaledObject")
    assert scaler["spec"]["advanced"]["scalingModifiers"]["formula"] == formula
    assert scaler["spec"]["minReplicaCount"] == 0


def test_a_name_is_kept_while_a_pods_name_fits_a_hostname() -> None:
    assert lane_child_name("p" * 26, "l" * 19) == "p" * 26 + "-" + "l" * 19
    cut = lane_child_name("p" * 26, "l" * 20)
    assert (len(cut), cut[:38]) == (46, "p" * 26 + "-" + "l" * 10 + "-")


def test_lanes_whose_long_names_begin_alike_have_different_children() -> None:
    names = [lane_child_name("p" * 40, lane) for lane in ("l" * 20, "l" * 19 + "m")]
    assert len(set(names)) == 2


def test_a_pod_may_leave_for_as_long_as_it_drains_and_then_some() -> None:
    (pod, _) = [each for each in _pods(two_lanes({"drainTimeout": "10m"})) if "initContainers" in each]
    assert pod["terminationGracePeriodSeconds"] == 630


def test_the_dead_letter_handler_gives_back_what_it_holds_before_it_is_killed() -> None:
    manifests = render(two_lanes({"drainTimeout": "10m", "schedules": [NIGHT]}))
    (document,) = [
        each["data"]["dead-letters.json"] for each in manifests if "dead-letters.json" in each.get("data", {})
    ]
    (pod,) = [pod for pod in _pods_of(manifests) if "--dead-letters" in pod["containers"][0].get("args", [])]
    for lane in DeadLettersConfig.model_validate_json(document).lanes:
        assert lane.config.drain_seconds < pod["terminationGracePeriodSeconds"]
        assert lane.live.quiet == ()


def test_a_pools_own_labels_and_annotations_are_on_every_pod_and_change_no_selector() -> None:
    own = {"labels": {"team": "a"}, "annotations": {"karpenter.sh/do-not-disrupt": "true"}}
    before, after = (_workloads(view) for view in (two_lanes(), two_lanes(pods=own)))
    assert len(after) == 4
    for plain, each in zip(before, after, strict=True):
        metadata, was = (spec["template"]["metadata"] for spec in (each, plain))
        assert metadata["labels"] == was["labels"] | own["labels"]
        assert metadata["annotations"] == was.get("annotations", {}) | own["annotations"]
        assert each.get("selector") == plain.get("selector")


def test_what_a_lane_says_of_its_pods_wins_and_is_its_workers_alone() -> None:
    pool = {
        "labels": {"team": "a", "site": "x"},
        "annotations": {"a.example/note": "a", "a.example/other": "b"},
        "priorityClassName": "low",
        "runtimeClassName": "nvidia",
        "env": [{"name": "NO_PROXY", "value": "a"}, {"name": "OLLAMA_VULKAN", "value": "1"}],
    }
    lane = {
        "labels": {"team": "b"},
        "annotations": {"a.example/note": "c"},
        "priorityClassName": "high",
        "env": [{"name": "NO_PROXY", "value": "b"}],
    }
    plain, said = render(two_lanes(pods=pool)), render(two_lanes({"pods": lane}, pods=pool))
    fast, slow = (_template(said, each) for each in ("documents-fast", "documents-slow"))
    assert fast["metadata"]["labels"].items() >= {"team": "b", "site": "x"}.items()
    assert fast["metadata"]["annotations"].items() >= {"a.example/note": "c", "a.example/other": "b"}.items()
    assert (fast["spec"]["priorityClassName"], fast["spec"]["runtimeClassName"]) == ("high", "nvidia")
    env = {each["name"]: each["value"] for each in fast["spec"]["initContainers"][0]["env"]}
    assert (env["NO_PROXY"], env["OLLAMA_VULKAN"]) == ("b", "1")
    assert slow == _template(plain, "documents-slow")
    handler = "documents-dead-letters-of-all-lanes"
    assert _template(said, handler) == _template(plain, handler)


def _template(manifests: list[Manifest], name: str) -> Manifest:
    found: list[Manifest] = [
        each["spec"]["template"]
        for each in manifests
        if (each["kind"], each["metadata"]["name"]) == ("Deployment", name)
    ]
    return found[0]


def test_what_laneway_says_of_a_pod_stays() -> None:
    """A newer CRD may let through what this operator's models refuse, and rendering trusts neither."""
    view = two_lanes()
    theirs = {POOL_LABEL: "another", COMPONENT_LABEL: "other", MANAGED_BY_LABEL: "somebody", LANE_LABEL: "other"}
    template = view.pool.spec.pods.model_copy(update={"labels": theirs, "annotations": {SKIP_IDENTITY: "none"}})
    spec = view.pool.spec.model_copy(update={"pods": template})
    forced = replace(view, pool=view.pool.model_copy(update={"spec": spec}))
    for plain, each in zip(_workloads(view), _workloads(forced), strict=True):
        metadata, was = (found["template"]["metadata"] for found in (each, plain))
        assert was["labels"].items() <= metadata["labels"].items()
        assert was.get("annotations", {}).items() <= metadata["annotations"].items()


def _workloads(view: PoolView) -> list[Manifest]:
    return [each["spec"] for each in render(view) if "template" in each.get("spec", {})]


def _pods(view: PoolView) -> list[Manifest]:
    return _pods_of(render(view))


def _pods_of(manifests: Iterable[Manifest]) -> list[Manifest]:
    return [each["spec"]["template"]["spec"] for each in manifests if each["kind"] in ("Deployment", "Job")]


@pytest.mark.parametrize(
    ("settings", "ports"),
    [
        (replace(SETTINGS, network_policies=True), [443]),
        (replace(SETTINGS, network_policies=True, pod_reports=True), [443, 6443]),
        (replace(EMULATED, network_policies=True), [443, 4566]),
        (replace(SETTINGS, network_policies=True, emulator=Emulator("http://aws", "secret")), [80, 443]),
        (replace(SETTINGS, network_policies=True, emulator=Emulator("https://aws", "secret")), [443]),
    ],
)
def test_pods_reach_no_server_but_those_that_they_need(settings: Settings, ports: list[int]) -> None:
    view = two_lanes(settings=settings)
    servers = [each for each in rules(view, of_component(view, "worker"), "egress") if "to" not in each]
    assert sorted({port["port"] for each in servers for port in each["ports"]}) == ports


def test_pods_that_may_not_write_onto_themselves_do_not_reach_the_api_server() -> None:
    view = two_lanes(settings=replace(SETTINGS, network_policies=True, pod_reports=True), serviceAccount={"name": "a"})
    assert rules(view, of_component(view, "worker"), "egress")[-1] == {"ports": [{"port": 443, "protocol": "TCP"}]}


def test_a_pod_of_a_component_that_no_policy_knows_has_names_and_nothing_else() -> None:
    view = two_lanes(settings=replace(SETTINGS, network_policies=True))
    labels = of_component(view, "preflight") | {COMPONENT_LABEL: "another"}
    assert [each["port"] for rule in rules(view, labels, "egress") for each in rule["ports"]] == [53, 53]
    assert rules(view, labels, "ingress") == []


def test_nobody_reaches_a_preflight_and_probes_reach_who_answers_them() -> None:
    view = two_lanes(settings=replace(SETTINGS, network_policies=True))
    reached = {labels[COMPONENT_LABEL]: bool(rules(view, labels, "ingress")) for labels in labels_of_pods(view)}
    assert reached == {"worker": True, "preflight": False, "dead-letters": True}


def test_workers_of_before_components_were_labelled_keep_their_way_to_aws() -> None:
    view = two_lanes(settings=replace(SETTINGS, network_policies=True))
    labels = {key: each for key, each in of_component(view, "worker").items() if key != COMPONENT_LABEL}
    assert rules(view, labels, "egress") == rules(view, of_component(view, "worker"), "egress")


def test_what_makes_pods_has_their_label() -> None:
    made = [each for each in render(two_lanes()) if each["kind"] in ("Deployment", "Job")]
    marks = [(each["metadata"], each["spec"]["template"]["metadata"]) for each in made]
    assert [own["labels"][COMPONENT_LABEL] == pods["labels"][COMPONENT_LABEL] for own, pods in marks] == [True] * 4
