"""The programs of the test cluster: found in `KUBEBUILDER_ASSETS` or on PATH where their version fits, else built.

They are built from the Go modules in tools/ into the user's cache. `python -m support.toolchain.toolbox` gets all.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from laneway.local.errors import LocalError
from laneway.local.ollama.cache import Cache
from laneway.local.say import ConsoleSay
from support.processes import ended

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from laneway.local.say import Say

TOOLS = Path(__file__).parents[3] / "tools"
SPACE_BYTES = 2 * 1024**3
GO_TAIL_LINES = 12
VERSION_SECONDS = 20.0
HASH_LETTERS = 12
GO_SETTINGS = {"CGO_ENABLED": "0", "GOFLAGS": "-buildvcs=false -trimpath", "GOWORK": "off"}


class ToolMissing(Exception):
    """What is missing, and how to get it."""

    def __init__(self, what: str, how: str) -> None:
        super().__init__(f"{what} is missing; {how}")
        self.what = what
        self.how = how


@dataclass(frozen=True)
class Program:
    """A program, and how to tell whether one that is there already will do."""

    name: str
    version: Sequence[str] = ()
    fits: str = ""
    """A regular expression for what it prints; empty: only a built one will do."""


@dataclass(frozen=True)
class ToolSet:
    """What is built together."""

    name: str
    module: str
    packages: Mapping[str, str]
    """Go packages by the name of the binary."""
    programs: Sequence[Program]
    ldflags: str = "-s -w"
    tags: str = ""
    links: str = ""
    """The binary that stands behind every program."""
    folders: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """YAML files taken from Go modules: a name of ours, the module, the folder in it."""
    settings: Mapping[str, str] = field(default_factory=lambda: GO_SETTINGS)
    minutes: str = "1"

    def key(self) -> str:
        """Changes with everything that the build depends on."""
        folder = TOOLS / self.module
        tags = (self.tags,) if self.tags else ()
        settings = (self.packages, self.ldflags, self.links, self.folders, self.settings, *tags)
        digest = hashlib.sha256(repr(settings).encode())
        for source in (folder / "go.mod", folder / "go.sum", *sorted(folder.rglob("*.go"))):
            digest.update(source.read_bytes())
        return digest.hexdigest()[:HASH_LETTERS]


KUBERNETES_VERSION = "v1.34.10"
_BASE = "k8s.io/component-base/version"
_STAMPS = {
    f"{_BASE}.gitVersion": KUBERNETES_VERSION,
    f"{_BASE}.gitMajor": "1",
    f"{_BASE}.gitMinor": "34",
    f"{_BASE}.gitTreeState": "clean",
    f"{_BASE}.gitCommit": "unknown",
    "k8s.io/client-go/pkg/version.gitVersion": KUBERNETES_VERSION,
}
_KUBERNETES = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet")

KUBERNETES = ToolSet(
    "kubernetes",
    module="kubernetes",
    packages={"hyper": "./hyper"},
    programs=(
        *(Program(name, ("--version",), r"v1\.34\.") for name in _KUBERNETES),
        Program("kubectl", ("version", "--client"), r"v1\.3[345]\."),
    ),
    ldflags=" ".join(("-s -w", *(f"-X {name}={value}" for name, value in _STAMPS.items()))),
    links="hyper",
    minutes="1 to 8",
)
PAUSE = ToolSet("pause", module="kubernetes", packages={"pause": "./pause"}, programs=(Program("pause"),))
ETCD = ToolSet(
    "etcd",
    module="etcd",
    packages={"etcd": "go.etcd.io/etcd/server/v3"},
    # with 3.5.1 or 3.4 a pod takes 1 to 25 s to appear instead of 0.3
    programs=(Program("etcd", ("--version",), r"etcd Version: 3\.6\."),),
)
KWOK = ToolSet(
    "kwok",
    module="addons",
    packages={"kwok": "sigs.k8s.io/kwok/cmd/kwok"},
    programs=(Program("kwok"),),  # one on PATH would come without its stages
    folders={f"{kind}-stages": ("sigs.k8s.io/kwok", f"kustomize/stage/{kind}/fast") for kind in ("node", "pod")},
    minutes="1 to 3",
)
HELM = ToolSet(
    "helm",
    module="addons",
    packages={"helm": "helm.sh/helm/v3/cmd/helm"},
    programs=(Program("helm", ("version", "--short"), r"^v3\."),),
    ldflags="-s -w -X helm.sh/helm/v3/internal/version.version=v3.21.4",
    minutes="1 to 3",
)
HELM_4 = ToolSet(
    "helm-4",
    module="helm",
    packages={"helm4": "helm.sh/helm/v4/cmd/helm"},
    programs=(Program("helm4"),),  # one on PATH is called as Helm 3 is
    ldflags="-s -w -X helm.sh/helm/v4/internal/version.version=v4.3.2",
    minutes="1 to 3",
)
KUBECONFORM = ToolSet(
    "kubeconform",
    module="addons",
    packages={"kubeconform": "github.com/yannh/kubeconform/cmd/kubeconform"},
    programs=(Program("kubeconform", ("-v",), r"^v0\.[78]\."),),
)
KEDA = ToolSet(
    "keda",
    module="addons",
    packages={"keda-operator": "github.com/kedacore/keda/v2/cmd/operator", "keda-adapter": "./adapter"},
    programs=(Program("keda-operator"), Program("keda-adapter")),
    ldflags="-s -w -X github.com/kedacore/keda/v2/version.Version=2.21.0",
    folders={"crds": ("github.com/kedacore/keda/v2", "config/crd/bases")},
    minutes="1 to 12",
)
PROMETHEUS = ToolSet(
    "prometheus",
    module="prometheus",
    packages={name: f"github.com/prometheus/prometheus/cmd/{name}" for name in ("promtool", "prometheus")},
    programs=(
        Program("promtool", ("--version",), r"promtool, version 3\."),
        Program("prometheus", ("--version",), r"prometheus, version 3\."),
    ),
    tags="remove_all_sd",  # it asks no cloud where to scrape
    folders={"crds": ("github.com/prometheus-operator/prometheus-operator", "example/prometheus-operator-crd")},
    minutes="1 to 5",
)
KARPENTER = ToolSet(
    "karpenter",
    module="karpenter",
    packages={},
    programs=(),
    folders={"crds": ("github.com/aws/karpenter-provider-aws", "pkg/apis/crds")},
)
CONTAINERD = ToolSet(
    "containerd",
    module="containerd",
    packages={
        name: f"github.com/containerd/containerd/v2/cmd/{name}"
        for name in ("containerd", "containerd-shim-runc-v2", "ctr")
    },
    programs=(),  # Debian's stands in for most tests: it knows no image volumes
    tags="no_aufs,no_btrfs,no_devmapper,no_zfs",
    minutes="1 to 6",
)
SETS = (ETCD, KUBERNETES, PAUSE, KWOK, HELM, HELM_4, KUBECONFORM, KEDA, PROMETHEUS)


class Toolbox:
    """Programs by name; what is asked for and isn't there is built then."""

    def __init__(self, environment: Mapping[str, str], say: Say) -> None:
        self.say = say
        self._environment = environment
        self._cache = Cache(environment)
        self._found: dict[str, Path] = {}
        self.folder = self._cache.root / "tools"
        self.folder.mkdir(exist_ok=True)

    def program(self, name: str) -> Path:
        """The path of a program; raises `ToolMissing`."""
        if name not in self._found:
            tools, program = next((each, one) for each in SETS for one in each.programs if one.name == name)
            self._found[name] = self._there(program) or self.built(tools) / name
        return self._found[name]

    def files(self, tools: ToolSet, folder: str) -> list[Path]:
        """The YAML files that came with a set."""
        return sorted((self.built(tools) / folder).iterdir())

    def _there(self, program: Program) -> Path | None:
        places = (self._environment.get("KUBEBUILDER_ASSETS"), self._environment.get("PATH"))
        candidates = [shutil.which(program.name, path=place) for place in places if place and program.fits]
        return next((Path(each) for each in candidates if each and _fits(each, program)), None)

    def built(self, tools: ToolSet) -> Path:
        """The folder of a set, built where it is missing; raises `ToolMissing`."""
        target = self.folder / f"{tools.name}-{tools.key()}"
        if not target.exists():
            with self.locked(tools.name):
                if not target.exists():
                    self._build(tools, target)
        return target

    @contextmanager
    def locked(self, name: str) -> Iterator[None]:
        """One builder at a time; the others wait, say so, and then find it built."""
        with (self.folder / f"{name}.lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self.say.line(f"waiting: another process is getting {name} ready")
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _build(self, tools: ToolSet, target: Path) -> None:
        if shutil.which("go", path=self._environment.get("PATH")) is None:
            names = ", ".join(program.name for program in tools.programs) or tools.name
            raise ToolMissing(
                names, "install Go 1.26 or newer (https://go.dev/dl): the first use builds it from tools/"
            )
        self._cache.require_space(SPACE_BYTES, f"building {tools.name}")
        where = "KUBEBUILDER_ASSETS, PATH and the cache have none that fits"
        title = f"building {tools.name} from tools/{tools.module} (once; {tools.minutes} min; {where})"
        with self.scratch() as scratch, self.say.step(title):
            for name, package in tools.packages.items():
                self._go(
                    *(
                        tools,
                        "build",
                        "-tags",
                        tools.tags,
                        "-ldflags",
                        tools.ldflags,
                        "-o",
                        str(scratch / name),
                        package,
                    )
                )
            for program in tools.programs if tools.links else ():
                (scratch / program.name).symlink_to(tools.links)
            for name, (module, folder) in tools.folders.items():
                self._go(tools, "mod", "download", module)  # nothing that was built needed it
                source = Path(self._go(tools, "list", "-m", "-f", "{{.Dir}}", module).strip()) / folder
                _copy_yaml(source, scratch / name)
            scratch.rename(target)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder to fill and then rename: what is half done is never found."""
        with tempfile.TemporaryDirectory(prefix="draft-", dir=self.folder) as outer:
            inner = Path(outer) / "files"
            inner.mkdir()
            yield inner

    def _go(self, tools: ToolSet, *argv: str) -> str:
        done = ended(["go", *argv], {**self._environment, **tools.settings}, TOOLS / tools.module)
        if done.returncode != 0:
            tail = "\n  ".join(done.stderr.splitlines()[-GO_TAIL_LINES:])
            raise ToolMissing(tools.name, f"`go {argv[0]}` in tools/{tools.module} failed:\n  {tail}")
        return done.stdout


def _fits(path: str, program: Program) -> bool:
    try:
        answer = subprocess.run(
            [path, *program.version], capture_output=True, text=True, check=False, timeout=VERSION_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return re.search(program.fits, answer.stdout, re.MULTILINE) is not None


def _copy_yaml(source: Path, target: Path) -> None:
    """Not `copytree`: the module cache is read-only, and so would be the copy."""
    target.mkdir()
    for file in source.glob("*.yaml"):
        if file.name != "kustomization.yaml":
            shutil.copyfile(file, target / file.name)


def toolbox() -> Toolbox:
    """The tools of this user, told about on standard error; raises `ToolMissing`."""
    try:
        return Toolbox(os.environ, ConsoleSay(Console(stderr=True)))
    except LocalError as error:
        raise ToolMissing("a cache", str(error)) from None


def main() -> int:
    """`make cache`: fill the cache before tests ask for it; what can't be had only fails in CI."""
    from support.toolchain.debian import containers_with_image_volumes  # noqa: PLC0415 - it imports this module

    try:
        tools = toolbox()
        for each in SETS:
            for program in each.programs:
                tools.program(program.name)
        tools.built(KARPENTER)
        containers_with_image_volumes(tools)
    except (ToolMissing, LocalError) as error:
        sys.stderr.write(f"the tests with a real Kubernetes can't run: {error}\n")
        return int(os.environ.get("CI") == "true")
    return 0


if __name__ == "__main__":
    sys.exit(main())
