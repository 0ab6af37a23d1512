"""Identity policies, and the bucket policy that makes S3 itself refuse a second result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from laneway.iam.needs import NEEDS, On, Role
from laneway.iam.resources import resources
from laneway.schema.pool.arns import bucket_arn, domain_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from laneway.iam.needs import Need
    from laneway.iam.resources import Scope
    from laneway.schema.pool.pool import LLMWorkerPool

Policy: TypeAlias = dict[str, Any]

VERSION = "2012-10-17"  # IAM's own, of its language
ENCRYPTS = {"s3:PutObject", "sns:Publish", "sqs:SendMessage"}
CONDITIONAL = (
    On.RESULTS,
    On.FAILED,
    On.JOBS,
    On.CANCELS,
    On.MODELS,
    On.ESTIMATES,
    On.GATEWAYS,
    On.OWNERS,
    On.JOINS,
    On.WAITERS,
    On.USAGE,
    On.GATEWAY_SETTINGS,
)
"""What nobody writes over unseen."""
DECRYPTS = {"s3:GetObject", "sqs:ReceiveMessage"}


def policy(role: Role, pool: LLMWorkerPool, scope: Scope) -> Policy:
    """What a role may do with this pool, and nothing else."""
    found = resources(pool, scope)
    needs = tuple(need for need in _needs(role, pool) if found[need.on])
    statements = [_statement(actions, targets, pool, found) for actions, targets in _grouped(needs).items()]
    return {"Version": VERSION, "Statement": [*statements, *_keys(needs, scope)]}


def _needs(role: Role, pool: LLMWorkerPool) -> tuple[Need, ...]:
    """Where one account is for all of a pool's pods, it is the preflight's too."""
    shared = role is Role.POOL and pool.preflight_account == pool.account
    return (*NEEDS[role], *(NEEDS[Role.PREFLIGHT] if shared else ()))


def _grouped(needs: tuple[Need, ...]) -> dict[tuple[str, ...], list[On]]:
    """Things on which the same is done share a statement."""
    actions: dict[On, set[str]] = {}
    for need in needs:
        actions.setdefault(need.on, set()).add(need.action)
    grouped: dict[tuple[str, ...], list[On]] = {}
    for on, each in actions.items():
        grouped.setdefault(tuple(sorted(each)), []).append(on)
    return grouped


def _statement(
    actions: tuple[str, ...], targets: list[On], pool: LLMWorkerPool, found: dict[On, tuple[str, ...]]
) -> Policy:
    statement: Policy = {
        "Sid": "".join(each.name.title().replace("_", "") for each in targets),
        "Effect": "Allow",
        "Action": list(actions),
        "Resource": list(dict.fromkeys(arn for each in targets for arn in found[each])),
    }
    if On.BUCKET in targets:
        statement["Condition"] = {"StringLike": {"s3:prefix": [f"{pool.results.prefix}*"]}}
    return statement


def _keys(needs: tuple[Need, ...], scope: Scope) -> Iterator[Policy]:
    """Through the services only: never a call to KMS itself."""
    used = {need.action for need in needs}
    encrypts, decrypts = used & ENCRYPTS, used & (ENCRYPTS | DECRYPTS)
    if not scope.kms_keys or not decrypts:
        return
    services = sorted({f"{action.partition(':')[0]}.{scope.region}.{domain_of(scope.region)}" for action in decrypts})
    yield {
        "Sid": "Keys",
        "Effect": "Allow",
        "Action": ["kms:Decrypt", *(["kms:GenerateDataKey"] if encrypts else [])],
        "Resource": list(scope.kms_keys),
        "Condition": {"StringEquals": {"kms:ViaService": services}},
    }


def bucket_policy(pool: LLMWorkerPool, scope: Scope) -> Policy:
    """Every object of a job is written under a condition, so that none is overwritten unseen; and nothing goes in the
    clear.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
    """
    found, bucket = resources(pool, scope), bucket_arn(pool.results.bucket, scope.region)
    written = [arn for on in CONDITIONAL for arn in found[on]]
    return {
        "Version": VERSION,
        "Statement": [
            {
                "Sid": "OnlyConditionalWrites",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:PutObject",
                "Resource": written,
                "Condition": {
                    "Null": {"s3:if-match": "true", "s3:if-none-match": "true"},
                    "Bool": {"s3:ObjectCreationOperation": "true"},
                },
            },
            {
                "Sid": "OnlyEncrypted",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [bucket, f"{bucket}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
        ],
    }
