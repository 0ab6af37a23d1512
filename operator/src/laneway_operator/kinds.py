"""The kinds of object that the operator deals with. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from laneway.schema.shared.names import GROUP, PLURAL, PROFILE_PLURAL, VERSION

KEDA_GROUP = "keda.sh"
RBAC_GROUP = "rbac.authorization.k8s.io"
NETWORKING_GROUP = "networking.k8s.io"
POLICY_GROUP = "policy"


@dataclass(frozen=True)
class Kind:
    """Where objects of a kind are."""

    group: str
    """Empty for Kubernetes' core."""
    version: str
    plural: str

    @property
    def api(self) -> str:
        """`apiVersion` of an object."""
        return f"{self.group}/{self.version}" if self.group else self.version


KINDS = {
    "ServiceAccount": Kind("", "v1", "serviceaccounts"),
    "ConfigMap": Kind("", "v1", "configmaps"),
    "Role": Kind(RBAC_GROUP, "v1", "roles"),
    "RoleBinding": Kind(RBAC_GROUP, "v1", "rolebindings"),
    "NetworkPolicy": Kind(NETWORKING_GROUP, "v1", "networkpolicies"),
    "TriggerAuthentication": Kind(KEDA_GROUP, "v1alpha1", "triggerauthentications"),
    "ScaledObject": Kind(KEDA_GROUP, "v1alpha1", "scaledobjects"),
    "Deployment": Kind("apps", "v1", "deployments"),
    "Job": Kind("batch", "v1", "jobs"),
    "Service": Kind("", "v1", "services"),
    "PodDisruptionBudget": Kind(POLICY_GROUP, "v1", "poddisruptionbudgets"),
}
"""Every kind that the operator makes for a pool."""
OF_GATEWAYS = ("Service", "PodDisruptionBudget")
"""Those that it makes for gateways alone: it has a right to them only where Helm values turn gateways on."""
POOLS = Kind(GROUP, VERSION, PLURAL)
PROFILES = Kind(GROUP, VERSION, PROFILE_PLURAL)
SECRETS = Kind("", "v1", "secrets")
EVENTS = Kind("events.k8s.io", "v1", "events")
PODS = Kind("", "v1", "pods")
