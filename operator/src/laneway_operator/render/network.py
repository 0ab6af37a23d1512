"""What the pods of a pool may reach, and who may reach them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from laneway.schema.shared.names import MANAGED_BY, MANAGED_BY_LABEL, POOL_LABEL, worker_account_name
from laneway_operator.kinds import NETWORKING_GROUP
from laneway_operator.render.meta import metadata
from laneway_operator.render.view import HEALTH_PORT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from laneway_operator.render.view import Manifest, PoolView

DNS_PORT = 53
HTTP_PORT, HTTPS_PORT = 80, 443
API_SERVER_PORT = 6443  # where the API server listens behind its Service, but for EKS, where it is 443 too
KUBE_DNS = {
    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
    "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
}
"""CoreDNS has this label too."""
IDENTITY_ENDPOINTS = ("169.254.170.23/32", "fd00:ec2::23/128")
"""EKS Pod Identity's agent on each node: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html.
Not the node's own metadata at 169.254.169.254, which would give the node's rights."""


def network_policy(pool: PoolView) -> Manifest | None:
    """The cluster's DNS, AWS and Ollama's registry, identity, the API server; probes and metrics from outside.

    A policy knows addresses and not names, so AWS and the registry are whatever answers on port 443, but for what Helm
    values except: it is open as long as anybody needs it, and where models come in an image, Ollama doesn't. The
    kubelet pulls images, from outside.
    """
    if not pool.settings.network_policies:
        return None
    return {
        "apiVersion": f"{NETWORKING_GROUP}/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata(pool, worker_account_name(pool.name)),
        "spec": {
            "egress": [_names(pool), _identity(), *_servers(pool)],
            "ingress": [{"ports": [_tcp(HEALTH_PORT)]}],
            "podSelector": {"matchLabels": {MANAGED_BY_LABEL: MANAGED_BY, POOL_LABEL: pool.name}},
            "policyTypes": ["Ingress", "Egress"],
        },
    }


def _names(pool: PoolView) -> Manifest:
    """DNS anywhere would be a way out for whoever has taken over a pod: each name that he asks for tells his server."""
    blocks = [{"ipBlock": {"cidr": each}} for each in pool.settings.dns_addresses]
    return {"ports": [{"port": DNS_PORT, "protocol": "UDP"}, _tcp(DNS_PORT)], "to": [KUBE_DNS, *blocks]}


def _identity() -> Manifest:
    return {"ports": [_tcp(HTTP_PORT)], "to": [{"ipBlock": {"cidr": each}} for each in IDENTITY_ENDPOINTS]}


def _servers(pool: PoolView) -> Iterator[Manifest]:
    """What is outside the cluster, and the API server; the emulator, which is most often a pod of it."""
    emulator = pool.settings.emulator
    outside = set()
    if emulator is None or pool.pool.model_image is None:
        outside.add(HTTPS_PORT)
    if pool.pod_reports:
        outside |= {API_SERVER_PORT, HTTPS_PORT}
    if outside:
        yield {"ports": [_tcp(each) for each in sorted(outside)], **_elsewhere(pool.settings.egress_except)}
    if emulator is not None:
        yield {"ports": [_tcp(_port(emulator.endpoint))]}


def _elsewhere(ranges: tuple[str, ...]) -> Manifest:
    """Anywhere but in these ranges; a block and what is excepted from it are of one family."""
    if not ranges:
        return {}
    families = (("0.0.0.0/0", [each for each in ranges if ":" not in each]), ("::/0", [r for r in ranges if ":" in r]))
    blocks = [{"cidr": whole, **({"except": without} if without else {})} for whole, without in families]
    return {"to": [{"ipBlock": each} for each in blocks]}


def _port(url: str) -> int:
    parts = urlsplit(url)
    return parts.port or (HTTPS_PORT if parts.scheme == "https" else HTTP_PORT)


def _tcp(port: int) -> Manifest:
    return {"port": port, "protocol": "TCP"}
