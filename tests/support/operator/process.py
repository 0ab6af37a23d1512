"""The operator as a process of this machine that serves a cluster, and that a test can stop and start."""

from __future__ import annotations

import json
import os
import re
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import urllib3

from laneway.schema.shared.names import PLURAL
from laneway_operator.kinds import KINDS
from support.aws.moto import CREDENTIALS
from support.cluster.cluster import REGION
from support.cluster.objects import clear, namespace_of
from support.inputs.pools import named, pool_with
from support.inputs.profiles import gpu, profile_with
from support.pods.installed import READY_SECONDS, ROOT, SECRET, Installed
from support.processes import free_port, server

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psutil

    from support.cluster.cluster import Cluster

CRDS = ROOT / "crds"
ENGINES = {"test": {"image": "laneway.local/ollama:test"}, "stub": {"image": "laneway.local/stub-ollama:test"}}
PROFILES = (profile_with("cpu"), profile_with("gpu", accelerator=gpu()))
REQUESTS = re.compile(r"^apiserver_request_total\{(?P<labels>.*)\} (?P<number>\S+)$", re.MULTILINE)

_numbers = count(1)


@dataclass(frozen=True)
class Running:
    """One operator."""

    process: psutil.Process
    address: str
    """Where its health and its metrics are."""

    def metrics(self) -> str:
        """As Prometheus gets them."""
        return str(urllib3.request("GET", f"{self.address}/metrics").data.decode())

    def leads(self) -> bool:
        """Whether it says so."""
        return "laneway_operator_leader 1.0" in self.metrics()


@dataclass(frozen=True)
class Operated(Installed):
    """A cluster with the CRD, and an operator that runs beside it."""

    folder: Path
    _running: ExitStack = field(default_factory=ExitStack)

    def start(
        self,
        endpoint: str | None = None,
        *,
        kubeconfig: Path | None = None,
        name: str = "",
        namespaces: tuple[str, ...] = (),
        gateways: bool = True,
        lease: str = "default/laneway",
        engine: str = "test",
        max_lanes: str = "",
    ) -> Running:
        """With AWS at this endpoint, else with the cluster's own; so is the kubeconfig. It serves all
        namespaces, but where some are named. `engine` is that of pools that name none.
        """
        self.stop()
        port = free_port()
        environment = {
            **CREDENTIALS,
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "KUBECONFIG": str(kubeconfig or self.cluster.kubeconfig),
            "LANEWAY_AWS_ENDPOINT": endpoint or self.cluster.environment["AWS_ENDPOINT_URL"],
            "LANEWAY_AWS_REGION": REGION,
            "LANEWAY_AWS_SECRET": SECRET,
            "LANEWAY_LEASE": lease,
            "LANEWAY_NAMESPACES": " ".join(namespaces),
            "LANEWAY_CLUSTER_ID": "blue" if namespaces else "",
            "LANEWAY_POD_NAME": name,
            "LANEWAY_HEALTH_ADDRESS": f"127.0.0.1:{port}",
            "LANEWAY_ENGINES": json.dumps({"engines": ENGINES, "defaultEngine": engine}),
            "LANEWAY_ROLLOUTS_MAX_LANES": max_lanes,
            "LANEWAY_POD_REPORTS": "true",
            "LANEWAY_NETWORK_POLICIES": "true",
            "LANEWAY_WORKER_IMAGE": "laneway.local/worker:test",
            "LANEWAY_GATEWAY_IMAGE": "laneway.local/gateway:test" if gateways else "",
            "LANEWAY_PROJECTOR_IMAGE": "laneway.local/projector:test",
        }
        command = [str(Path(sys.executable).parent / "laneway-operator"), "run"]
        process = self._running.enter_context(server(command, environment, port, self._log))
        return Running(process, f"http://127.0.0.1:{port}")

    def restore(self) -> None:
        """The resources and the profiles that every test may count on."""
        self.cluster.define(CRDS)
        self.cluster.apply(*PROFILES)

    def stop(self) -> None:
        """Until it is gone; it may be started again."""
        self._running.close()

    def place(self, *, secret: bool = True) -> Place:
        """A namespace of the test's own."""
        namespace = f"trouble-{next(_numbers)}"
        self.cluster.apply(namespace_of(namespace))
        if secret:
            self.namespace(namespace)
        return Place(self, namespace)

    def clear(self) -> None:
        """No pool is left."""
        assert self.cluster.site
        clear(self.cluster.site, PLURAL.removesuffix("s"))

    def written(self) -> int:
        """How often the API server was asked to apply an object of a pool, or to write a pool's status."""
        found = REQUESTS.finditer(self.cluster.kubectl("get", "--raw", "/metrics"))
        return sum(int(float(each["number"])) for each in found if _is_ours(each["labels"]))

    def operator_log(self) -> str:
        """See the base."""
        return self._log.read_text(errors="replace")[-6000:]

    @property
    def _log(self) -> Path:
        return self.folder / "operator.log"


def _is_ours(labels: str) -> bool:
    """Nobody else applies objects of these kinds by the server's side, or writes a pool's status."""
    verb, resource = (re.search(rf'\b{name}="([^"]*)"', labels) for name in ("verb", "resource"))
    asked = (verb and verb[1], resource and resource[1])
    return asked in {*(("APPLY", each.plural) for each in KINDS.values()), ("PATCH", PLURAL)}


@dataclass(frozen=True)
class Place:
    """A namespace with pools."""

    operated: Operated
    namespace: str

    def apply(self, name: str = "documents", *, lane: dict[str, Any] | None = None, **spec: Any) -> None:
        """A pool of one lane."""
        results = {"s3": {"bucket": "acme-llm", "prefix": f"{self.namespace}/{name}/"}}
        document = pool_with(lane=lane, **{"results": results, **spec})
        self.operated.cluster.apply(named(document, name, self.namespace), namespace=self.namespace)

    def until(self, reason: str, name: str = "documents", kind: str = "Ready", seconds: float = READY_SECONDS) -> str:
        """The condition's status and words once it has this reason."""
        found = self.operated.wait_for(name, reason, kind, self.namespace, seconds)
        return f"{found['status']}: {found['message']}"

    def row(self, name: str = "documents") -> list[str]:
        """What `kubectl get lwp` says of a pool."""
        return self.kubectl("get", "lwp", name, "--no-headers").split()

    def described(self, name: str = "documents") -> str:
        """What `kubectl describe lwp` says of it, as it stands on a line."""
        return self.kubectl("describe", "lwp", name)

    def get(self, kind: str, name: str) -> dict[str, Any]:
        """An object as it is now; empty where there is none."""
        return self.operated.cluster.get(kind, name, self.namespace)

    def kubectl(self, *argv: str) -> str:
        """In the namespace."""
        return self.operated.cluster.kubectl(*argv, "--namespace", self.namespace)


@contextmanager
def operated_by_process(cluster: Cluster, folder: Path) -> Iterator[Operated]:
    """With a running operator; it is gone at the end."""
    operated = Operated(cluster, folder)
    operated.restore()
    try:
        operated.start()
        yield operated
    finally:
        operated.stop()
