"""The page of what Laneway is tested with: read from the files that pin it."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from laneway.local.ollama.find import VERSION as BUILT

if TYPE_CHECKING:
    from pathlib import Path

INTRO = """\
# Versions

What `make test` runs, from the files that pin it, and what Laneway asks for at least. What is newer than both is likely
to work, and nobody has tried.

| what | at least | tested | pinned in |
|---|---|---|---|
"""
ON_OLLAMA = """
## The two versions of Ollama

`laneway up` builds Ollama {built} where it finds none: the newest whose Go module is all that it takes. The chart's
default engine is {newest}. The worker's adapter, formats and crashes are tested on both, and
a real node's pods on the newer one.

| | {built} | {newest} |
|---|---|---|
"""
DIFFERENCES = (
    ("what holds a model", "Ollama, as a runner", "`llama-server` (from 0.30 on)"),
    ("a prompt that does not fit", "cut silently; the worker finds out and refuses", "refused (from 0.24 on)"),
    ("embeddings of a model for chats", "made", "refused, `unsupported`: only embedding models embed"),
    ("a schema that can't be used", "an error in the stream", "HTTP 400 with llama-server's words, as JSON in JSON"),
    (
        "prompts of ended answers",
        "one a slot",
        "in memory, 8 GiB a model: `LLAMA_ARG_CACHE_RAM` is an eighth of the pod's limit, or 512 MiB in `laneway up`",
    ),
    (
        "a request that stays open after its client has gone",
        "may be at work for ever: Ollama is started anew",
        "was forgotten by Ollama's scheduler, and costs nothing",
    ),
)


@dataclass(frozen=True)
class Pin:
    """A Go module of the tests."""

    what: str
    module: str
    folder: str
    least: str = ""

    def row(self, root: Path) -> str:
        """Of the table."""
        file = f"tools/{self.folder}/go.mod"
        return f"| {self.what} | {self.least} | {pinned(root / file, self.module)} | `{file}` |\n"


PINS = (
    Pin("KEDA", "github.com/kedacore/keda/v2", "addons", "2.18"),
    Pin("Helm", "helm.sh/helm/v3", "addons", "3.14"),
    Pin("Helm 4, which lints and renders the charts", "helm.sh/helm/v4", "helm"),
    Pin("Karpenter, its resources", "github.com/aws/karpenter-provider-aws", "karpenter"),
    Pin("containerd, for image volumes", "github.com/containerd/containerd/v2", "containerd", "2.1"),
    Pin("etcd", "go.etcd.io/etcd/server/v3", "etcd"),
)


def versions_page(root: Path) -> str:
    """The page, without its notice."""
    newest = pinned(root / "tools/ollama/go.mod", "github.com/ollama/ollama")
    kubernetes = Pin("Kubernetes", "k8s.io/kubernetes", "kubernetes", _least_kubernetes(root))
    ollama = f"| Ollama | | {BUILT} and {newest} | `sdk/src/laneway/local/ollama/find.py`, `tools/ollama/go.mod` |\n"
    rows = kubernetes.row(root) + ollama + _python(root) + "".join(each.row(root) for each in PINS) + _localstack(root)
    differences = "".join(f"| {' | '.join(each)} |\n" for each in DIFFERENCES)
    return INTRO + rows + ON_OLLAMA.format(built=BUILT, newest=newest) + differences


def pinned(file: Path, module: str) -> str:
    """The version of a module in a go.mod; raises `ValueError`."""
    found = re.search(rf"^(?:require )?\s*{re.escape(module)} v(\S+)", file.read_text(), re.MULTILINE)
    if found is None:
        raise ValueError(f"{file} requires no {module}")
    return found[1]


def _least_kubernetes(root: Path) -> str:
    wanted = yaml.safe_load((root / "charts/laneway/Chart.yaml").read_text())["kubeVersion"]
    return str(wanted).removeprefix(">=").removesuffix(".0-0")


def _python(root: Path) -> str:
    project = tomllib.loads((root / "pyproject.toml").read_text())
    least, run = project["project"]["requires-python"].removeprefix(">="), project["tool"]["mypy"]["python_version"]
    return f"| Python | {least} | {run} | `pyproject.toml` |\n"


def _localstack(root: Path) -> str:
    file = "tests/support/aws/localstack-requirements.in"
    found = re.search(r"^localstack-core\S*==(\S+)", (root / file).read_text(), re.MULTILINE)
    if found is None:
        raise ValueError(f"{file} requires no LocalStack")
    return f"| LocalStack | | {found[1]} | `{file}` |\n"
