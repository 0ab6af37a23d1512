"""Trust policies: which ServiceAccount may take a role."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from laneway.iam.needs import Role
from laneway.iam.policy import VERSION
from laneway.schema.pool.arns import partition_of
from laneway.schema.shared.names import gateway_account_name, projector_account_name

if TYPE_CHECKING:
    from laneway.iam.policy import Policy
    from laneway.iam.resources import Scope
    from laneway.schema.pool.pool import LLMWorkerPool

TAG = "aws:RequestTag/kubernetes"
AUDIENCE = "sts.amazonaws.com"


class Account(NamedTuple):
    """A Kubernetes ServiceAccount."""

    namespace: str
    name: str


OPERATOR = Account("laneway-system", "laneway")  # the chart's, where docs/howto/eks.md installs it
DASHBOARD = Account("laneway-system", "laneway-dashboard")  # as above
KEDA = Account("keda", "keda-operator")  # as KEDA's chart names it
OF_THE_CLUSTER = {Role.OPERATOR: OPERATOR, Role.DASHBOARD: DASHBOARD, Role.KEDA: KEDA}


def account_of(role: Role, pool: LLMWorkerPool) -> Account | None:
    """Whose role it is; nothing for people and applications, who have identities already."""
    match role:
        case Role.OPERATOR | Role.DASHBOARD | Role.KEDA:
            return OF_THE_CLUSTER[role]
        case Role.SUBMITTER | Role.PERSON_ON_CALL | Role.REBUILD:
            return None
        case Role.PREFLIGHT:
            return Account(pool.metadata.namespace, pool.preflight_account)
        case Role.GATEWAY:
            return Account(pool.metadata.namespace, gateway_account_name(pool.metadata.name))
        case Role.PROJECTOR:
            return Account(pool.metadata.namespace, projector_account_name(pool.metadata.name))
        case Role.POOL | Role.WORKER | Role.DEAD_LETTERS:
            return Account(pool.metadata.namespace, pool.account)


def pod_identity(account: Account) -> Policy:
    """EKS Pod Identity: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html."""
    condition = {f"{TAG}-namespace": account.namespace, f"{TAG}-service-account": account.name}
    return _allow({"Service": "pods.eks.amazonaws.com"}, ["sts:AssumeRole", "sts:TagSession"], condition)


def irsa(account: Account, issuer: str, scope: Scope) -> Policy:
    """IAM roles for service accounts; `issuer` is the cluster's OIDC issuer, with or without https://."""
    host = issuer.removeprefix("https://").rstrip("/")
    provider = f"arn:{partition_of(scope.region)}:iam::{scope.account}:oidc-provider/{host}"
    subject = f"system:serviceaccount:{account.namespace}:{account.name}"
    condition = {f"{host}:aud": AUDIENCE, f"{host}:sub": subject}
    return _allow({"Federated": provider}, ["sts:AssumeRoleWithWebIdentity"], condition)


def _allow(principal: dict[str, str], actions: list[str], condition: dict[str, str]) -> Policy:
    statement = {"Effect": "Allow", "Principal": principal, "Action": actions, "Condition": {"StringEquals": condition}}
    return {"Version": VERSION, "Statement": [statement]}
