"""etcd, API server, controllers, scheduler, AWS; and kwok's nodes, whose pods run in name only."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from support.cluster.site import LOOPBACK
from support.toolchain import toolbox

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from support.cluster.programs import Probe
    from support.cluster.site import Site

ETCD, API, CONTROLLERS, SCHEDULER, AWS, KWOK = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "aws",
    "kwok",
)
AUDIT_LOG = "audit.log"
WRITES = ("create", "update", "patch", "delete", "deletecollection")
AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [{"level": "Metadata", "verbs": WRITES}, {"level": "None"}],
}
GPU_NODE = "fake-gpu-0"
GATES = {"ImageVolume": True}
"""What newer clusters have on by themselves: image volumes from Kubernetes 1.35."""
FAKE_NODES = ("fake-0", "fake-1", GPU_NODE)
SERVICES = "10.96.0.0/16"
ISSUER = "https://kubernetes.default.svc.cluster.local"


def start_stores(site: Site) -> None:
    """What needs nothing else: etcd and AWS."""
    clients, peers = (f"http://{LOOPBACK}:{port}" for port in (site.ports.etcd, site.ports.etcd_peer))
    site.programs.start(
        ETCD,
        site.tools.program("etcd"),
        "--name=laneway",
        f"--data-dir={site.folder / 'etcd'}",
        f"--listen-client-urls={clients}",
        f"--advertise-client-urls={clients}",
        f"--listen-peer-urls={peers}",
        f"--initial-advertise-peer-urls={peers}",
        f"--initial-cluster=laneway={peers}",
        "--unsafe-no-fsync",
    )
    site.programs.start(AWS, *site.aws.command, environment=site.aws.environment)


def start_api(site: Site, gates: Mapping[str, bool] = GATES) -> None:
    """Once etcd is there. Who writes what stands in its audit log."""
    policy = site.folder / "audit-policy.json"
    policy.write_text(json.dumps(AUDIT_POLICY))  # JSON is YAML
    site.programs.wait({ETCD: site.answers_plainly("/health", site.ports.etcd)})
    certificates = site.certificates
    site.programs.start(
        API,
        site.tools.program("kube-apiserver"),
        f"--etcd-servers=http://{LOOPBACK}:{site.ports.etcd}",
        f"--bind-address={site.api_listens}",
        f"--secure-port={site.ports.api}",
        f"--advertise-address={site.api_address}",
        "--endpoint-reconciler-type=none",
        f"--tls-cert-file={certificates.server.certificate}",
        f"--tls-private-key-file={certificates.server.key}",
        f"--client-ca-file={certificates.ca.certificate}",
        f"--kubelet-client-certificate={certificates.to_kubelet.certificate}",
        f"--kubelet-client-key={certificates.to_kubelet.key}",
        f"--kubelet-certificate-authority={certificates.ca.certificate}",
        "--kubelet-preferred-address-types=InternalIP,Hostname",
        f"--service-account-issuer={ISSUER}",
        f"--service-account-key-file={certificates.accounts.certificate}",
        f"--service-account-signing-key-file={certificates.accounts.key}",
        f"--service-cluster-ip-range={SERVICES}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        f"--feature-gates={','.join(f'{name}={str(on).lower()}' for name, on in gates.items())}",
        f"--audit-policy-file={policy}",
        f"--audit-log-path={site.folder / AUDIT_LOG}",
        *_aggregation(site),
    )
    site.programs.wait({API: site.answers("/readyz")})


def _aggregation(site: Site) -> list[str]:
    """How the API server calls KEDA's adapter."""
    return [
        f"--requestheader-client-ca-file={site.certificates.front.certificate}",
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-username-headers=X-Remote-User",
        f"--proxy-client-cert-file={site.certificates.front_client.certificate}",
        f"--proxy-client-key-file={site.certificates.front_client.key}",
    ]


def start_controllers(site: Site) -> None:
    """Once the API server is there; `control_plane_probes` tell when they are ready."""
    certificates = site.certificates
    site.programs.start(
        CONTROLLERS,
        site.tools.program("kube-controller-manager"),
        *_component(site.kubeconfig("controllers", certificates.controllers), site.ports.controllers),
        "--use-service-account-credentials=true",
        f"--service-account-private-key-file={certificates.accounts.key}",
        f"--root-ca-file={certificates.ca.certificate}",
        f"--cluster-signing-cert-file={certificates.ca.certificate}",
        f"--cluster-signing-key-file={certificates.ca.key}",
        f"--requestheader-client-ca-file={certificates.front.certificate}",
        "--horizontal-pod-autoscaler-sync-period=5s",
        "--horizontal-pod-autoscaler-downscale-stabilization=10s",
        f"--flex-volume-plugin-dir={site.folder / 'flexvolume'}",
    )
    scheduler = site.kubeconfig("scheduler", certificates.scheduler)
    program = site.tools.program("kube-scheduler")
    site.programs.start(SCHEDULER, program, *_component(scheduler, site.ports.scheduler))


def _component(kubeconfig: Path, port: int) -> list[str]:
    return [
        f"--kubeconfig={kubeconfig}",
        f"--authentication-kubeconfig={kubeconfig}",
        f"--authorization-kubeconfig={kubeconfig}",
        f"--bind-address={LOOPBACK}",
        f"--secure-port={port}",
        "--leader-elect=false",
        "--kube-api-qps=1000",  # by default it throttles itself, and takes 4 s longer to start
        "--kube-api-burst=1000",
    ]


def control_plane_probes(site: Site) -> dict[str, Probe]:
    """Pods can be made once the namespace has its service account."""
    return {
        SCHEDULER: site.answers("/healthz", site.ports.scheduler),
        CONTROLLERS: site.answers("/api/v1/namespaces/default/serviceaccounts/default"),
        AWS: aws_answers(site),
    }


def aws_answers(site: Site) -> Probe:
    """Whether AWS does."""
    return site.answers_plainly(site.aws.health, site.ports.aws, site.aws_address)


def start_fake_nodes(site: Site, kubeconfig: Path) -> None:
    """Three nodes, one with a GPU; `nodes_ready` tells when they are ready."""
    stages = site.folder / "stages.yaml"
    files = (*site.tools.files(toolbox.KWOK, "node-stages"), *site.tools.files(toolbox.KWOK, "pod-stages"))
    stages.write_text("\n---\n".join(file.read_text() for file in files))
    site.programs.start(
        KWOK,
        site.tools.program("kwok"),
        f"--kubeconfig={kubeconfig}",
        "--manage-all-nodes=false",
        "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
        f"--server-address={LOOPBACK}:{site.ports.kwok}",
        f"--node-ip={LOOPBACK}",
        "--cidr=10.240.0.0/24",
        f"--config={stages}",
        "--node-lease-duration-seconds=40",
    )
    for name in FAKE_NODES:
        node = _fake_node(name, gpu=name == GPU_NODE)
        site.apply(f"/api/v1/nodes/{name}", node)
        site.apply(f"/api/v1/nodes/{name}/status", node)


def _fake_node(name: str, *, gpu: bool) -> dict[str, Any]:
    capacity = {"cpu": "8", "memory": "256Gi", "ephemeral-storage": "1Ti", "pods": "110"} | (
        {"nvidia.com/gpu": "1"} if gpu else {}
    )
    labels = {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "type": "kwok",
    }
    gpu_labels = {"nvidia.com/gpu.present": "true", "nvidia.com/gpu.product": "NVIDIA-L4"} if gpu else {}
    annotations = {"kwok.x-k8s.io/node": "fake", "node.alpha.kubernetes.io/ttl": "0"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {**labels, **gpu_labels}, "annotations": annotations},
        "status": {"capacity": capacity, "allocatable": capacity},
    }


def nodes_ready(site: Site, names: Sequence[str]) -> Probe:
    """Whether the scheduler may use them."""
    return lambda: all(_is_ready(site.get(f"/api/v1/nodes/{name}")) for name in names)


def _is_ready(node: dict[str, Any]) -> bool:
    conditions = node.get("status", {}).get("conditions", [])
    return {"Ready": "True"}.items() <= {each["type"]: each["status"] for each in conditions}.items()
