"""A real node in the namespace: containerd and kubelet. Debian's containerd 1.6 and cgroup version 1 will do."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

from support.cluster.control.plane import GATES
from support.cluster.init import HOST_ADDRESS, IMAGES, SHORT
from support.cluster.node.cgroups import make_cgroups
from support.cluster.node.sandbox import SANDBOX_IMAGE, sandbox_archive
from support.cluster.programs import ClusterError
from support.cluster.site import LOOPBACK
from support.toolchain.debian import containers, containers_with_image_volumes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from support.cluster.site import Site
    from support.toolchain.debian import Containers

NODE = "real-1"
CONTAINERD, KUBELET = "containerd", "kubelet"
POD_NETWORK = "10.200.1.0/24"
CRI = "io.containerd.grpc.v1.cri"
SOCKET = SHORT / "cri.sock"


class Runtime:
    """containerd, and the images it has."""

    def __init__(self, site: Site, *, image_volumes: bool = False) -> None:
        self._site = site
        self._found = (containers_with_image_volumes if image_volumes else containers)(site.tools)
        self.path = self._found.path

    def start(self) -> None:
        """`import_images` waits."""
        config = self._site.folder / "containerd.toml"
        config.write_text(_containerd_config(self._site.folder, self._found))
        network = self._site.folder / "cni"
        network.mkdir()
        (network / "10-bridge.conflist").write_text(json.dumps(_network(self._site.folder)))
        environment = {"PATH": self._found.path}
        program = self._found.program("containerd")
        self._site.programs.start(CONTAINERD, program, "--config", config, environment=environment)

    def import_images(self, archives: Sequence[Path]) -> None:
        """Those, and the sandbox's."""
        self._site.programs.wait({CONTAINERD: lambda: self._ctr("version").returncode == 0})
        for archive in (sandbox_archive(self._site.tools, self._site.folder), *archives):
            self.import_image(archive)

    def import_image(self, archive: Path) -> None:
        """Into the namespace that kubelet looks in."""
        done = self._ctr("--namespace", "k8s.io", "images", "import", str(archive.absolute()))
        if done.returncode != 0:
            raise ClusterError(f"{archive} can't be imported: {done.stderr}")

    def tag(self, reference: str, other: str) -> None:
        """The same image under one more name."""
        done = self._ctr("--namespace", "k8s.io", "images", "tag", "--force", reference, other)
        if done.returncode != 0:
            raise ClusterError(f"{reference} can't be named {other}: {done.stderr}")

    def images(self) -> list[str]:
        """The names of the images that pods can use."""
        return self._ctr("--namespace", "k8s.io", "images", "list", "-q").stdout.split()

    def _ctr(self, *argv: str) -> subprocess.CompletedProcess[str]:
        namespace = self._site.programs.namespace
        assert namespace
        environment = {**os.environ, "PATH": self.path}
        command = [*namespace.entering(), self._found.program("ctr"), "--address", str(SOCKET), *argv]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def start_kubelet(site: Site, runtime: Runtime, cgroup: str) -> None:
    """Once the API server is there; `nodes_ready` tells when it is ready."""
    make_cgroups(cgroup)
    (site.folder / "resolv.conf").touch()
    config = site.folder / "kubelet.json"
    config.write_text(json.dumps(_kubelet_config(site, cgroup)))
    site.programs.start(
        KUBELET,
        site.tools.program("kubelet"),
        f"--config={config}",
        f"--kubeconfig={site.kubeconfig('kubelet', site.certificates.kubelet)}",
        f"--hostname-override={NODE}",
        f"--node-ip={HOST_ADDRESS}",
        f"--root-dir={SHORT / 'kubelet'}",
        "--node-labels=type=real",
        environment={"PATH": runtime.path},
    )


def _kubelet_config(site: Site, cgroup: str) -> dict[str, object]:
    folder, certificates = site.folder, site.certificates
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": HOST_ADDRESS,
        "readOnlyPort": 0,
        "healthzBindAddress": LOOPBACK,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(certificates.ca.certificate)},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(certificates.kubelet_server.certificate),
        "tlsPrivateKeyFile": str(certificates.kubelet_server.key),
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{cgroup}",
        "failSwapOn": False,
        "featureGates": {**GATES, "KubeletCrashLoopBackOffMax": True},
        # five minutes by default, for a node that must last: a test mends at once what its containers crash on
        "crashLoopBackOff": {"maxContainerRestartPeriod": "10s"},
        "failCgroupV1": False,
        "makeIPTablesUtilChains": False,
        "containerRuntimeEndpoint": f"unix://{SOCKET}",
        "clusterDNS": [HOST_ADDRESS],  # nobody answers there: pods are given addresses, no names
        "clusterDomain": "cluster.local",
        "resolvConf": str(folder / "resolv.conf"),
        "oomScoreAdj": 0,
        "podLogsDir": str(folder / "podlogs"),
        "volumePluginDir": str(folder / "volumeplugins"),
        "nodeStatusUpdateFrequency": "5s",
        "syncFrequency": "5s",
        # a test machine's disk may be nearly full; that must not evict its pods
        "evictionHard": {"memory.available": "50Mi"},
        "imageGCHighThresholdPercent": 100,
    }


def _network(folder: Path) -> dict[str, object]:
    addresses = {
        "type": "host-local",
        "dataDir": str(folder / "addresses"),
        "ranges": [[{"subnet": POD_NETWORK}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    bridge = {"type": "bridge", "bridge": "pods0", "isGateway": True, "ipMasq": False, "hairpinMode": True}
    return {"cniVersion": "0.4.0", "name": "laneway", "plugins": [{**bridge, "ipam": addresses}]}


def _containerd_config(folder: Path, found: Containers) -> str:
    return f"""\
version = 2
root = "{folder}/{IMAGES}/root"
state = "{folder}/{IMAGES}/state"
disabled_plugins = [
  "io.containerd.internal.v1.opt",
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
]
[grpc]
  address = "{SOCKET}"
[plugins."{CRI}"]
  sandbox_image = "{SANDBOX_IMAGE}"
  stream_server_address = "{LOOPBACK}"
  tolerate_missing_hugetlb_controller = true
  # a container's oom_score_adj can't be lowered without CAP_SYS_RESOURCE: runc would fail, and say nothing of it
  restrict_oom_score_adj = true
[plugins."{CRI}".cni]
  bin_dir = "{found.plugins}"
  conf_dir = "{folder}/cni"
[plugins."{CRI}".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
[plugins."{CRI}".containerd.runtimes.runc.options]
  SystemdCgroup = false
"""
