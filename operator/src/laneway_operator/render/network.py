"""What the pods of a pool may reach, and who may reach them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from laneway.schema.job.reply import REPLIES_PORT
from laneway.schema.shared.names import (
    COMPONENT_LABEL,
    LANE_LABEL,
    MANAGED_BY,
    MANAGED_BY_LABEL,
    POOL_LABEL,
)
from laneway_operator.environment import HTTPS_PROXY
from laneway_operator.kinds import NETWORKING_GROUP
from laneway_operator.render.meta import Component, metadata, network_policy_name
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
OPTIONAL = (Component.GATEWAY, Component.PROJECTOR)
"""Jobs are taken and answered without them."""
DOORS_PORT = 8000
"""Of a gateway: where clients come to, and where workers tell of their jobs."""
PROBES: list[Manifest] = [{"ports": [{"port": HEALTH_PORT, "protocol": "TCP"}]}]
"""Probes and metrics, from anywhere."""


def network_policies(pool: PoolView) -> list[Manifest]:
    """One for all pods of a pool: the cluster's DNS, and nothing else. One more for each component; they add up.

    A policy knows addresses and not names, so AWS and the registry are whatever answers on port 443, but for what Helm
    values except: it is open as long as anybody needs it, and where models are mounted, Ollama doesn't. The
    kubelet pulls images, from outside.
    """
    if not pool.settings.network_policies:
        return []
    aws = [_identity(), *_aws(pool)]
    return [
        _policy(pool, None, egress=[_names(pool)], ingress=[]),
        _policy(pool, Component.WORKER, egress=[_identity(), *_servers(pool), *_replies(pool)], ingress=PROBES),
        _policy(pool, Component.PREFLIGHT, egress=aws, ingress=[]),
        _policy(pool, Component.DEAD_LETTERS, egress=aws, ingress=PROBES),
        *([_policy(pool, Component.PROJECTOR, egress=[*aws, *_database(pool)], ingress=PROBES)] if pool.table else []),
        *([_policy(pool, Component.GATEWAY, egress=aws, ingress=[*PROBES, *_guests(pool)])] if pool.gateway else []),
    ]


def _policy(
    pool: PoolView, component: Component | None, *, egress: list[Manifest], ingress: list[Manifest]
) -> Manifest:
    marked = component if component in OPTIONAL else None  # what is wrong with it is theirs alone
    return {
        "apiVersion": f"{NETWORKING_GROUP}/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata(pool, network_policy_name(pool.name, component), component=marked),
        "spec": {
            "egress": egress,
            **({"ingress": ingress} if ingress else {}),
            "podSelector": _pods(pool, component),
            "policyTypes": ["Ingress", "Egress"],
        },
    }


def _pods(pool: PoolView, component: Component | None) -> Manifest:
    own = {MANAGED_BY_LABEL: MANAGED_BY, POOL_LABEL: pool.name}
    match component:
        case None:
            return {"matchLabels": own}
        case Component.WORKER:  # of before components were labelled, too: who finishes a job still needs AWS
            return {"matchLabels": own, "matchExpressions": [{"key": LANE_LABEL, "operator": "Exists"}]}
        case _:
            return {"matchLabels": own | {COMPONENT_LABEL: component.value}}


def _names(pool: PoolView) -> Manifest:
    """DNS anywhere would be a way out for whoever has taken over a pod: each name that he asks for tells his server."""
    blocks = [{"ipBlock": {"cidr": each}} for each in pool.settings.dns_addresses]
    return {"ports": [{"port": DNS_PORT, "protocol": "UDP"}, _tcp(DNS_PORT)], "to": [KUBE_DNS, *blocks]}


def _identity() -> Manifest:
    return {"ports": [_tcp(HTTP_PORT)], "to": [{"ipBlock": {"cidr": each}} for each in IDENTITY_ENDPOINTS]}


def _aws(pool: PoolView) -> list[Manifest]:
    """AWS; the emulator, which is most often a pod of the cluster."""
    emulator = pool.settings.emulator
    if emulator is not None:
        return [{"ports": [_tcp(_port(emulator.endpoint))]}]
    return [_outside(pool, HTTPS_PORT, *_proxy(pool))]


def _servers(pool: PoolView) -> Iterator[Manifest]:
    """AWS, Ollama's registry, and the API server for a worker's reports."""
    emulated = pool.settings.emulator is not None
    if emulated:
        yield from _aws(pool)
    needed = set()
    if pool.pool.model_volume is None or not emulated:
        needed |= {HTTPS_PORT, *_proxy(pool)}
    if pool.pod_reports:
        needed |= {API_SERVER_PORT, HTTPS_PORT}
    if needed:
        yield _outside(pool, *needed)


def _proxy(pool: PoolView) -> set[int]:
    """The port of the one before AWS, which no emulator is asked by; beside 443, as NO_PROXY may name endpoints."""
    url = pool.settings.pool_env.get(HTTPS_PROXY)
    return {_port(url)} if url and pool.settings.emulator is None else set()


def _replies(pool: PoolView) -> Iterator[Manifest]:
    """Workers tell the pool's gateways of their jobs, and nobody else on that port."""
    if pool.gateway:
        yield {"ports": [_tcp(REPLIES_PORT)], "to": [{"podSelector": _pods(pool, Component.GATEWAY)}]}


def _database(pool: PoolView) -> Iterator[Manifest]:
    """Anywhere, as a policy knows no names: no pod but the projector's has a way to a database."""
    if pool.table and pool.table.ports:
        yield {"ports": [_tcp(each) for each in pool.table.ports]}


def _guests(pool: PoolView) -> Iterator[Manifest]:
    """Clients, whom their keys let in; a load balancer comes from addresses that no label knows."""
    named = pool.settings.gateways.doors_open_to if pool.settings.gateways else ()
    yield {"ports": [_tcp(DOORS_PORT)], **({"from": list(named)} if named else {})}
    yield {"ports": [_tcp(REPLIES_PORT)], "from": [{"podSelector": _pods(pool, Component.WORKER)}]}


def _outside(pool: PoolView, *ports: int) -> Manifest:
    return {"ports": [_tcp(each) for each in sorted(ports)], **_elsewhere(pool.settings.egress_except)}


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
