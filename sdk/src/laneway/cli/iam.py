"""`laneway iam`: policies that give each part of a pool its rights and no more."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from laneway.cli.output import Exit, FileArgument, JsonOption, fail, print_json, say
from laneway.iam.needs import WHO, Role
from laneway.iam.open_ends import open_ends
from laneway.iam.policy import bucket_policy, policy
from laneway.iam.trust import account_of, irsa, pod_identity

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from laneway.iam.policy import Policy
    from laneway.iam.resources import Scope
    from laneway.schema.pool.pool import LLMWorkerPool


class Document(StrEnum):
    """What is printed."""

    POLICY = "policy"
    POD_IDENTITY = "pod-identity-trust"
    IRSA = "irsa-trust"
    BUCKET = "bucket-policy"


RoleOption = Annotated[Role | None, typer.Option("--role", help="Only this one, as plain JSON. Default: all of them.")]
DocumentOption = Annotated[
    Document,
    typer.Option("--document", help="What the role may do, who may take it, or what the pool's bucket should refuse."),
]
AccountOption = Annotated[
    str | None, typer.Option("--account", help="The AWS account's 12 digits. Default: that of the pool's topic.")
]
RegionOption = Annotated[str | None, typer.Option("--region", help="The region. Default: the pool's.")]
ClusterOption = Annotated[
    str | None,
    typer.Option(
        "--cluster-id",
        help="The UID of the namespace kube-system, which with the pool's own namespace names managed queues exactly. "
        "Without it those of any namespace and cluster match, and a warning says so.",
    ),
]
KeyOption = Annotated[
    list[str] | None,
    typer.Option("--kms-key", help="ARN of a key of your own that encrypts bucket, queues or topic; may be repeated."),
]
IssuerOption = Annotated[
    str | None, typer.Option("--oidc-issuer", help="The cluster's OIDC issuer, for --document irsa-trust.")
]


def iam(
    file: FileArgument,
    role: RoleOption = None,
    document: DocumentOption = Document.POLICY,
    account: AccountOption = None,
    region: RegionOption = None,
    cluster_id: ClusterOption = None,
    kms_key: KeyOption = None,
    oidc_issuer: IssuerOption = None,
    json_: JsonOption = False,
) -> None:
    """Print least-privilege IAM policies for a pool."""
    pool = _load(file)
    roles = tuple(Role) if role is None else (role,)
    trusts = document is Document.IRSA and any(account_of(each, pool) for each in roles)
    account, region = account or _topics_account(pool), _region(pool, region)
    missing = list(_missing(account, region, cluster_id, has_issuer=not trusts or oidc_issuer is not None))
    if account is None or region is None or missing:
        fail("; ".join(missing), Exit.USAGE)
    scope = _scope(account, region, cluster_id, tuple(kms_key or ()))
    _warn(document, pool, scope)
    if document is Document.BUCKET:
        _print(bucket_policy(pool, scope), json_)
        return
    made = {each: _made(document, each, pool, scope, oidc_issuer or "") for each in roles}
    if role is not None:
        if made[role] is None:
            fail(f"{role} has no ServiceAccount: give its policy to the role or the user that it has", Exit.USAGE)
        _print(made[role], json_)
    elif json_:
        print_json({each: found for each, found in made.items() if found is not None})
    else:
        for each, found in made.items():
            if found is not None:
                typer.echo(f"# {each}: {WHO[each]}")
                _print(found, json_)


def _warn(document: Document, pool: LLMWorkerPool, scope: Scope) -> None:
    """On standard error: what is printed is to be used by programs."""
    if document is Document.POLICY:
        for each in open_ends(pool, scope):
            say(f"warning: {each}")


def _load(file: Path) -> LLMWorkerPool:
    from laneway.pool_file import load_pool  # noqa: PLC0415 - costs what `--help` should not pay
    from laneway.schema.pool.file import PoolFileError  # noqa: PLC0415 - as above

    try:
        return load_pool(file)
    except PoolFileError as error:
        fail(str(error), Exit.USAGE)


def _topics_account(pool: LLMWorkerPool) -> str | None:
    return pool.spec.notifications.sns.topic_arn.split(":")[4] if pool.spec.notifications else None


def _region(pool: LLMWorkerPool, option: str | None) -> str | None:
    from laneway.schema.shared.regions import Contradiction, Said, choose  # noqa: PLC0415 - as above

    try:
        choice = choose((*pool.spec.regions, *([Said("--region", option)] if option else [])))
    except Contradiction as error:
        fail(f"{error}; leave --region out, or correct the pool", Exit.USAGE)
    return choice.said.region if choice else None


def _missing(account: str | None, region: str | None, cluster_id: str | None, *, has_issuer: bool) -> Iterator[str]:
    """Everything at once: who asks AWS for one can ask for the others too."""
    if account is None:
        yield (
            "name the account of the queues with --account and its 12 digits: "
            "aws sts get-caller-identity --query Account --output text"
        )
    elif len(account) != len("111122223333") or not account.isdecimal():
        yield f"--account should be the account's 12 digits, such as 111122223333, not {account!r}"
    if region is None:
        yield "the pool names no region: name it with --region, or as spec.aws.region"
    if cluster_id == "":
        yield "--cluster-id is empty: did kubectl answer?"
    if not has_issuer:
        yield (
            "name the cluster's issuer with --oidc-issuer: "
            "aws eks describe-cluster --name CLUSTER --query cluster.identity.oidc.issuer --output text"
        )


def _scope(account: str, region: str, cluster_id: str | None, keys: tuple[str, ...]) -> Scope:
    from laneway.iam.resources import Scope  # noqa: PLC0415 - costs what `--help` should not pay

    return Scope(account, region, cluster_id, keys)


def _made(document: Document, role: Role, pool: LLMWorkerPool, scope: Scope, issuer: str) -> Policy | None:
    if document is Document.POLICY:
        return policy(role, pool, scope)
    account = account_of(role, pool)
    if account is None:
        return None
    return pod_identity(account) if document is Document.POD_IDENTITY else irsa(account, issuer, scope)


def _print(document: Any, compact: bool) -> None:
    if compact:
        print_json(document)
    else:
        typer.echo(json.dumps(document, indent=2))
