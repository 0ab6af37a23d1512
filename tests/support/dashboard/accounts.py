"""ServiceAccounts of a cluster of the tests, with their tokens."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from pathlib import Path

    from support.cluster.cluster import Cluster


def made_account(cluster: Cluster, namespace: str, name: str) -> None:
    """There is one."""
    metadata = {"name": name, "namespace": namespace}
    cluster.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}, namespace=namespace)


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
