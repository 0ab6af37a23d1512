from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from laneway.schema.job.keys import Place
from laneway.schema.pool.documents.pool_document import pool_document
from laneway.schema.pool.documents.preflight import Finding, Preflight, PreflightCode
from laneway.schema.pool.queues.rules import QueueSettings
from laneway_worker.errors import Refused, Unavailable
from laneway_worker.ports.access import Verdict
from laneway_worker.preflight.access import NO_JOB, judge, probes
from laneway_worker.preflight.publish import check
from laneway_worker.testing.access import MemoryAccess
from laneway_worker.testing.clock import ManualClock
from laneway_worker.testing.memory import MemoryStore
from support.worker.lane import documents_with

if TYPE_CHECKING:
    from laneway_worker.errors import Unavailable as Trouble

DAY = 24 * 3600
ACCOUNT = "https://sqs.eu-west-1.amazonaws.com/123456789012"
URL, DEAD = f"{ACCOUNT}/fast", f"{ACCOUNT}/fast-dead"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:results"
SQS = "arn:aws:sqs:eu-west-1:123456789012"
FOLDER = "arn:aws:s3:::acme-llm/documents"


class Checked:
    """A pool whose rights a test takes away one by one."""

    def __init__(self, region: str = "eu-west-1", **lane: Any) -> None:
        self.store = MemoryStore(ManualClock())
        self.access = MemoryAccess()
        documents = documents_with(queue={"url": URL, "dead_letter_url": DEAD}, **lane)
        self.preflight = Preflight(
            results=Place(bucket="acme-llm", prefix="documents/"),
            destinations={"legal": Place(bucket="acme-legal", prefix="llm/")},
            topic_arn=TOPIC,
            region=region,
            document=pool_document([documents]),
        )

    def findings(self) -> list[Finding]:
        return check(self.preflight, self.store, self.access)

    def only(self) -> tuple[PreflightCode, str]:
        (found,) = self.findings()
        return found.code, found.message


@pytest.fixture
def pool() -> Checked:
    return Checked()


def test_a_pool_that_has_its_rights_is_published_and_nothing_else_is_written(pool: Checked) -> None:
    assert pool.findings() == []
    assert [key for _, key in pool.store.objects] == ["documents/pool.json"]


RIGHTS = [
    ("s3:ListBucket", "acme-llm", "arn:aws:s3:::acme-llm"),
    ("s3:GetObject", f"acme-llm/documents/results/{NO_JOB}", f"{FOLDER}/results/*"),
    ("s3:GetObject", f"acme-llm/documents/jobs/{NO_JOB}", f"{FOLDER}/jobs/*"),
    ("s3:GetObject", f"acme-llm/documents/cancels/{NO_JOB}", f"{FOLDER}/cancels/*"),
    ("s3:GetObject", f"acme-llm/documents/failed/{NO_JOB}", f"{FOLDER}/failed/*"),
    ("s3:GetObject", "acme-llm/documents/pool.json", f"{FOLDER}/pool.json"),
    ("s3:PutObject", f"acme-llm/documents/results/{NO_JOB}", f"{FOLDER}/results/*"),
    ("s3:PutObject", f"acme-llm/documents/failed/{NO_JOB}", f"{FOLDER}/failed/*"),
    ("s3:PutObject", "acme-llm/documents/pool.json", f"{FOLDER}/pool.json"),
    ("s3:PutObject", f"acme-legal/llm/{NO_JOB}", "arn:aws:s3:::acme-legal/llm/*"),
    *(
        (f"sqs:{action}", url, arn)
        for url, arn in ((URL, f"{SQS}:fast"), (DEAD, f"{SQS}:fast-dead"))
        for action in (
            "GetQueueAttributes",
            "ReceiveMessage",
            "ChangeMessageVisibility",
            "DeleteMessage",
            "SendMessage",
        )
    ),
    ("sns:Publish", TOPIC, TOPIC),
]


@pytest.mark.parametrize(("action", "what", "arn"), RIGHTS)
def test_a_right_that_is_missing_is_named_as_iam_names_it(pool: Checked, action: str, what: str, arn: str) -> None:
    pool.access.denied.add((action, what))
    assert pool.only() == (PreflightCode.ACCESS_DENIED, f"the preflight's identity lacks {action} on {arn}")


def test_the_table_above_is_every_right_that_is_tried(pool: Checked) -> None:
    assert sorted((each.action, each.arn) for each in probes(pool.preflight)) == sorted(
        (action, arn) for action, _, arn in RIGHTS
    )


@pytest.mark.parametrize(("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")])
def test_parts_of_aws_that_stand_apart_have_arns_of_their_own(region: str, partition: str) -> None:
    pool = Checked(region)
    pool.access.denied = {("s3:ListBucket", "acme-llm"), ("sqs:DeleteMessage", URL)}
    assert pool.only()[1] == (
        f"the preflight's identity lacks s3:ListBucket on arn:{partition}:s3:::acme-llm; "
        f"sqs:DeleteMessage on arn:{partition}:sqs:{region}:123456789012:fast"
    )


def test_many_rights_that_are_missing_are_counted(pool: Checked) -> None:
    pool.access.denied = {(action, what) for action, what, _ in RIGHTS if action.startswith("sqs")}
    code, message = pool.only()
    assert code is PreflightCode.ACCESS_DENIED
    assert message.count(" on arn:") == 4
    assert message.endswith("; and 6 more")


def test_the_document_is_published_whatever_is_missing(pool: Checked) -> None:
    pool.access.denied.add(("sns:Publish", TOPIC))
    pool.findings()
    assert ("acme-llm", "documents/pool.json") in pool.store.objects


@pytest.mark.parametrize(
    ("target", "code", "words"),
    [
        ("acme-llm", PreflightCode.BUCKET_MISSING, "the bucket acme-llm is not there"),
        ("acme-legal", PreflightCode.BUCKET_MISSING, "the bucket acme-legal is not there"),
        (URL, PreflightCode.QUEUE_MISSING, f"the queue {URL} is not there"),
        (DEAD, PreflightCode.QUEUE_MISSING, f"the queue {DEAD} is not there"),
        (TOPIC, PreflightCode.TOPIC_MISSING, f"the topic {TOPIC} is not there"),
    ],
)
def test_what_is_not_there_is_named_once(pool: Checked, target: str, code: PreflightCode, words: str) -> None:
    pool.access.missing.add(target)
    assert pool.only() == (code, words)


def test_a_right_to_what_is_not_there_is_not_missed(pool: Checked) -> None:
    listing, reading, *_ = probes(pool.preflight)
    (found,) = judge([(listing, Verdict.MISSING), (reading, Verdict.DENIED)])
    assert found.code is PreflightCode.BUCKET_MISSING


@pytest.mark.parametrize(
    ("settings", "code", "words"),
    [
        ({"max_receives": 3}, PreflightCode.REDRIVE_TOO_LOW, f"lane fast: maxReceiveCount of {URL} is 3"),
        ({"redrive_to": None}, PreflightCode.REDRIVE_TOO_LOW, f"lane fast: {URL} has no redrive policy"),
        ({"retention_seconds": DAY}, PreflightCode.RETENTION_TOO_SHORT, f"lane fast: {URL} keeps messages for 24h"),
    ],
)
def test_a_queue_that_loses_jobs_is_told_under_the_pools_identity_too(
    pool: Checked, settings: dict[str, Any], code: PreflightCode, words: str
) -> None:
    good = QueueSettings(arn="a", retention_seconds=14 * DAY, redrive_to=f"arn:{DEAD}", max_receives=20)
    pool.access.queues = {URL: good.model_copy(update=settings)}
    found, message = pool.only()
    assert found is code
    assert message.startswith(words)


class Overwriting(MemoryStore):
    """A store that knows no conditions."""

    def put_new(self, bucket: str, key: str, body: bytes) -> str:
        self.put(bucket, key, body)
        return '"1"'


def test_a_store_without_conditional_writes_is_found_out(pool: Checked) -> None:
    pool.store = Overwriting(ManualClock())
    assert pool.only()[0] is PreflightCode.NO_CONDITIONAL_WRITES


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Unavailable("no answer", "look at the network"), PreflightCode.AWS_UNAVAILABLE),
        (Refused("no credentials", "give some"), PreflightCode.AWS_REFUSED),
    ],
)
def test_aws_that_does_not_answer_is_no_lack_of_rights(pool: Checked, error: Trouble, code: PreflightCode) -> None:
    pool.access.down = error
    found, message = pool.only()
    assert found is code
    assert message.startswith("can't try the pool's rights: no ")


def test_a_document_that_can_not_be_written_is_told(pool: Checked) -> None:
    pool.store.down = True
    assert pool.only() == (
        PreflightCode.AWS_UNAVAILABLE,
        "can't publish s3://acme-llm/documents/pool.json: the store is down",
    )
