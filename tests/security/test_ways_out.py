"""What a pod of a pool reaches: a taken-over Ollama must find no server of names, and no other pod's port 443."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import Any

import pytest

from support.inputs.pools import named, pool_with
from support.operator.in_memory import EMULATED, SETTINGS, pool_view
from support.operator.policies import of_component, rules

CACHE = "169.254.20.10/32"
DNS = {"kubernetes.io/metadata.name": "kube-system", "k8s-app": "kube-dns"}


def egress(component: str = "worker", **settings: Any) -> list[dict[str, Any]]:
    base = EMULATED if settings.pop("emulated", False) else SETTINGS
    view = pool_view(named(pool_with()), replace(base, network_policies=True, **settings))
    return rules(view, of_component(view, component), "egress")


def reaches(allowed: list[dict[str, Any]], address: str, port: int) -> bool:
    """Whether an address that is no pod's known by label may be reached."""
    at = ip_address(address)
    for rule in allowed:
        blocks = (
            [each["ipBlock"] for each in rule["to"] if "ipBlock" in each]
            if "to" in rule
            else [{"cidr": "::/0"}, {"cidr": "0.0.0.0/0"}]
        )
        inside = any(
            at in ip_network(each["cidr"]) and not any(at in ip_network(hole) for hole in each.get("except", ()))
            for each in blocks
        )
        if inside and port in {each["port"] for each in rule["ports"]}:
            return True
    return False


@pytest.mark.parametrize("emulated", [False, True])
@pytest.mark.parametrize("address", ["203.0.113.53", "10.0.0.53", "169.254.169.253", "2001:db8::53"])
def test_no_server_but_the_clusters_own_is_asked_for_names(address: str, *, emulated: bool) -> None:
    found = egress(dns_addresses=(CACHE,), emulated=emulated)
    assert not reaches(found, address, 53)
    assert reaches(found, "169.254.20.10", 53)
    asked = next(each for each in found if {"port": 53, "protocol": "UDP"} in each["ports"])
    labels = [each["namespaceSelector"]["matchLabels"] | each["podSelector"]["matchLabels"] for each in asked["to"][:1]]
    assert labels == [DNS]


@pytest.mark.parametrize(
    ("address", "port", "reached"),
    [
        ("52.94.0.1", 443, True),
        ("2600:1f14::1", 443, True),
        ("100.64.3.4", 443, False),
        ("100.64.3.4", 6443, False),
        ("fd00:10::5", 443, False),
        ("10.0.0.9", 443, True),
        ("169.254.169.254", 80, False),
        ("169.254.170.23", 80, True),
        ("203.0.113.9", 80, False),
    ],
)
def test_the_ranges_of_pods_can_be_excepted(address: str, port: int, *, reached: bool) -> None:
    found = egress(pod_reports=True, egress_except=("100.64.0.0/10", "fd00:10::/64"))
    assert reaches(found, address, port) is reached


@pytest.mark.parametrize("component", ["preflight", "dead-letters"])
def test_only_workers_reach_the_api_server(component: str) -> None:
    found = egress(component, pod_reports=True)
    assert not reaches(found, "10.0.0.1", 6443)
    assert reaches(found, "52.94.0.1", 443)


def test_an_emulator_in_the_cluster_is_reached_all_the_same() -> None:
    assert reaches(egress(emulated=True, egress_except=("100.64.0.0/10",)), "100.64.3.4", 4566)
