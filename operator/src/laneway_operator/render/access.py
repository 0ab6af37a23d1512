"""Who a pool's pods are. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway.schema.shared.names import worker_account_name
from laneway_operator.render.meta import metadata

if TYPE_CHECKING:
    from laneway_operator.render.view import Manifest, PoolView


def service_account(pool: PoolView) -> Manifest | None:
    """The identity of the pool's pods, where it names none of its own."""
    own = pool.pool.spec.service_account
    if own is not None and own.name is not None:
        return None
    annotations = {"annotations": own.annotations} if own else {}
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": metadata(pool, pool.account) | annotations,
        "automountServiceAccountToken": False,
    }


def role(pool: PoolView) -> Manifest | None:
    """What a worker may do in Kubernetes: write onto pods; the chart's admission policy narrows it to its own."""
    if not pool.pod_reports:
        return None
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": metadata(pool, worker_account_name(pool.name)),
        "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["patch"]}],
    }


def role_binding(pool: PoolView) -> Manifest | None:
    """The role is the workers'."""
    if not pool.pod_reports:
        return None
    name = worker_account_name(pool.name)
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": metadata(pool, name),
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
        "subjects": [{"kind": "ServiceAccount", "name": pool.account, "namespace": pool.namespace}],
    }
