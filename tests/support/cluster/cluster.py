"""A Kubernetes cluster for tests, in two shapes.

`api_cluster`: a control plane on loopback, and nodes by name only (kwok); for whoever only deals with the API.
`node_cluster`: a control plane and one real node in namespaces of their own; needs root.
"""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from laneway.schema.shared.names import PLURAL
from support import canary
from support.aws.emulated import moto_at
from support.aws.moto import CREDENTIALS, FOREIGN
from support.cluster import objects
from support.cluster.control.certificates import make_certificates
from support.cluster.control.keda import keda_probes, make_keda_kinds, start_keda
from support.cluster.control.plane import (
    AWS,
    FAKE_NODES,
    GATES,
    KWOK,
    aws_answers,
    control_plane_probes,
    nodes_ready,
    start_api,
    start_controllers,
    start_fake_nodes,
    start_stores,
)
from support.cluster.init import API_ADDRESS, HOST_ADDRESS
from support.cluster.namespace import make_namespace
from support.cluster.node.node import KUBELET, NODE, Runtime, start_kubelet
from support.cluster.programs import running
from support.cluster.register import claimed
from support.cluster.site import Ports, Site
from support.toolchain.toolbox import Toolbox, toolbox
from support.waiting import eventually, in_thread

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from support.aws.emulated import Emulate
    from support.cluster.programs import Programs
    from support.cluster.register import Entry

REGION = "eu-west-1"
IMPORT_SECONDS = 300.0
HELM_FOLDERS = ("HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME", "KUBECACHEDIR")


@dataclass(frozen=True)
class Cluster:
    """A cluster that is ready."""

    kubeconfig: Path
    environment: Mapping[str, str]
    """What kubectl, helm and clients of AWS need; to be laid over an environment without `FOREIGN`."""
    times: Mapping[str, float]
    """When each part was ready, in seconds since the first was started."""
    site: Site | None
    """Nothing for a cluster that is not ours."""
    runtime: Runtime | None = None

    def run(self, *argv: str | Path, text: str | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command in the cluster's network, with `text` as its input; raises where it fails."""
        done = subprocess.run(
            self.command(*argv), env=self.full_environment(), input=text, capture_output=True, text=True, check=False
        )
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(map(str, argv))}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def command(self, *argv: str | Path) -> list[str]:
        """A command line that runs in the cluster's network; with `full_environment`."""
        namespace = self._own.programs.namespace
        return [*(namespace.networked() if namespace else []), *map(str, argv)]

    def full_environment(self) -> dict[str, str]:
        """This process's environment, with the cluster's in it."""
        kept = {name: value for name, value in os.environ.items() if name not in FOREIGN}
        return {**kept, **self.environment}

    def kubectl(self, *argv: str | Path, text: str | None = None) -> str:
        """What kubectl prints."""
        return self.run("kubectl", *argv, text=text).stdout

    def get(self, kind: str, name: str, namespace: str = "default") -> dict[str, Any]:
        """An object as it is now; empty where there is none."""
        if self.site is not None and kind in objects.COLLECTIONS:
            return objects.read(self.site, kind, name, namespace)
        command = ("kubectl", "get", kind, name, "--namespace", namespace, "--output=json", "--ignore-not-found")
        return dict(json.loads(self.run(*command).stdout or "{}"))

    def pods(self, selector: str, namespace: str = "default") -> list[dict[str, Any]]:
        """Those with such labels (`name=value,…`), leaving ones too."""
        if self.site is not None:
            return objects.selected(self.site, "pod", selector, namespace)
        command = ("get", "pods", "--namespace", namespace, "--selector", selector, "--output=json")
        return list(json.loads(self.kubectl(*command))["items"])

    def apply(self, *manifests: Mapping[str, Any] | str, namespace: str = "default") -> None:
        """Server-side apply of objects, or of YAML text."""
        for each in manifests:
            if self.site is not None and not isinstance(each, str):
                objects.apply(self.site, each, namespace)
            else:
                text = each if isinstance(each, str) else json.dumps(each)
                self.kubectl("apply", "--server-side", "--namespace", namespace, "--filename=-", text=text)

    def define(self, crds: Path) -> None:
        """Apply resource definitions until they are served; `kubectl wait` fails on one without a status."""
        self.kubectl("apply", "--server-side", "--force-conflicts", "--filename", crds)
        eventually(lambda: all(_established(each) for each in self._read(crds)))

    def _read(self, file: Path) -> list[dict[str, Any]]:
        found = json.loads(self.kubectl("get", "--filename", file, "--output=json"))
        return list(found.get("items", [found]))

    def inside(self) -> AbstractContextManager[None]:
        """The calling thread uses the cluster's network: for clients in this process."""
        return self._own.inside()

    def silent(self, part: str) -> AbstractContextManager[None]:
        """A part takes connections and answers nothing; by its name in `times`."""
        return self._own.programs.silent(part)

    def dead(self, part: str) -> AbstractContextManager[None]:
        """A part is killed, and started again in the end; by its name in `times`."""
        return self._own.programs.dead(part)

    def log(self, part: str) -> str:
        """The log of a part, by its name in `times`."""
        return self._own.programs.log(part).read_text(errors="replace")

    @property
    def folder(self) -> Path:
        """Where its programs and its pods write their logs."""
        return self._own.folder

    @property
    def _own(self) -> Site:
        assert self.site is not None
        return self.site


def _established(crd: dict[str, Any]) -> bool:
    conditions = crd.get("status", {}).get("conditions") or []
    return any(each["type"] == "Established" and each["status"] == "True" for each in conditions)


@contextmanager
def api_cluster(folder: Path, *, keda: bool = False, tools: Toolbox | None = None) -> Iterator[Cluster]:
    """A control plane, AWS and three nodes in name only, on loopback; `folder` is new or empty, and removed in the end.

    Raises `ToolMissing` and `ClusterError`.
    """
    with _site(folder, tools or toolbox(), node=False) as (site, _):
        start_stores(site)
        admin = _start_control_plane(site, keda=keda)
        start_fake_nodes(site, admin)
        nodes = {KWOK: nodes_ready(site, FAKE_NODES)}
        site.programs.wait({**control_plane_probes(site), **nodes, **(keda_probes(site) if keda else {})})
        with _overheard(_cluster(site, admin)) as cluster:
            yield cluster


@contextmanager
def api_alone(folder: Path, *, gates: Mapping[str, bool] = GATES, tools: Toolbox | None = None) -> Iterator[Cluster]:
    """An API server, KEDA's kinds and AWS, and nobody else who writes: for measuring. `folder` as above."""
    with _site(folder, tools or toolbox(), node=False) as (site, _):
        start_stores(site)
        start_api(site, gates)
        make_keda_kinds(site)
        site.programs.wait({AWS: aws_answers(site)})
        yield _cluster(site, site.kubeconfig("admin", site.certificates.admin))


@contextmanager
def node_cluster(
    folder: Path,
    images: Sequence[Path] = (),
    *,
    image_volumes: bool = False,
    emulate: Emulate = moto_at,
    tools: Toolbox | None = None,
) -> Iterator[Cluster]:
    """A control plane, AWS, KEDA and the node `real-1`, in namespaces of their own, with images from OCI archives.

    Pods find the API server at its usual address and AWS, as `emulate` has it, at http://10.200.0.1:4566. `folder` is
    new or empty, and removed in the end. Debian's containerd knows no image volumes; one that does is built where they
    are wanted. Raises `ToolMissing` and `ClusterError`.
    """
    with _site(folder, tools or toolbox(), node=True, emulate=emulate) as (site, entry):
        site.programs.namespace = make_namespace(site.programs, site.folder)
        runtime = Runtime(site, image_volumes=image_volumes)
        runtime.start()
        importing = in_thread(lambda: runtime.import_images(images))
        start_stores(site)
        admin = _start_control_plane(site, keda=True)
        start_kubelet(site, runtime, entry.cgroup)
        site.programs.wait({**control_plane_probes(site), KUBELET: nodes_ready(site, (NODE,)), **keda_probes(site)})
        importing.result(IMPORT_SECONDS)
        with _overheard(_cluster(site, admin, runtime)) as cluster:
            yield cluster


@contextmanager
def _overheard(cluster: Cluster) -> Iterator[Cluster]:
    """In the end its logs, its events and its pools are looked through for what nobody should tell."""
    try:
        yield cluster
    finally:
        canary.read(cluster.folder)
        for kind in ("events,pods", PLURAL):
            told = cluster.run("kubectl", "get", kind, "--all-namespaces", "--output=json", check=False).stdout
            canary.saw(told, f"kubectl get {kind}")


@contextmanager
def _site(folder: Path, tools: Toolbox, *, node: bool, emulate: Emulate = moto_at) -> Iterator[tuple[Site, Entry]]:
    with claimed(folder) as entry, running(folder.absolute()) as programs:
        yield _make_site(folder.absolute(), programs, tools, entry, node=node, emulate=emulate), entry


def _make_site(folder: Path, programs: Programs, tools: Toolbox, entry: Entry, *, node: bool, emulate: Emulate) -> Site:
    addresses = (API_ADDRESS, HOST_ADDRESS)
    return Site(
        folder=folder,
        programs=programs,
        tools=tools,
        certificates=make_certificates(folder / "certificates", addresses, NODE),
        ports=Ports.of_namespace() if node else Ports.of_block(entry.ports),
        node=node,
        emulate=emulate,
    )


def _start_control_plane(site: Site, *, keda: bool) -> Path:
    start_api(site)
    start_controllers(site)
    admin = site.kubeconfig("admin", site.certificates.admin)
    if keda:
        start_keda(site, admin)
    return admin


def _cluster(site: Site, admin: Path, runtime: Runtime | None = None) -> Cluster:
    programs = [site.tools.program(name) for name in ("kubectl", "helm")]
    path = dict.fromkeys([*(str(each.parent) for each in programs), os.environ["PATH"]])
    environment = {
        **CREDENTIALS,
        **dict.fromkeys(("NO_PROXY", "no_proxy"), "*"),
        "AWS_ENDPOINT_URL": site.aws_endpoint,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "KUBECONFIG": str(admin),
        "PATH": ":".join(path),
        **{name: str(site.folder / "home" / name.lower()) for name in HELM_FOLDERS},
    }
    return Cluster(admin, environment, site.programs.times, site, runtime)
