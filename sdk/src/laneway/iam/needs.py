"""Who needs which right on what, why, and which file makes the call. A test compares it with calls that are made."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Role(StrEnum):
    """Whom a policy is for."""

    POOL = "pool"
    WORKER = "worker"
    DEAD_LETTERS = "dead-letters"
    PREFLIGHT = "preflight"
    SUBMITTER = "submitter"
    GATEWAY = "gateway"
    PROJECTOR = "projector"
    REBUILD = "rebuild"
    PERSON_ON_CALL = "person-on-call"
    DASHBOARD = "dashboard"
    KEDA = "keda"
    OPERATOR = "operator"


class On(StrEnum):
    """What a right is used on; the words are those of the reference page."""

    QUEUES = "the lanes' queues"
    DEAD_LETTER_QUEUES = "their dead-letter queues"
    MANAGED_QUEUES = "managed queues and their dead-letter queues"
    DOOMED_QUEUES = "managed queues with `deletionPolicy: Delete` and their dead-letter queues"
    OWN_QUEUES = "queues of a lane's own and their dead-letter queues"
    BUCKET = "the bucket, for keys under the pool's prefix"
    RESULTS = "`<prefix>results/*`"
    JOBS = "`<prefix>jobs/*`"
    CANCELS = "`<prefix>cancels/*`"
    FAILED = "`<prefix>failed/*`"
    POOL_DOCUMENT = "`<prefix>pool.json`"
    MODELS = "`<prefix>models/*`"
    WORKERS = "`<prefix>workers/*`"
    ESTIMATES = "`<prefix>estimates/*`"
    GATEWAYS = "`<prefix>gateways/*`"
    OWNERS = "`<prefix>owners/*`"
    JOINS = "`<prefix>joins/*`"
    WAITERS = "`<prefix>waiters/*`"
    USAGE = "`<prefix>usage/*`"
    GATEWAY_SETTINGS = "`<prefix>gateway.json`"
    DESTINATIONS = "the destinations' prefixes"
    TOPIC = "the topic"
    EVENTS_QUEUE = "the events queue of a pool with a `table`"
    EVENTS_QUEUES = "the events queue and its dead-letter queue"
    TABLE = "the table in DynamoDB"
    DATABASE_USER = "the role of `table.postgres.iam` in RDS"


class Need(NamedTuple):
    """One right."""

    action: str
    """As IAM names it."""
    on: On
    why: str
    where: str
    """The file that makes the call."""


LIST, READ, WRITE, DELETE = "s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"
RECEIVE, SEND, END = "sqs:ReceiveMessage", "sqs:SendMessage", "sqs:DeleteMessage"
EXTEND, LOOK, PUBLISH = "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes", "sns:Publish"

_SQS = "worker/src/laneway_worker/adapters/aws/sqs.py"
_S3 = "worker/src/laneway_worker/adapters/aws/s3.py"
_SNS = "worker/src/laneway_worker/adapters/aws/sns.py"
_EVENTS = "worker/src/laneway_worker/adapters/aws/events.py"
_PROJECTOR = "table/src/laneway_table/adapters/sqs.py"
_DYNAMODB = "table/src/laneway_table/adapters/dynamodb/table.py"
_POSTGRES = "table/src/laneway_table/adapters/sql/postgres_access.py"
_SWEEP = "table/src/laneway_table/adapters/s3.py"
_TRY = "worker/src/laneway_worker/adapters/aws/access.py"
_CLIENT = "sdk/src/laneway/client/remote.py"
_OPERATOR = "operator/src/laneway_operator/queues/sqs.py"
_SCALER = "operator/src/laneway_operator/render/scaling.py"
_ABSENT = "without it S3 answers 403, not 404, for an object that isn't there, and no job ends"


def _messages(queues: On, what: str) -> tuple[Need, ...]:
    """What it takes to get messages and be rid of them."""
    return (
        Need(RECEIVE, queues, f"takes {what}", _SQS),
        Need(EXTEND, queues, "renews leases, and gives back what it can't finish", _SQS),
        Need(END, queues, f"ends {what}", _SQS),
        Need(SEND, queues, "sends a retry, or a fresh copy of what was interrupted often", _SQS),
    )


_RECORDS = (
    Need(LIST, On.BUCKET, _ABSENT, _S3),
    Need(READ, On.RESULTS, "finds results that are there", _S3),
    Need(WRITE, On.RESULTS, "commits results", _S3),
    Need(READ, On.FAILED, "finds failed jobs that are kept already", _S3),
    Need(WRITE, On.FAILED, "keeps failed jobs", _S3),
    Need(PUBLISH, On.TOPIC, "tells that a result is there", _SNS),
)

_TELLING = (
    Need(READ, On.GATEWAYS, "finds the gateway that waits for a job", _S3),
    Need(READ, On.MODELS, "sees what is known of the lane's model", _S3),
    Need(WRITE, On.MODELS, "says what the model can do", _S3),
    Need(READ, On.WORKERS, "sees who else serves the lane", _S3),
    Need(WRITE, On.WORKERS, "says how it goes, and which jobs it has", _S3),
    Need(DELETE, On.WORKERS, "says so no longer", _S3),
    Need(READ, On.ESTIMATES, "sees what is known of how long jobs wait", _S3),
    Need(WRITE, On.ESTIMATES, "says how long jobs wait", _S3),
)
"""What no job needs, nor the preflight tries: without it answers are not streamed, gateways know no models, and nobody
sees how the line moves.
"""

_ROWS = (Need(SEND, On.EVENTS_QUEUE, "tells of each result, for its row", _EVENTS),)
"""What no job needs either: without it rows are missing."""

WORKER = (
    *_messages(On.QUEUES, "jobs"),
    *_RECORDS,
    Need(READ, On.JOBS, "reads bodies that messages point to, and sees whose an id is", _S3),
    Need(READ, On.CANCELS, "sees whether a job is to be cancelled", _S3),
    Need(WRITE, On.DESTINATIONS, "writes outputs of jobs that name a destination", _S3),
    *_TELLING,
    *_ROWS,
)
DEAD_LETTERS = (
    *_messages(On.DEAD_LETTER_QUEUES, "dead letters"),
    *_RECORDS,
    Need(READ, On.JOBS, "sees whose an id is", _S3),
    *_ROWS,
)


def _tried() -> tuple[Need, ...]:
    """The preflight tries every right of the two that jobs need, by calls that come to nothing."""
    both = dict.fromkeys((need.action, need.on) for need in (*WORKER, *DEAD_LETTERS) if need not in (*_TELLING, *_ROWS))
    return tuple(Need(action, on, "tries the right, to no effect", _TRY) for action, on in both)


PREFLIGHT = (
    *_tried(),
    Need(LOOK, On.QUEUES, "looks at redrive policy and retention", _TRY),
    Need(LOOK, On.DEAD_LETTER_QUEUES, "looks at retention", _TRY),
    Need(READ, On.POOL_DOCUMENT, "sees whether it is up to date", _S3),
    Need(WRITE, On.POOL_DOCUMENT, "publishes what clients connect with", _S3),
)
SUBMITTER = (
    Need(SEND, On.QUEUES, "sends jobs", _CLIENT),
    Need(LOOK, On.QUEUES, "says how many jobs wait", _CLIENT),
    Need(LIST, On.BUCKET, "else a result that isn't there yet is refused, not awaited", _CLIENT),
    Need(READ, On.POOL_DOCUMENT, "connects", _CLIENT),
    Need(READ, On.ESTIMATES, "says when it will be a job's turn", _CLIENT),
    Need(READ, On.RESULTS, "reads results", _CLIENT),
    Need(READ, On.JOBS, "refuses an id, and a result, that belongs to another request", _CLIENT),
    Need(WRITE, On.JOBS, "stores bodies before they are sent", _CLIENT),
    Need(WRITE, On.CANCELS, "asks for a cancel", _CLIENT),
    Need(READ, On.DESTINATIONS, "reads outputs there; readers without it are told where they are", _CLIENT),
)
GATEWAY = (
    Need(SEND, On.QUEUES, "sends jobs", _CLIENT),
    Need(LOOK, On.QUEUES, "says how many jobs wait", _CLIENT),
    Need(LIST, On.BUCKET, "finds results of held requests, who else waits, and what keys have used", _CLIENT),
    Need(READ, On.POOL_DOCUMENT, "connects", _CLIENT),
    Need(READ, On.MODELS, "says what a model can do, and refuses what it can't", _CLIENT),
    Need(READ, On.ESTIMATES, "says when it will be a request's turn", _CLIENT),
    Need(READ, On.RESULTS, "reads results", _CLIENT),
    Need(READ, On.JOBS, "refuses a result that belongs to another request", _CLIENT),
    Need(WRITE, On.JOBS, "stores bodies before they are sent", _CLIENT),
    Need(READ, On.CANCELS, "sends a retry anew where its job is being cancelled", _CLIENT),
    Need(WRITE, On.CANCELS, "cancels what nobody waits for any more", _CLIENT),
    Need(READ, On.GATEWAYS, "sees which gateways live; S3 wants it for a write under a condition", _CLIENT),
    Need(WRITE, On.GATEWAYS, "says where workers find it", _CLIENT),
    Need(DELETE, On.GATEWAYS, "says so no longer", _CLIENT),
    Need(READ, On.OWNERS, "sees whose a job is", _CLIENT),
    Need(WRITE, On.OWNERS, "says whose a job is", _CLIENT),
    Need(READ, On.JOINS, "finds the job of an earlier try", _CLIENT),
    Need(WRITE, On.JOINS, "says which job a request became", _CLIENT),
    Need(READ, On.WAITERS, "finds its own mark; S3 wants it for a delete under a condition", _CLIENT),
    Need(WRITE, On.WAITERS, "says that it waits for a job", _CLIENT),
    Need(DELETE, On.WAITERS, "waits no longer", _CLIENT),
    Need(READ, On.USAGE, "sees what keys with a quota have used at other gateways", _CLIENT),
    Need(WRITE, On.USAGE, "says what they have used here", _CLIENT),
    Need(READ, On.GATEWAY_SETTINGS, "reads the secret by which earlier tries are named", _CLIENT),
    Need(WRITE, On.GATEWAY_SETTINGS, "makes it, the first of all gateways", _CLIENT),
)
_WRITES = (
    Need("dynamodb:DescribeTable", On.TABLE, "sees whether the table is as it should be", _DYNAMODB),
    Need("dynamodb:PutItem", On.TABLE, "writes rows", _DYNAMODB),
    Need("rds-db:connect", On.DATABASE_USER, "enters the database by a token", _POSTGRES),
)
PROJECTOR = (
    Need(RECEIVE, On.EVENTS_QUEUE, "takes events", _PROJECTOR),
    Need(EXTEND, On.EVENTS_QUEUE, "holds them while the database is down", _PROJECTOR),
    Need(END, On.EVENTS_QUEUE, "ends them", _PROJECTOR),
    *_WRITES,
)
REBUILD = (
    Need(LIST, On.BUCKET, "goes over the results", _SWEEP),
    Need(READ, On.RESULTS, "makes rows of them", _SWEEP),
    Need("dynamodb:BatchGetItem", On.TABLE, "finds rows that are missing, or of another result", _DYNAMODB),
    *_WRITES,
)
PERSON_ON_CALL = (
    Need(SEND, On.QUEUES, "sends failed jobs again", _CLIENT),
    Need(LOOK, On.QUEUES, "says how many jobs wait", _CLIENT),
    Need(LIST, On.BUCKET, "lists failed jobs, and workers that report", _CLIENT),
    Need(READ, On.POOL_DOCUMENT, "connects", _CLIENT),
    Need(READ, On.WORKERS, "shows workers, and who has which job", _CLIENT),
    Need(READ, On.ESTIMATES, "says when it will be a job's turn", _CLIENT),
    Need(READ, On.RESULTS, "tells failed jobs that still count", _CLIENT),
    Need(READ, On.JOBS, "reads bodies to send again", _CLIENT),
    Need(READ, On.FAILED, "shows failed jobs", _CLIENT),
    Need(DELETE, On.FAILED, "keeps no longer what was retried or dropped", _CLIENT),
    Need("dynamodb:Query", On.TABLE, "lists jobs that have ended", _DYNAMODB),
)
KEDA = (
    Need(LOOK, On.QUEUES, "counts jobs", _SCALER),
    Need(LOOK, On.DEAD_LETTER_QUEUES, "counts dead letters", _SCALER),
    Need(LOOK, On.EVENTS_QUEUE, "counts events", _SCALER),
)
OPERATOR = (
    Need("sqs:GetQueueUrl", On.MANAGED_QUEUES, "finds them", _OPERATOR),
    Need("sqs:CreateQueue", On.MANAGED_QUEUES, "makes them", _OPERATOR),
    Need("sqs:TagQueue", On.MANAGED_QUEUES, "says on them whose they are", _OPERATOR),
    Need("sqs:ListQueueTags", On.MANAGED_QUEUES, "refuses those of others", _OPERATOR),
    Need(LOOK, On.MANAGED_QUEUES, "sees whether they are as they should be", _OPERATOR),
    Need("sqs:SetQueueAttributes", On.MANAGED_QUEUES, "makes them so", _OPERATOR),
    Need("sqs:DeleteQueue", On.DOOMED_QUEUES, "deletes them with their pool", _OPERATOR),
    Need("sqs:GetQueueUrl", On.EVENTS_QUEUES, "finds them", _OPERATOR),
    Need("sqs:CreateQueue", On.EVENTS_QUEUES, "makes them", _OPERATOR),
    Need("sqs:TagQueue", On.EVENTS_QUEUES, "says on them whose they are", _OPERATOR),
    Need("sqs:ListQueueTags", On.EVENTS_QUEUES, "refuses those of others", _OPERATOR),
    Need(LOOK, On.EVENTS_QUEUES, "sees whether they are as they should be", _OPERATOR),
    Need("sqs:SetQueueAttributes", On.EVENTS_QUEUES, "makes them so", _OPERATOR),
    Need("sqs:DeleteQueue", On.EVENTS_QUEUES, "deletes them with their pool", _OPERATOR),
    Need(LOOK, On.OWN_QUEUES, "says what would lose jobs; without it the preflight does", _OPERATOR),
)

NEEDS: dict[Role, tuple[Need, ...]] = {
    Role.POOL: (*WORKER, *DEAD_LETTERS),
    Role.WORKER: WORKER,
    Role.DEAD_LETTERS: DEAD_LETTERS,
    Role.PREFLIGHT: PREFLIGHT,
    Role.SUBMITTER: SUBMITTER,
    Role.GATEWAY: GATEWAY,
    Role.PROJECTOR: PROJECTOR,
    Role.REBUILD: REBUILD,
    Role.PERSON_ON_CALL: PERSON_ON_CALL,
    Role.DASHBOARD: PERSON_ON_CALL,
    Role.KEDA: KEDA,
    Role.OPERATOR: OPERATOR,
}
WHO: dict[Role, str] = {
    Role.POOL: "the identity of a pool's pods: workers and dead-letter handler share one ServiceAccount",
    Role.WORKER: "the part of it that workers use",
    Role.DEAD_LETTERS: "the part of it that the dead-letter handler uses",
    Role.PREFLIGHT: "what tries a pool's rights, and alone may write where its senders send; "
    "the part of `pool` that does so, where the pool's `serviceAccount` is for both",
    Role.SUBMITTER: "applications, and people who send jobs",
    Role.GATEWAY: "a pool's gateways, which alone say where they are and whose a job is",
    Role.PROJECTOR: "what makes rows of results, and has no right to jobs",
    Role.REBUILD: "people, and Jobs of theirs, who check a table against the results, or make it anew",
    Role.PERSON_ON_CALL: "people who look after failed jobs",
    Role.DASHBOARD: "the dashboard in a cluster, which does what a person on call does",
    Role.KEDA: "KEDA's operator, which counts jobs",
    Role.OPERATOR: "Laneway's operator, which makes queues",
}
