"""Golden files of what is rendered and of statuses, for a review. `python -m support.golden` rewrites them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from laneway.schema.pool.table import CABundle
from laneway.schema.shared.yaml_text import write_yaml
from laneway_operator.auxiliary import parse_auxiliary
from laneway_operator.render import render
from laneway_operator.settings import Gateways, Tables
from support import golden_status
from support.inputs.pools import TOPIC, named, pool_with
from support.operator.in_memory import EMULATED, GATED, SETTINGS, TABLED, pool_view

if TYPE_CHECKING:
    from collections.abc import Mapping

    from laneway_operator.render.view import PoolView

FOLDER = Path(__file__).parents[1] / "data" / "output" / "render"
DIGEST = "sha256:" + "a" * 64
ACCOUNT = "https://sqs.eu-west-1.amazonaws.com/123456789012"

ROLE = "eks.amazonaws.com/role-arn"

MODEL_IMAGE = "registry.example/models/gemma3:4b"

ON_DEMAND = {
    "preference": {
        "matchExpressions": [{"key": "karpenter.sh/capacity-type", "operator": "In", "values": ["on-demand"]}]
    },
    "weight": 100,
}

PODS = {
    "labels": {"team": "claims", "app.kubernetes.io/part-of": "claims"},
    "annotations": {"karpenter.sh/do-not-disrupt": "true"},
    "env": [
        {"name": "OLLAMA_FLASH_ATTENTION", "value": "1"},
        {"name": "HTTPS_PROXY", "value": "http://proxy.example:3128"},
    ],
    "imagePullSecrets": ["mirror", "registry"],
    "priorityClassName": "batch",
    "runtimeClassName": "nvidia",
}

AUXILIARY = parse_auxiliary(
    {
        "nodeSelector": {"kubernetes.io/arch": "amd64"},
        "tolerations": [{"key": "dedicated", "operator": "Equal", "value": "platform", "effect": "NoSchedule"}],
        "affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [ON_DEMAND]}},
        "resources": {"limits": {"cpu": 1}, "requests": {"cpu": "10m", "memory": "1Gi"}},
    }
)

PROXIED = {
    "AWS_USE_FIPS_ENDPOINT": "true",
    "HTTPS_PROXY": "http://proxy.example:3128",
    "NO_PROXY": "169.254.170.23,.svc",
}

TRUSTED = CABundle.model_validate({"configMapName": "acme-trust", "key": "bundle.pem"})

PODS_OF_A_LANE = {
    "labels": {"team": "intake"},
    "annotations": {"karpenter.sh/do-not-disrupt": "false"},
    "env": [{"name": "OLLAMA_FLASH_ATTENTION", "value": "0"}],
    "priorityClassName": "urgent",
}

ODD_RESOURCES = {
    "requests": {"cpu": "0.5", "memory": "1024Mi", "ephemeral-storage": "1.1Gi"},
    "limits": {"cpu": "2000m", "memory": "1.5Gi"},
}
"""Which the API server writes otherwise."""

HUNGRY_LANES = [
    {"name": "gpu", "placement": {"profiles": ["gpu"]}, "resources": ODD_RESOURCES},
    {"name": "cpu", "resources": {"requests": {"cpu": 4, "memory": "6Gi"}}},
]

GPU_LANES = [
    {
        "name": "fast",
        "parallel": 2,
        "limits": {"timeout": "5m", "expiresAfter": "15m", "maxTokens": 1024},
        "scaling": {
            "maxReplicas": 8,
            "jobsPerReplica": 2,
            "cooldown": "10m",
            "pollingInterval": "30s",
            "scaleIn": {"percent": 50, "period": "30s"},
        },
        "placement": {"profiles": ["gpu"]},
    },
    {
        "name": "slow",
        "model": {"name": "gemma3:12b", "digest": DIGEST, "contextLength": 4096},
        "limits": {"timeout": "2h"},
        "drainTimeout": "10m",
        "placement": {"profiles": ["cpu"]},
    },
]

SCHEDULES = [
    {"name": "office", "timezone": "Europe/Paris", "start": "0 8 * * 1-5", "end": "0 19 * * 1-5", "minReplicas": 2},
    {"name": "night", "timezone": "Europe/Paris", "start": "0 1 * * *", "end": "0 5 * * *", "suspend": True},
    {"name": "rush", "timezone": "UTC", "start": "0 9 * * mon", "end": "30 9 * * mon", "minReplicas": 4},
    {"name": "lunch", "timezone": "America/New_York", "start": "0 12 * * *", "end": "0 13 * * *", "suspend": True},
]


def cases() -> dict[str, PoolView]:
    """Name of the golden file → the pool that is rendered."""
    of_all = (_of_lanes, _of_settings, _of_scaling, _of_placement, _of_pods, _of_gateways, _of_tables)
    return {name: view for of in of_all for name, view in of().items()}


def _of_lanes() -> dict[str, PoolView]:
    own = {"queue": {"external": {"url": f"{ACCOUNT}/claims", "deadLetterURL": f"{ACCOUNT}/claims-dead"}}}
    two = pool_with(
        lanes=GPU_LANES,
        destinations=[{"name": "legal", "s3": {"bucket": "acme-legal", "prefix": "llm/"}}],
        notifications={"sns": {"topicARN": TOPIC}},
        aws={"region": "eu-central-1"},
    )
    return {
        "smallest": pool_view(named(pool_with())),
        "two-lanes": pool_view(named(two)),
        "own-queues": pool_view(named(pool_with(lane=own))),
        "long-names": pool_view(named(pool_with(lanes=[{"name": "l" * 20}, {"name": "m" * 20}]), name="p" * 40)),
    }


def _of_settings() -> dict[str, PoolView]:
    keyed = {"keys": {"secretName": "documents-keys"}}
    placed = replace(SETTINGS, auxiliary=AUXILIARY, gateways=GATED.gateways, tables=TABLED.tables)
    proxied = replace(SETTINGS, pool_env=PROXIED, network_policies=True, gateways=GATED.gateways, tables=TABLED.tables)
    trusting = replace(SETTINGS, ca_bundle=TRUSTED, gateways=GATED.gateways, tables=TABLED.tables)
    walled = replace(
        SETTINGS,
        network_policies=True,
        pod_reports=True,
        dns_addresses=("169.254.20.10/32",),
        egress_except=("100.64.0.0/10", "fd00:10::/64"),
    )
    return {
        "emulator": pool_view(named(pool_with()), EMULATED),
        "emulator-with-pod-reports": pool_view(named(pool_with()), replace(EMULATED, pod_reports=True)),
        "pod-reports": pool_view(named(pool_with()), replace(SETTINGS, pod_reports=True)),
        "network-policy": pool_view(named(pool_with()), walled),
        "network-policy-of-an-emulator": pool_view(named(pool_with()), replace(EMULATED, network_policies=True)),
        "pull-secrets": pool_view(named(pool_with()), replace(SETTINGS, image_pull_secrets=("registry", "mirror"))),
        "environment": pool_view(named(pool_with(gateway=keyed, table={"postgres": {"secretName": "db"}})), proxied),
        "ca-bundle": pool_view(named(pool_with(gateway=keyed, table={"postgres": {"secretName": "db"}})), trusting),
        "auxiliary": pool_view(named(pool_with(gateway=keyed, table={"postgres": {"secretName": "db"}})), placed),
    }


def _of_scaling() -> dict[str, PoolView]:
    scheduled = {"parallel": 2, "scaling": {"maxReplicas": 6}, "schedules": SCHEDULES}
    floored = {"parallel": 4, "scaling": {"minReplicas": 2, "maxReplicas": 6}}
    return {
        "schedules": pool_view(named(pool_with(lane=scheduled))),
        "suspended": pool_view(named(pool_with(suspend=True))),
        "parallel-4-floor-2": pool_view(named(pool_with(lane=floored))),
    }


def _of_placement() -> dict[str, PoolView]:
    profiles = {
        "two-profiles": ["gpu-spot", "gpu"],
        "three-profiles": ["gpu-spot", "gpu", "small-gpu"],
        "a-profile-and-anywhere": ["other-cpu", "cpu"],
    }
    return {name: pool_view(named(pool_with(lane={"placement": {"profiles": p}}))) for name, p in profiles.items()}


def _of_pods() -> dict[str, PoolView]:
    role = {"annotations": {ROLE: "arn:aws:iam::111122223333:role/documents"}}
    reporting = replace(SETTINGS, pod_reports=True)
    walled = replace(EMULATED, network_policies=True)
    pulled = {"image": {"reference": MODEL_IMAGE, "pullPolicy": "Always"}}
    return {
        "account-with-a-role": pool_view(named(pool_with(serviceAccount=role)), reporting),
        "own-account": pool_view(named(pool_with(serviceAccount={"name": "claims"})), reporting),
        "pods-of-a-lane": pool_view(
            named(pool_with(lanes=[{"name": "fast", "pods": PODS_OF_A_LANE}, {"name": "slow"}], pods=PODS))
        ),
        "pods": pool_view(named(pool_with(pods=PODS)), replace(SETTINGS, image_pull_secrets=("registry",))),
        "model-image": pool_view(named(pool_with(modelStore={"image": {"reference": MODEL_IMAGE}}))),
        "model-image-of-an-emulator": pool_view(named(pool_with(modelStore=pulled)), walled),
        "model-claim": pool_view(
            named(pool_with(modelStore={"volumeClaim": {"name": "models"}}, engine="ollama-0-32"))
        ),
        "resources": pool_view(named(pool_with(lanes=HUNGRY_LANES))),
    }


def _of_gateways() -> dict[str, PoolView]:
    told = {
        "replicas": 3,
        "keys": {"secretName": "claims-keys", "key": "teams.json"},
        "edgeIdleTimeout": "1h",
        "maxWait": "10m",
        "lanes": {"flex": "default", "priority": "default", "tasks": "default"},
        "anonymousCatalogue": True,
        "resources": {"requests": {"cpu": "0.5", "memory": "1024Mi"}, "limits": {"cpu": 2}},
        "service": {"annotations": {"example.com/team": "claims"}},
        "serviceAccount": {"annotations": {ROLE: "arn:aws:iam::111122223333:role/documents-gateway"}},
    }
    doors = ({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress"}}},)
    settings = replace(EMULATED, network_policies=True, gateways=Gateways("gateway:1", "Always", doors))
    walled = replace(GATED, network_policies=True)
    return {
        "gateway": pool_view(named(pool_with(gateway={"keys": {"secretName": "documents-keys"}})), walled),
        "gateway-of-an-emulator": pool_view(named(pool_with(gateway=told, pods=PODS)), settings),
    }


def _of_tables() -> dict[str, PoolView]:
    iam = {"host": "jobs.abc123.eu-west-1.rds.amazonaws.com", "database": "jobs", "user": "laneway_writer"}
    postgres = {"iam": iam, "port": 5433, "caBundle": {"configMapName": "rds-ca", "key": "global-bundle.pem"}}
    told = {
        "postgres": postgres,
        "output": True,
        "retention": "365d",
        "serviceAccount": {"annotations": {ROLE: "arn:aws:iam::111122223333:role/documents-projector"}},
    }
    settings = replace(EMULATED, network_policies=True, tables=Tables("projector:1", "Always"))
    walled = replace(TABLED, network_policies=True)
    return {
        "table": pool_view(named(pool_with(table={"postgres": {"secretName": "documents-db"}})), walled),
        "table-of-rds": pool_view(named(pool_with(table=told, pods=PODS)), walled),
        "table-of-dynamodb-on-an-emulator": pool_view(
            named(pool_with(table={"dynamodb": {"tableName": "documents"}})), settings
        ),
    }


def text_of(view: PoolView) -> str:
    """The manifests as YAML, in the order in which they are applied."""
    return write_yaml(render(view))


def main() -> None:
    """Rewrite every golden file, and remove those whose case is gone."""
    _rewrite(FOLDER, {name: text_of(view) for name, view in cases().items()})
    _rewrite(golden_status.FOLDER, golden_status.texts())


def _rewrite(folder: Path, texts: Mapping[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.yaml"):
        if path.stem not in texts:
            path.unlink()
    for name, text in texts.items():
        (folder / f"{name}.yaml").write_text(text)


if __name__ == "__main__":
    main()
