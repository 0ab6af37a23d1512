"""Who a pool's pods are. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from laneway.schema.shared.names import worker_account_name
from laneway_operator.render.meta import metadata

if TYPE_CHECKING:
    from laneway_operator.render.meta import Component
    from laneway_operator.render.view import Manifest, PoolView


def service_account(pool: PoolView) -> Manifest | None:
    """The identity of the pool's workers, where it names none of its own."""
    own = pool.pool.spec.service_account
    if own is not None and own.name is not None:
        return None
    return account_called(pool, pool.account, own.annotations if own else None)


def preflight_account(pool: PoolView) -> Manifest | None:
    """The identity of what writes `pool.json`, where it isn't the workers': they hold senders' texts, and whoever takes
    one over must not lead all senders to a queue of his choice.
    """
    if pool.preflight_account == pool.account:
        return None
    own = pool.pool.spec.service_account
    return account_called(pool, pool.preflight_account, own.preflight_annotations if own else None)


def account_called(
    pool: PoolView, name: str, annotations: dict[str, str] | None, component: Component | None = None
) -> Manifest:
    """An account of Kubernetes, whose token nobody gets by being in a pod."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": metadata(pool, name, component=component) | ({"annotations": annotations} if annotations else {}),
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
