"""What the pods of a pool may reach, and who may reach them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from laneway.schema.shared.names import MANAGED_BY, MANAGED_BY_LABEL, POOL_LABEL, worker_account_name
from laneway_operator.kinds import NETWORKING_GROUP
from laneway_operator.render.meta import metadata
from laneway_operator.render.view import HEALTH_PORT

if TYPE_CHECKING:
    from laneway_operator.render.view import Manifest, PoolView

DNS_PORT = 53
HTTP_PORT, HTTPS_PORT = 80, 443
API_SERVER_PORT = 6443  # where the API server listens behind its Service, but for EKS, where it is 443 too
IDENTITY_ENDPOINTS = ("169.254.170.23/32", "fd00:ec2::23/128")
"""EKS Pod Identity's agent on each node: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html.
Not the node's own metadata at 169.254.169.254, which would give the node's rights."""


def network_policy(pool: PoolView) -> Manifest | None:
    """DNS, AWS and Ollama's registry, the identity endpoint, the API server; probes and metrics from outside.

    A policy knows addresses and not names, so AWS and the registry are whatever answers on port 443: it is open as long
    as anybody needs it, and where models come in an image, Ollama doesn't. The kubelet pulls images, from outside.
    """
    if not pool.settings.network_policies:
        return None
    return {
        "apiVersion": f"{NETWORKING_GROUP}/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata(pool, worker_account_name(pool.name)),
        "spec": {
            "egress": [_names(), _identity(), {"ports": [_tcp(each) for each in _servers(pool)]}],
            "ingress": [{"ports": [_tcp(HEALTH_PORT)]}],
            "podSelector": {"matchLabels": {MANAGED_BY_LABEL: MANAGED_BY, POOL_LABEL: pool.name}},
            "policyTypes": ["Ingress", "Egress"],
        },
    }


def _names() -> Manifest:
    return {"ports": [{"port": DNS_PORT, "protocol": "UDP"}, _tcp(DNS_PORT)]}


def _identity() -> Manifest:
    return {"ports": [_tcp(HTTP_PORT)], "to": [{"ipBlock": {"cidr": each}} for each in IDENTITY_ENDPOINTS]}


def _servers(pool: PoolView) -> list[int]:
    emulator = pool.settings.emulator
    wanted = set()
    if emulator is None or pool.pool.model_image is None:
        wanted.add(HTTPS_PORT)
    if pool.pod_reports:
        wanted |= {API_SERVER_PORT, HTTPS_PORT}
    if emulator is not None:
        wanted.add(_port(emulator.endpoint))
    return sorted(wanted)


def _port(url: str) -> int:
    parts = urlsplit(url)
    return parts.port or (HTTPS_PORT if parts.scheme == "https" else HTTP_PORT)


def _tcp(port: int) -> Manifest:
    return {"port": port, "protocol": "TCP"}
