"""The charts through real Helm."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from support.cluster.toolbox import ToolMissing, toolbox
from support.tools import missing

Manifest: TypeAlias = dict[str, Any]

ROOT = Path(__file__).parents[2]
CHART = ROOT / "charts" / "laneway"
CRD_CHART = ROOT / "charts" / "laneway-crds"
KIND_EXAMPLE = ROOT / "examples" / "kind"
RELEASE = "laneway"
NAMESPACE = "laneway-system"
KUBERNETES = "1.34.10"

EMULATOR = {"endpoint": "http://10.200.0.1:4566", "secretName": "aws-emulator"}
GPU = {
    "nodeSelector": {"node.kubernetes.io/instance-type": "g5.xlarge"},
    "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
    "accelerator": {"resource": "nvidia.com/gpu", "count": 1},
    "pricePerHour": 1.006,
}
MATRIX: dict[str, Manifest] = {
    "defaults": {},
    "emulator": {"emulator": EMULATOR, "aws": {"region": "eu-west-1"}},
    "two secrets": {"emulator": {**EMULATOR, "operatorSecretName": "operator-aws"}},
    "gpu": {"placementProfiles": {"g5": GPU}},
    "no profiles": {"placementProfiles": {"cpu": None}},
    "no pod reports": {"podReports": False},
    "pull secrets": {"imagePullSecrets": ["registry", "mirror"]},
    "identity": {"serviceAccount": {"annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/x"}}},
    "digest": {"image": {"ollama": {"repository": "localhost:5000/ollama", "tag": f"0.24.0@sha256:{'0' * 64}"}}},
    "kind": yaml.safe_load((KIND_EXAMPLE / "values.yaml").read_text()),
}


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
        done = self.run("template", RELEASE, chart, "-n", NAMESPACE, f"--kube-version={KUBERNETES}", values=values)
        assert done.returncode == 0, done.stderr
        return [each for each in yaml.safe_load_all(done.stdout) if each]


def tool(name: str) -> Path:
    """A program of the test cluster; the test is skipped, and says how to get it, where there is none."""
    try:
        return toolbox().program(name)
    except ToolMissing as error:
        missing(error.what, error.how)


def of_kind(manifests: list[Manifest], kind: str) -> Manifest:
    """The only one of its kind."""
    (found,) = (each for each in manifests if each["kind"] == kind)
    return found
