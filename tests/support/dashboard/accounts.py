"""ServiceAccounts of a cluster of the tests, with their tokens."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import yaml

from laneway_dashboard.adapters.cluster.reviews import RIGHTS

if TYPE_CHECKING:
    from pathlib import Path

    from laneway_dashboard.ports.visitors import Right
    from support.cluster.cluster import Cluster


OWN = ("laneway-system", "laneway-dashboard")
"""The dashboard's, by namespace and name, as the chart makes it."""


def made_account(cluster: Cluster, namespace: str, name: str) -> None:
    """There is one."""
    metadata = {"name": name, "namespace": namespace}
    cluster.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}, namespace=namespace)


def made_person(cluster: Cluster, name: str, *rights: Right) -> None:
    """Somebody who has these rights in the namespace `ours`."""
    made_account(cluster, "ours", name)
    granted(cluster, name, [rule_of(*RIGHTS[right]) for right in rights])


def rule_of(verb: str, subresource: str) -> dict[str, list[str]]:
    """One, on pools."""
    resource = f"llmworkerpools/{subresource}" if subresource else "llmworkerpools"
    return {"apiGroups": ["laneway.dev"], "resources": [resource], "verbs": [verb]}


def granted(cluster: Cluster, name: str, rules: list[dict[str, list[str]]]) -> None:
    """In `ours`, to an account of it."""
    api = "rbac.authorization.k8s.io"
    role = {"apiVersion": f"{api}/v1", "kind": "Role", "metadata": {"name": name}, "rules": rules}
    binding = {
        "apiVersion": f"{api}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": api, "kind": "Role", "name": name},
        "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": "ours"}],
    }
    cluster.apply(json.dumps(role), json.dumps(binding), namespace="ours")


def token_of(cluster: Cluster, namespace: str, name: str) -> str:
    """A new one, of an hour."""
    return cluster.kubectl("create", "token", name, f"--namespace={namespace}").strip()


def account_of(cluster: Cluster, namespace: str, name: str, folder: Path) -> tuple[str, Path]:
    """The API server's address, and a folder as a pod of that account has it."""
    (entry,) = yaml.safe_load(cluster.kubeconfig.read_text())["clusters"]
    known = entry["cluster"]
    if "certificate-authority-data" in known:
        authority = base64.b64decode(known["certificate-authority-data"])
    else:
        authority = (cluster.kubeconfig.parent / known["certificate-authority"]).read_bytes()
    (folder / "ca.crt").write_bytes(authority)
    (folder / "token").write_text(token_of(cluster, namespace, name))
    return known["server"], folder
