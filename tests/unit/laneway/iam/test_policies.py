from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from laneway.iam.needs import Role
from laneway.iam.policy import bucket_policy, policy
from laneway.iam.resources import Scope
from laneway.iam.trust import account_of, irsa, pod_identity
from laneway.schema.pool.pool import parse_pool
from laneway_operator.queues.managed import managed_queue
from support.iam.evaluate import Call, allows, denies
from support.inputs.pools import pool_with

if TYPE_CHECKING:
    from laneway.schema.pool.pool import LLMWorkerPool

ACCOUNT, REGION, CLUSTER = "111122223333", "eu-west-1", "c1c1c1c1-0000-4000-8000-000000000000"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:results"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
MOST_LETTERS = 6144  # IAM: of a managed policy, without white space
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:laneway-documents-fast-abcde"
OWN = f"arn:aws:sqs:{REGION}:{ACCOUNT}:jobs"
BUCKET, OBJECTS = "arn:aws:s3:::acme-llm", "arn:aws:s3:::acme-llm/documents"
UNDER = {"s3:prefix": "documents/results/a.json"}
NEW = {"s3:if-none-match": "*", "s3:ObjectCreationOperation": "true"}
URL = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/jobs"
LANES: list[dict[str, Any]] = [
    {"name": "fast"},
    {"name": "gone", "queue": {"managed": {"deletionPolicy": "Delete"}}},
    {"name": "own", "queue": {"external": {"url": URL, "deadLetterURL": f"{URL}-dead"}}},
]
DOCUMENT = pool_with(
    lanes=LANES,
    destinations=[{"name": "legal", "s3": {"bucket": "acme-legal", "prefix": "llm/"}}],
    notifications={"sns": {"topicARN": TOPIC}},
    table={"postgres": {"iam": {"host": "db.example", "database": "jobs", "user": "writer"}}},
)
ROWS_IN_DYNAMODB = parse_pool(pool_with(table={"dynamodb": {"tableName": "jobs"}}))
POOL = parse_pool(DOCUMENT)
SCOPE = Scope(ACCOUNT, REGION)
EVENTS = f"arn:aws:sqs:{REGION}:{ACCOUNT}:laneway-documents-abcde-events"
OF_PODS = (Role.POOL, Role.WORKER, Role.DEAD_LETTERS, Role.PREFLIGHT)
ON_CALL = (Role.PERSON_ON_CALL, Role.DASHBOARD)
SENDERS = (Role.SUBMITTER, Role.GATEWAY, *ON_CALL)
OF_GATEWAYS = (
    "gateways/a.json",
    "owners/a.json",
    "joins/a.json",
    "waiters/a/b.json",
    "usage/2026-11-22/a.json",
    "gateway.json",
)

ALLOWED: dict[Call, set[Role]] = {
    Call("sqs:ReceiveMessage", QUEUE): {Role.POOL, Role.WORKER, Role.PREFLIGHT},
    Call("sqs:ReceiveMessage", f"{QUEUE}-dead"): {Role.POOL, Role.DEAD_LETTERS, Role.PREFLIGHT},
    Call("sqs:SendMessage", QUEUE): {
        Role.POOL,
        Role.WORKER,
        Role.PREFLIGHT,
        *SENDERS,
    },
    Call("sqs:SendMessage", OWN): {Role.POOL, Role.WORKER, Role.PREFLIGHT, *SENDERS},
    Call("sqs:GetQueueAttributes", QUEUE): {Role.PREFLIGHT, *SENDERS, Role.KEDA, Role.OPERATOR},
    Call("sqs:GetQueueAttributes", f"{OWN}-dead"): {Role.PREFLIGHT, Role.KEDA, Role.OPERATOR},
    Call("sqs:CreateQueue", QUEUE): {Role.OPERATOR},
    Call("sqs:SetQueueAttributes", OWN): set(),
    Call("sqs:DeleteQueue", QUEUE): set(),
    Call("sqs:DeleteQueue", QUEUE.replace("fast", "gone")): {Role.OPERATOR},
    Call("sqs:DeleteQueue", OWN): set(),
    Call("sqs:PurgeQueue", QUEUE): set(),
    Call("sqs:SendMessage", QUEUE.replace("documents", "others")): set(),
    Call("sqs:SendMessage", QUEUE.replace(ACCOUNT, "999999999999")): set(),
    Call("sqs:SendMessage", QUEUE.replace("fast", "fast-lane")): set(),
    Call("sqs:SendMessage", EVENTS): {Role.POOL, Role.WORKER, Role.DEAD_LETTERS},
    Call("sqs:ReceiveMessage", EVENTS): {Role.PROJECTOR},
    Call("sqs:DeleteMessage", EVENTS): {Role.PROJECTOR},
    Call("sqs:GetQueueAttributes", EVENTS): {Role.KEDA, Role.OPERATOR},
    Call("sqs:CreateQueue", f"{EVENTS}-dead"): {Role.OPERATOR},
    Call("sqs:DeleteQueue", EVENTS): {Role.OPERATOR},
    Call("sqs:ReceiveMessage", f"{EVENTS}-dead"): set(),
    Call("rds-db:connect", f"arn:aws:rds-db:{REGION}:{ACCOUNT}:dbuser:db-1/writer"): {Role.PROJECTOR, Role.REBUILD},
    Call("rds-db:connect", f"arn:aws:rds-db:{REGION}:{ACCOUNT}:dbuser:db-1/admin"): set(),
    Call("s3:ListBucket", BUCKET, UNDER): {*OF_PODS, *SENDERS, Role.REBUILD},
    Call("s3:ListBucket", BUCKET, {"s3:prefix": "others/"}): set(),
    Call("s3:ListBucket", BUCKET): set(),
    Call("s3:GetObject", f"{OBJECTS}/results/a.json"): {*OF_PODS, *SENDERS, Role.REBUILD},
    Call("s3:PutObject", f"{OBJECTS}/results/a.json"): set(OF_PODS),
    Call("s3:DeleteObject", f"{OBJECTS}/results/a.json"): set(),
    Call("s3:PutObject", f"{OBJECTS}/jobs/a.json"): {Role.SUBMITTER, Role.GATEWAY},
    Call("s3:GetObject", f"{OBJECTS}/jobs/a.json"): {
        Role.POOL,
        Role.WORKER,
        Role.DEAD_LETTERS,
        Role.PREFLIGHT,
        *SENDERS,
    },
    Call("s3:PutObject", f"{OBJECTS}/cancels/a.json"): {Role.SUBMITTER, Role.GATEWAY},
    Call("s3:PutObject", f"{OBJECTS}/failed/a.json"): set(OF_PODS),
    Call("s3:GetObject", f"{OBJECTS}/failed/a.json"): {*OF_PODS, *ON_CALL},
    Call("s3:DeleteObject", f"{OBJECTS}/failed/a.json"): set(ON_CALL),
    Call("s3:PutObject", f"{OBJECTS}/pool.json"): {Role.PREFLIGHT},
    Call("s3:GetObject", f"{OBJECTS}/pool.json"): {
        Role.PREFLIGHT,
        *SENDERS,
    },
    Call("s3:GetObject", "arn:aws:s3:::acme-llm/others/results/a.json"): set(),
    Call("s3:PutObject", "arn:aws:s3:::acme-legal/llm/a.json"): {Role.POOL, Role.WORKER, Role.PREFLIGHT},
    Call("s3:GetObject", "arn:aws:s3:::acme-legal/llm/a.json"): {Role.SUBMITTER},
    Call("s3:PutObject", "arn:aws:s3:::acme-legal/a.json"): set(),
    **{Call("s3:PutObject", f"{OBJECTS}/{key}"): {Role.GATEWAY} for key in OF_GATEWAYS},
    **{Call("s3:GetObject", f"{OBJECTS}/{key}"): {Role.GATEWAY} for key in OF_GATEWAYS},
    Call("s3:GetObject", f"{OBJECTS}/gateways/a.json"): {Role.GATEWAY, Role.POOL, Role.WORKER},
    Call("s3:DeleteObject", f"{OBJECTS}/gateways/a.json"): {Role.GATEWAY},
    Call("s3:DeleteObject", f"{OBJECTS}/waiters/a/b.json"): {Role.GATEWAY},
    **{
        Call("s3:DeleteObject", f"{OBJECTS}/{key}"): set()
        for key in ("owners/a.json", "joins/a.json", "usage/a/b.json", "gateway.json")
    },
    Call("s3:GetObject", f"{OBJECTS}/models/fast.json"): {Role.GATEWAY, Role.POOL, Role.WORKER},
    Call("s3:PutObject", f"{OBJECTS}/models/fast.json"): {Role.POOL, Role.WORKER},
    Call("sns:Publish", TOPIC): set(OF_PODS),
    Call("sns:Publish", f"{TOPIC}-of-others"): set(),
    Call("sns:Subscribe", TOPIC): set(),
}


@pytest.mark.parametrize("number", range(len(ALLOWED)), ids=[str(call) for call in ALLOWED])
def test_a_call_is_allowed_to_these_roles_and_to_no_other(number: int) -> None:
    call, roles = list(ALLOWED.items())[number]
    assert {role for role in Role if allows(policy(role, POOL, SCOPE), call)} == roles


@pytest.mark.parametrize("place", ["table/jobs", "table/jobs/index/by-lane"])
def test_rows_in_dynamodb_are_written_by_those_who_keep_them_and_read_by_people(place: str) -> None:
    for action, roles in {"PutItem": {Role.PROJECTOR, Role.REBUILD}, "Query": set(ON_CALL)}.items():
        call = Call(f"dynamodb:{action}", f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:{place}")
        assert {role for role in Role if allows(policy(role, ROWS_IN_DYNAMODB, SCOPE), call)} == roles


@pytest.mark.parametrize("role", Role)
def test_a_pool_without_a_table_gives_nobody_a_right_to_one(role: Role) -> None:
    given = json.dumps(policy(role, parse_pool(pool_with()), SCOPE))
    assert not any(word in given for word in ("events", "dynamodb", "rds-db"))


@pytest.mark.parametrize("account", [{"name": "claims"}, {"annotations": {"eks.amazonaws.com/role-arn": "a"}}])
def test_an_identity_of_all_pods_may_what_each_of_them_may(account: dict[str, Any]) -> None:
    shared = parse_pool(pool_with(**(DOCUMENT["spec"] | {"serviceAccount": account})))
    of_pods = (Role.WORKER, Role.DEAD_LETTERS, Role.PREFLIGHT)
    for call in ALLOWED:
        each = [allows(policy(role, shared, SCOPE), call) for role in of_pods]
        assert allows(policy(Role.POOL, shared, SCOPE), call) is any(each), str(call)


def test_the_clusters_id_names_queues_as_the_operator_does() -> None:
    lane = POOL.spec.lanes[0]
    queue = managed_queue(CLUSTER, POOL, lane, REGION)
    exact = policy(Role.KEDA, POOL, Scope(ACCOUNT, REGION, CLUSTER))
    for name in (queue.name, queue.dead_letter_name):
        call = Call("sqs:GetQueueAttributes", f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}")
        assert allows(exact, call)
        assert allows(policy(Role.KEDA, POOL, SCOPE), call)
    assert not allows(exact, Call("sqs:GetQueueAttributes", QUEUE))


@pytest.mark.parametrize("role", Role)
def test_a_key_is_used_through_its_services_only(role: Role) -> None:
    found = policy(role, POOL, Scope(ACCOUNT, REGION, kms_keys=(KEY,)))
    through = Call("kms:Decrypt", KEY, {"kms:ViaService": f"sqs.{REGION}.amazonaws.com"})
    assert allows(found, through) is (role not in (Role.KEDA, Role.OPERATOR, Role.REBUILD))
    assert not allows(found, Call("kms:Decrypt", KEY))
    assert not allows(policy(role, POOL, SCOPE), through)


@pytest.mark.parametrize(
    ("region", "partition", "domain"),
    [
        ("cn-north-1", "aws-cn", "amazonaws.com.cn"),
        ("us-gov-west-1", "aws-us-gov", "amazonaws.com"),
        ("eusc-de-east-1", "aws-eusc", "amazonaws.eu"),
        ("us-isob-east-1", "aws-iso-b", "sc2s.sgov.gov"),
        ("us-east-1", "aws", "amazonaws.com"),
    ],
)
def test_each_part_of_aws_has_arns_and_services_of_its_own(region: str, partition: str, domain: str) -> None:
    text = json.dumps(policy(Role.WORKER, POOL, Scope(ACCOUNT, region, kms_keys=(KEY,))))
    assert f'"arn:{partition}:s3:::acme-llm' in text
    assert f'"s3.{region}.{domain}"' in text


def largest() -> LLMWorkerPool:
    lanes = [{"name": f"{'l' * 18}{number:02}"} for number in range(16)]
    return parse_pool(pool_with(lanes=lanes) | {"metadata": {"name": "p" * 40}})


@pytest.mark.parametrize("role", Role)
def test_the_policy_of_sixteen_lanes_fits_a_managed_policy(role: Role) -> None:
    text = json.dumps(policy(role, largest(), SCOPE), separators=(",", ":"))
    assert len(text) <= MOST_LETTERS


@pytest.mark.parametrize(
    ("folder", "context", "refused"),
    [
        ("results/a.json", {"s3:ObjectCreationOperation": "true"}, True),
        ("results/a.json", NEW, False),
        ("results/a.json", {"s3:if-match": '"e"', "s3:ObjectCreationOperation": "true"}, False),
        ("results/a.json", {"s3:ObjectCreationOperation": "false"}, False),
        ("failed/a.json", {"s3:ObjectCreationOperation": "true"}, True),
        ("jobs/a.json", {"s3:ObjectCreationOperation": "true"}, True),
        *((key, {"s3:ObjectCreationOperation": "true"}, True) for key in OF_GATEWAYS),
        *((key, NEW, False) for key in OF_GATEWAYS),
        ("pool.json", {"s3:ObjectCreationOperation": "true"}, False),
    ],
)
def test_the_buckets_policy_refuses_writes_without_a_condition(
    folder: str, context: dict[str, str], *, refused: bool
) -> None:
    call = Call("s3:PutObject", f"{OBJECTS}/{folder}", context)
    assert denies(bucket_policy(POOL, SCOPE), call) is refused


def test_the_buckets_policy_refuses_what_goes_in_the_clear() -> None:
    call = Call("s3:GetObject", f"{OBJECTS}/pool.json", {"aws:SecureTransport": "false"})
    assert denies(bucket_policy(POOL, SCOPE), call)


def test_an_account_that_the_pool_names_takes_its_role() -> None:
    pool = parse_pool(pool_with(serviceAccount={"name": "claims"}))
    assert account_of(Role.POOL, pool) == ("default", "claims")


def test_only_the_pools_own_service_account_takes_its_role() -> None:
    account = account_of(Role.POOL, POOL)
    assert account == ("default", "laneway-worker-documents")
    (statement,) = pod_identity(account)["Statement"]
    assert statement["Principal"] == {"Service": "pods.eks.amazonaws.com"}
    assert statement["Condition"]["StringEquals"] == {
        "aws:RequestTag/kubernetes-namespace": "default",
        "aws:RequestTag/kubernetes-service-account": "laneway-worker-documents",
    }


def test_an_account_of_the_pools_own_takes_its_role() -> None:
    own = parse_pool(pool_with(serviceAccount={"name": "mine"}))
    assert account_of(Role.POOL, own) == ("default", "mine")


def test_irsa_trusts_one_subject_of_one_issuer() -> None:
    host = "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLE"
    account = account_of(Role.KEDA, POOL)
    assert account is not None
    (statement,) = irsa(account, f"https://{host}", SCOPE)["Statement"]
    assert statement["Principal"] == {"Federated": f"arn:aws:iam::{ACCOUNT}:oidc-provider/{host}"}
    assert statement["Condition"]["StringEquals"] == {
        f"{host}:aud": "sts.amazonaws.com",
        f"{host}:sub": "system:serviceaccount:keda:keda-operator",
    }


@pytest.mark.parametrize("role", [Role.SUBMITTER, Role.PERSON_ON_CALL])
def test_people_and_applications_have_no_service_account_of_ours(role: Role) -> None:
    assert account_of(role, POOL) is None
