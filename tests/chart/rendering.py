"""The charts through real Helm."""

from __future__ import annotations

import copy
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from support.toolchain.toolbox import ToolMissing, toolbox
from support.tools import missing

Manifest: TypeAlias = dict[str, Any]

ROOT = Path(__file__).parents[2]
CHART = ROOT / "charts" / "laneway"
CRD_CHART = ROOT / "charts" / "laneway-crds"
KIND_EXAMPLE = ROOT / "examples" / "kind"
RELEASE = "laneway"
NAMESPACE = "laneway-system"
KUBERNETES = "1.34.10"

PREVIOUS = ROOT / "tests" / "data" / "input" / "charts" / "0.1.0"
"""The charts of the version before, as they were."""
EMULATOR = {"endpoint": "http://10.200.0.1:4566", "secretName": "aws-emulator"}
DIGEST = f"sha256:{'0' * 64}"
GPU = {
    "nodeSelector": {"node.kubernetes.io/instance-type": "g5.xlarge"},
    "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
    "accelerator": {"extendedResource": {"name": "nvidia.com/gpu", "count": 1}},
    "pricePerHour": "1.006",
}
DOORS: list[Manifest] = [{"namespaceSelector": {}}, {"ipBlock": {"cidr": "10.0.0.0/18"}}]
APART = {"weight": 1, "podAffinityTerm": {"topologyKey": "kubernetes.io/hostname"}}
SPREAD = {"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "ScheduleAnyway"}
MATRIX: dict[str, Manifest] = {
    "defaults": {},
    "emulator": {"emulator": EMULATOR, "aws": {"region": "eu-west-1"}},
    "two secrets": {"emulator": {**EMULATOR, "operatorSecretName": "operator-aws"}},
    "another secret": {"emulator": {**EMULATOR, "secretName": "sandbox"}},
    "gpu": {"placementProfiles": {"g5": GPU}},
    "profiles": {"placementProfiles": {"cpu": {}, "spot": {"interruption": "spot"}}},
    "some namespaces": {"watch": {"namespaces": ["nlp", "law"], "clusterID": "blue"}, "replicas": 2},
    "no rights to profiles": {"watch": {"namespaces": ["nlp"], "clusterID": "blue", "profileRights": False}},
    "no rights to finalizers": {"watch": {"namespaces": ["nlp"], "clusterID": "blue", "finalizerRights": False}},
    "no rights beyond": {
        "watch": {"namespaces": ["nlp"], "clusterID": "blue", "finalizerRights": False, "profileRights": False},
        "aggregatedRoles": False,
    },
    "no pod reports": {"podReports": False},
    "no operator policy": {"operatorPolicy": False},
    "no network policies": {"networkPolicies": False},
    "other ways out": {"poolEgress": {"dnsAddresses": ["10.100.0.10/32"], "except": ["100.64.0.0/10", "fd00:10::/64"]}},
    "pull secrets": {"imagePullSecrets": ["registry", "mirror"]},
    "identity": {"serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/x"}}},
    "digest": {"engines": {"ollama-0-32": {"image": f"localhost:5000/ollama:0.32.15@{DIGEST}"}}},
    "engines": {
        "engines": {"ollama-0-32": None, "next": {"image": "a/b:1", "pullPolicy": "Always"}, "old": {"image": "a/b:0"}},
        "defaultEngine": "next",
    },
    "rollouts": {"rollouts": {"maxLanes": 3}},
    "pins": {"image": {name: {"digest": DIGEST} for name in ("operator", "worker")}},
    "pinned gateway": {"gateways": {"enabled": True}, "image": {"gateway": {"digest": DIGEST}}},
    "gateways": {
        "gateways": {"enabled": True, "doorsOpenTo": DOORS},
        "image": {"gateway": {"repository": "mirror.example/gateway", "tag": "1", "pullPolicy": "Always"}},
    },
    "pinned projector": {"tables": {"enabled": True}, "image": {"projector": {"digest": DIGEST}}},
    "tables": {
        "tables": {"enabled": True},
        "image": {"projector": {"repository": "mirror.example/projector", "tag": "1", "pullPolicy": "Always"}},
    },
    "gateways and tables": {"gateways": {"enabled": True}, "tables": {"enabled": True}},
    "gateways of some namespaces": {
        "gateways": {"enabled": True},
        "watch": {"namespaces": ["nlp"], "clusterID": "blue"},
    },
    "own account": {"serviceAccount": {"create": False, "name": "made-by-others"}},
    "named account": {"serviceAccount": {"name": "operator"}},
    "mirror": {
        "image": {
            "operator": {"repository": "mirror.example/operator", "tag": "1"},
            "worker": {"repository": "mirror.example/worker", "tag": "1"},
        },
        "engines": {"ollama-0-32": {"image": "mirror.example/ollama:0.24.1"}},
        "resources": {"requests": {"cpu": "1"}, "limits": {"memory": "1Gi"}},
    },
    "placement": {
        "nodeSelector": {"type": "kwok"},
        "tolerations": [{"key": "CriticalAddonsOnly", "operator": "Exists"}],
        "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [APART]}},
        "priorityClassName": "system-cluster-critical",
        "topologySpreadConstraints": [SPREAD],
    },
    "words": {
        "commonLabels": {"team": "ml", "app.kubernetes.io/name": "not-ours"},
        "podLabels": {"sidecar.istio.io/inject": "false"},
        "podAnnotations": {"example.com/a": "b"},
    },
    "auxiliary": {
        "auxiliary": {
            "nodeSelector": {"type": "kwok"},
            "tolerations": [{"key": "dedicated", "operator": "Exists"}],
            "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [APART]}},
            "resources": {"requests": {"cpu": "10m"}, "limits": {"cpu": 1}},
        }
    },
    "environment of pools": {"poolEnv": {"AWS_USE_FIPS_ENDPOINT": "true", "NO_PROXY": ".svc"}},
    "authorities": {
        "caBundle": {"configMapName": "acme-trust", "key": "bundle.pem"},
        "gateways": {"enabled": True},
        "tables": {"enabled": True},
    },
    "environment": {"extraEnv": [{"name": "HTTPS_PROXY", "value": "http://proxy.example:3128"}], "logLevel": "debug"},
    "monitoring": {
        "metrics": {
            "service": {"enabled": True},
            "serviceMonitor": {"enabled": True},
            "interval": "15s",
            "labels": {"release": "prometheus"},
        },
        "prometheusRule": {
            "enabled": True,
            "labels": {"release": "prometheus"},
            "runbookURL": "https://docs.example/runbooks",
            "oldestMessage": {"enabled": True},
            "objectives": {
                "waits": [
                    {"pools": "nlp/documents", "lanes": "fast", "seconds": 40, "percent": 95},
                    {"pools": "nlp/letters", "lanes": ".*", "seconds": 0.5, "percent": 99.5},
                ]
            },
        },
        "grafanaDashboard": {
            "enabled": True,
            "annotations": {"grafana_folder": "Laneway"},
            "labels": {"dashboards": "yes"},
        },
    },
    "dashboard": {"dashboard": {"enabled": True, "hosts": ["dashboard.acme.example", "localhost:8080"]}},
    "dashboard that believes others": {
        "dashboard": {"enabled": True, "hosts": ["d.example"]},
        "caBundle": {"configMapName": "acme-trust"},
    },
    "pinned dashboard": {
        "dashboard": {"enabled": True, "hosts": ["d.example"], "extraEnv": [{"name": "NO_PROXY", "value": "a"}]},
        "image": {"dashboard": {"digest": DIGEST}},
    },
    "closed dashboard": {
        "dashboard": {
            "enabled": True,
            "hosts": ["d.example:8443", "e.example"],
            "claimName": "dashboard",
            "tables": [{"configMapName": "documents.table", "secretName": "documents-db"}, {"configMapName": "rds"}],
            "serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/x"}},
            "ingress": {
                "enabled": True,
                "className": "nginx",
                "annotations": {"nginx.ingress.kubernetes.io/auth-response-headers": "Authorization"},
                "tls": [{"hosts": ["e.example"], "secretName": "dashboard-tls"}],
            },
            "networkPolicy": {"enabled": True, "from": [{"podSelector": {}}], "egress": [{"ports": [{"port": 5432}]}]},
            "resources": {"requests": {"memory": "200Mi"}, "limits": {"memory": "300Mi"}},
        },
        "image": {"dashboard": {"repository": "mirror.example/dashboard", "tag": "1", "pullPolicy": "Always"}},
        "imagePullSecrets": ["registry"],
        "emulator": EMULATOR,
        "priorityClassName": "system-cluster-critical",
    },
    "dashboard of some namespaces": {
        "dashboard": {"enabled": True, "hosts": ["d.example"]},
        "watch": {"namespaces": ["nlp", "law"], "clusterID": "blue"},
        "aggregatedRoles": False,
    },
    "pod monitor": {"metrics": {"podMonitor": {"enabled": True}}},
    "pool metrics": {"poolMetrics": {"podMonitor": {"enabled": True}}},
    "some pools' metrics": {
        "poolMetrics": {"podMonitor": {"enabled": True}},
        "watch": {"namespaces": ["nlp", "law"], "clusterID": "blue"},
    },
    "thresholds": {
        "metrics": {"podMonitor": {"enabled": True}},
        "prometheusRule": {
            "enabled": True,
            "runbookURL": "https://docs.example/runbooks",
            "nothingReadyAfter": "25m",
            "poolNotReadyAfter": "5m",
            "scalingLimitedAfter": "4h",
            "objectives": {"success": 99.9, "fewest": 20},
            "gatewayUnavailableAfter": "5m",
            "tableBehindAfter": "5m",
            "waitSeconds": 60,
            "failedJobs": 10,
            "oldestMessage": {"enabled": True, "seconds": 60, "queues": "jobs-.*"},
        },
    },
    "no objectives": {
        "metrics": {"podMonitor": {"enabled": True}},
        "prometheusRule": {
            "enabled": True,
            "runbookURL": "https://docs.example/runbooks",
            "objectives": {"enabled": False},
        },
    },
    "no budget": {"podDisruptionBudget": {"enabled": False}},
    "budget": {"podDisruptionBudget": {"maxUnavailable": "50%"}},
    "closed": {
        "networkPolicy": {"enabled": True, "egress": [{"ports": [{"port": 3128}]}]},
        "emulator": {**EMULATOR, "endpoint": "http://moto:5000/"},
    },
    "pull policy": {"image": {part: {"pullPolicy": "Always"} for part in ("operator", "worker")}},
    "kind": yaml.safe_load((KIND_EXAMPLE / "values.yaml").read_text()),
}


_RENDERED: dict[str, list[Manifest]] = {}
"""What was rendered before: many tests look at the same objects."""


@dataclass(frozen=True)
class Helm:
    """Helm without a cluster."""

    program: Path
    folder: Path
    """Where its caches go, and what it packs."""

    def run(self, *argv: str | Path, values: Manifest | None = None) -> subprocess.CompletedProcess[str]:
        """Run it, with values as a file."""
        file = self.folder / "values.json"
        file.write_text(json.dumps(values or {}))  # JSON is YAML
        given = [f"--values={file}"] if values else []
        home = {"HOME": str(self.folder), "KUBECONFIG": "/dev/null", "PATH": "/usr/bin:/bin"}
        return subprocess.run(
            [self.program, *argv, *given], env=home, capture_output=True, text=True, check=False, cwd=self.folder
        )

    def template(self, values: Manifest | None = None, chart: Path = CHART) -> list[Manifest]:
        """The objects of a chart."""
        key = f"{self.program} {chart} {json.dumps(values)}"
        if key not in _RENDERED:
            done = self.run("template", RELEASE, chart, "-n", NAMESPACE, f"--kube-version={KUBERNETES}", values=values)
            assert done.returncode == 0, done.stderr
            _RENDERED[key] = [each for each in yaml.load_all(done.stdout, yaml.CSafeLoader) if each]
        return copy.deepcopy(_RENDERED[key])


def tool(name: str) -> Path:
    """A program of the test cluster; the test is skipped, and says how to get it, where there is none."""
    try:
        return toolbox().program(name)
    except ToolMissing as error:
        missing(error.what, error.how)


def of_component(manifests: list[Manifest], component: str) -> list[Manifest]:
    """Those of the operator, of the dashboard, or the roles for people."""
    return [each for each in manifests if each["metadata"]["labels"]["app.kubernetes.io/component"] == component]


def of_kind(manifests: list[Manifest], kind: str) -> Manifest:
    """The only one of its kind."""
    (found,) = (each for each in manifests if each["kind"] == kind)
    return found
