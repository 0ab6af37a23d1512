"""The operator's queues: in memory and on SQS, through one suite; then what only SQS's answers can show."""

from __future__ import annotations

import itertools
import json
from abc import ABC, abstractmethod
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.exceptions import ConnectTimeoutError, NoCredentialsError
from botocore.stub import Stubber

from laneway.schema.pool.queues.managed import ManagedQueue
from laneway.schema.pool.queues.queue import QueueURLs
from laneway.schema.shared.names import OWNER_TAG
from laneway_operator.errors import NotYet
from laneway_operator.queues.port import Depth
from laneway_operator.queues.sqs import SILENCE_SECONDS, SQSQueues
from laneway_operator.reasons import Reason
from laneway_operator.testing.queues import SQS_KEY, MadeQueue, MemoryQueues, url_of
from support.aws.emulators import BENCHES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from laneway_operator.queues.port import Queues
    from support.aws.emulators import Aws

REGION = "eu-west-1"
RETENTION = 2 * 24 * 3600
FORTNIGHT = 14 * 24 * 3600
OWNER = "cluster/nlp/documents/fast"
_numbers = itertools.count(1)


def managed(owner: str = OWNER, retention: int = RETENTION) -> ManagedQueue:
    name = f"laneway-documents-fast-{next(_numbers)}"
    return ManagedQueue(name, f"{name}-dead", owner, REGION, retention)


class Bench(ABC):
    """Queues under test, and a look past them."""

    queues: Queues

    @abstractmethod
    def look(self, url: str) -> MadeQueue | None:
        """A queue as it is."""

    @abstractmethod
    def make(self, name: str, tags: dict[str, str]) -> str:
        """A queue of somebody's; returns its URL."""

    @abstractmethod
    def spoil(self, url: str) -> None:
        """Somebody changes a queue by hand: messages live for a minute."""

    @abstractmethod
    def encrypt(self, url: str, key: str) -> None:
        """Somebody gives a queue a key of the account's; without one it is not encrypted."""

    @abstractmethod
    def label(self, url: str, tags: dict[str, str]) -> None:
        """Somebody tags a queue."""

    @abstractmethod
    def send(self, url: str) -> None:
        """Somebody sends a message."""

    @abstractmethod
    def take(self, url: str) -> None:
        """A worker receives it."""

    @abstractmethod
    def forget(self) -> None:
        """A new operator, which remembers nothing."""

    @abstractmethod
    def changes(self) -> int:
        """Calls so far that changed something."""


class MemoryBench(Bench):
    def __init__(self) -> None:
        self.queues = self.memory = MemoryQueues()

    def look(self, url: str) -> MadeQueue | None:
        return self.memory.made.get(url)

    def make(self, name: str, tags: dict[str, str]) -> str:
        url = url_of(name, REGION)
        self.memory.made[url] = MadeQueue(345_600, tags=tags)
        return url

    def spoil(self, url: str) -> None:
        self.memory.made[url].retention_seconds = 60

    def encrypt(self, url: str, key: str) -> None:
        self.memory.made[url].key = key

    def label(self, url: str, tags: dict[str, str]) -> None:
        self.memory.made[url].tags |= tags

    def send(self, url: str) -> None:
        self.memory.messages[url] = 1

    def take(self, url: str) -> None:
        self.memory.taken[url] = self.memory.messages.pop(url)

    def forget(self) -> None:
        """It remembers nothing anyway."""

    def changes(self) -> int:
        return len(self.memory.changes)


class SQSBench(Bench):
    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.sqs: Any = boto3.client("sqs", region_name=REGION, endpoint_url=endpoint)
        self.calls: list[str] = []
        self.forget()

    def look(self, url: str) -> MadeQueue | None:
        try:
            found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        except self.sqs.exceptions.QueueDoesNotExist:
            return None
        redrive = json.loads(found.get("RedrivePolicy", "{}"))
        dead = redrive.get("deadLetterTargetArn", "").rpartition(":")[2]
        return MadeQueue(
            retention_seconds=int(found["MessageRetentionPeriod"]),
            dead_letter_url=self.sqs.get_queue_url(QueueName=dead)["QueueUrl"] if dead else None,
            max_receives=int(redrive["maxReceiveCount"]) if redrive else None,
            key=SQS_KEY if found.get("SqsManagedSseEnabled") == "true" else found.get("KmsMasterKeyId", ""),
            tags=self.sqs.list_queue_tags(QueueUrl=url).get("Tags", {}),
        )

    def make(self, name: str, tags: dict[str, str]) -> str:
        return str(self.sqs.create_queue(QueueName=name, tags=tags)["QueueUrl"])

    def spoil(self, url: str) -> None:
        self.sqs.set_queue_attributes(QueueUrl=url, Attributes={"MessageRetentionPeriod": "60"})

    def encrypt(self, url: str, key: str) -> None:
        keys = {"SqsManagedSseEnabled": "false"} | ({"KmsMasterKeyId": key} if key else {})
        self.sqs.set_queue_attributes(QueueUrl=url, Attributes=keys)

    def label(self, url: str, tags: dict[str, str]) -> None:
        self.sqs.tag_queue(QueueUrl=url, Tags=tags)

    def send(self, url: str) -> None:
        self.sqs.send_message(QueueUrl=url, MessageBody="{}")

    def take(self, url: str) -> None:
        self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1)

    def forget(self) -> None:
        self.queues = made = SQSQueues(self.endpoint)
        made._session.events.register("before-call.sqs", self._note)

    def _note(self, model: Any, **_: Any) -> None:
        self.calls.append(model.name)

    def changes(self) -> int:
        return len([each for each in self.calls if each.startswith(("Create", "Set", "Tag"))])


@pytest.fixture(params=BENCHES)
def bench(request: pytest.FixtureRequest) -> Bench:
    return MemoryBench() if request.param == "memory" else SQSBench(request.getfixturevalue(request.param).endpoint)


def test_a_queue_is_made_with_its_dead_letter_queue(bench: Bench) -> None:
    queue = managed()
    urls = bench.queues.ensure(queue)
    assert urls.url.endswith(f"/{queue.name}")
    assert urls.dead_letter_url.endswith(f"/{queue.dead_letter_name}")
    tags = {OWNER_TAG: OWNER}
    assert bench.look(urls.url) == MadeQueue(RETENTION, urls.dead_letter_url, 20, SQS_KEY, tags)
    assert bench.look(urls.dead_letter_url) == MadeQueue(FORTNIGHT, None, None, SQS_KEY, tags)


def test_a_second_look_changes_nothing(bench: Bench) -> None:
    queue = managed()
    urls = bench.queues.ensure(queue)
    assert bench.changes() == 2
    bench.forget()
    assert bench.queues.ensure(queue) == urls
    assert bench.changes() == 2


def test_settings_that_were_changed_by_hand_are_mended(bench: Bench) -> None:
    queue = managed()
    urls = bench.queues.ensure(queue)
    bench.spoil(urls.url)
    bench.spoil(urls.dead_letter_url)
    bench.forget()
    bench.queues.ensure(queue)
    assert bench.look(urls.url) == MadeQueue(RETENTION, urls.dead_letter_url, 20, tags={OWNER_TAG: OWNER})
    assert bench.look(urls.dead_letter_url) == MadeQueue(FORTNIGHT, tags={OWNER_TAG: OWNER})


@pytest.mark.parametrize("key", ["alias/claims", ""], ids=["a key of the account's", "none"])
def test_how_a_queue_is_encrypted_is_the_accounts(bench: Bench, key: str) -> None:
    queue = managed()
    urls = bench.queues.ensure(queue)
    for each in (urls.url, urls.dead_letter_url):
        bench.encrypt(each, key)
        bench.spoil(each)
    bench.forget()
    bench.queues.ensure(queue)
    assert bench.look(urls.url) == MadeQueue(RETENTION, urls.dead_letter_url, 20, key, {OWNER_TAG: OWNER})
    assert bench.look(urls.dead_letter_url) == MadeQueue(FORTNIGHT, None, None, key, {OWNER_TAG: OWNER})


def test_a_pool_that_changes_its_deadline_changes_how_long_messages_are_kept(bench: Bench) -> None:
    queue = managed()
    urls = bench.queues.ensure(queue)
    longer = ManagedQueue(queue.name, queue.dead_letter_name, queue.owner, queue.region, FORTNIGHT)
    assert bench.queues.ensure(longer) == urls
    found = bench.look(urls.url)
    assert found is not None
    assert (found.retention_seconds, found.max_receives) == (FORTNIGHT, 20)


@pytest.mark.parametrize("tags", [{}, {OWNER_TAG: "another/nlp/documents/fast"}, {"team": OWNER}], ids=str)
@pytest.mark.parametrize("which", ["name", "dead_letter_name"])
def test_a_queue_of_somebody_else_is_refused_and_left_alone(bench: Bench, tags: dict[str, str], which: str) -> None:
    queue = managed()
    theirs = bench.make(getattr(queue, which), tags)
    before = bench.look(theirs)
    with pytest.raises(NotYet, match=f"its tag {OWNER_TAG} is not {OWNER}") as caught:
        bench.queues.ensure(queue)
    assert caught.value.reason is Reason.QUEUE_NOT_OURS
    assert bench.look(theirs) == before


def test_what_a_queue_holds_is_counted_as_keda_counts_it(bench: Bench) -> None:
    urls = bench.queues.ensure(managed())
    assert bench.queues.depth(urls.url, REGION) == Depth(queued=0, running=0)
    bench.send(urls.url)
    assert bench.queues.depth(urls.url, REGION) == Depth(queued=1, running=0)
    bench.take(urls.url)
    assert bench.queues.depth(urls.url, REGION) == Depth(queued=0, running=1)
    with pytest.raises(NotYet) as caught:
        bench.queues.depth(f"{urls.url}-that-is-not-there", REGION)
    assert caught.value.reason is Reason.QUEUE_MISSING


def test_other_tags_are_other_peoples(bench: Bench) -> None:
    queue = managed()
    urls = bench.queues.ensure(queue)
    bench.label(urls.url, {"team": "nlp"})
    bench.forget()
    bench.queues.ensure(queue)
    found = bench.look(urls.url)
    assert found is not None
    assert found.tags == {OWNER_TAG: OWNER, "team": "nlp"}


def test_both_queues_are_deleted_and_can_be_gone_already(bench: Bench) -> None:
    queue = managed()
    urls = bench.queues.ensure(queue)
    bench.queues.delete(queue)
    assert (bench.look(urls.url), bench.look(urls.dead_letter_url)) == (None, None)
    bench.queues.delete(queue)


def test_a_queue_that_was_deleted_is_made_anew(bench: Bench) -> None:
    queue = managed()
    urls = bench.queues.ensure(queue)
    bench.queues.delete(replace(queue, retention_seconds=1))
    assert bench.queues.ensure(queue) == urls
    assert bench.look(urls.url) is not None


@pytest.mark.parametrize("tags", [{}, {OWNER_TAG: "another/nlp/documents/fast"}, {"team": OWNER}], ids=str)
@pytest.mark.parametrize("which", ["name", "dead_letter_name"])
def test_a_queue_of_somebody_else_is_not_deleted(bench: Bench, tags: dict[str, str], which: str) -> None:
    queue = managed()
    theirs = bench.make(getattr(queue, which), tags)
    before = bench.look(theirs)
    bench.queues.delete(queue)
    assert bench.look(theirs) == before is not None


def test_queues_of_others_are_read_as_they_are_and_left_so(bench: Bench) -> None:
    queue = managed()
    urls = bench.queues.ensure(queue)
    changes = bench.changes()
    own = bench.queues.look(urls, REGION)
    assert (own.queue.retention_seconds, own.dead.retention_seconds) == (RETENTION, FORTNIGHT)
    assert (own.queue.redrive_to, own.queue.max_receives) == (own.dead.arn, 20)
    assert own.queue.arn.split(":")[2:4] == ["sqs", REGION]
    assert own.queue.arn.endswith(f":{queue.name}")
    assert (own.dead.redrive_to, own.dead.max_receives) == (None, None)
    assert bench.changes() == changes


def test_what_two_queues_hold_is_counted_together_and_of_those_that_are_gone_is_nothing(bench: Bench) -> None:
    queue = managed()
    urls = bench.queues.ensure(queue)
    assert bench.queues.held(urls, REGION) == 0
    bench.send(urls.url)
    bench.send(urls.dead_letter_url)
    assert bench.queues.held(urls, REGION) == 2
    bench.queues.delete(queue)
    assert bench.queues.held(urls, REGION) == 0


@pytest.mark.parametrize("which", ["url", "dead_letter_url"])
def test_a_queue_of_others_that_is_not_there_is_missing(bench: Bench, which: str) -> None:
    urls = bench.queues.ensure(managed())
    gone = getattr(urls, which) + "-gone"
    with pytest.raises(NotYet, match=f"queue {gone}: .* has no such queue") as caught:
        bench.queues.look(urls.model_copy(update={which: gone}), REGION)
    assert caught.value.reason is Reason.QUEUE_MISSING


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("AccessDenied", Reason.QUEUE_ACCESS_DENIED),
        ("AWS.SimpleQueueService.NonExistentQueue", Reason.QUEUE_MISSING),
        ("InvalidAddress", Reason.QUEUE_MISSING),
        ("RequestThrottled", Reason.AWS_UNREACHABLE),
    ],
)
@pytest.mark.usefixtures("_credentials")
def test_what_sqs_says_of_a_queue_of_others_is_told(code: str, reason: Reason) -> None:
    urls = QueueURLs(url="https://sqs/1/a", dead_letter_url="https://sqs/1/a-dead")
    with (
        answering(code, "get_queue_attributes") as queues,
        pytest.raises(NotYet, match="queue https://sqs/1/a: ") as caught,
    ):
        queues.look(urls, REGION)
    assert caught.value.reason is reason


@pytest.mark.usefixtures("_credentials")
def test_a_signed_request_goes_to_aws_and_not_to_the_host_that_a_url_names() -> None:
    hosts: list[str] = []

    def stopped(request: Any, **_: Any) -> None:
        hosts.append(request.url)
        raise ConnectTimeoutError(endpoint_url=request.url)

    queues = SQSQueues(None)
    queues._session.events.register("before-send.sqs", stopped)
    with pytest.raises(NotYet):
        queues.look(QueueURLs(url="https://evil.example/1/a", dead_letter_url="https://evil.example/1/b"), REGION)
    assert set(hosts) == {f"https://sqs.{REGION}.amazonaws.com/"}


def test_a_queue_that_was_seen_is_not_asked_for_again(moto: Aws) -> None:
    bench, queue = SQSBench(moto.endpoint), managed()
    bench.queues.ensure(queue)
    asked = len(bench.calls)
    bench.queues.ensure(queue)
    assert len(bench.calls) == asked


@pytest.mark.usefixtures("_credentials")
def test_an_endpoint_that_does_not_answer_is_told(refused_url: str) -> None:
    queue = managed()
    with pytest.raises(NotYet, match=rf"queue {queue.name}: no answer from {refused_url} \(Endpoint") as caught:
        SQSQueues(refused_url).ensure(queue)
    assert caught.value.reason is Reason.AWS_UNREACHABLE


@contextmanager
def answering(code: str, call: str = "get_queue_url") -> Iterator[SQSQueues]:
    """Queues at an AWS that answers with an error."""
    queues = SQSQueues(None)
    with Stubber(queues._client(REGION)) as stubber:
        stubber.add_client_error(call, service_error_code=code, http_status_code=403)
        yield queues


@pytest.mark.parametrize(
    "code",
    [
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "InvalidClientTokenId",
        "SignatureDoesNotMatch",
        "ExpiredToken",
        "UnrecognizedClientException",
        "KMS.AccessDeniedException",
    ],
)
@pytest.mark.usefixtures("_credentials")
def test_an_identity_that_may_not_is_told(code: str) -> None:
    with answering(code) as queues, pytest.raises(NotYet, match=rf"SQS in {REGION} refused the operator") as caught:
        queues.ensure(managed())
    assert caught.value.reason is Reason.QUEUE_ACCESS_DENIED


@pytest.mark.parametrize("code", ["RequestThrottled", "ServiceUnavailable", "QueueDeletedRecently"])
@pytest.mark.usefixtures("_credentials")
def test_trouble_at_aws_is_not_called_a_lack_of_rights(code: str) -> None:
    with answering(code) as queues, pytest.raises(NotYet, match=code) as caught:
        queues.ensure(managed())
    assert caught.value.reason is Reason.AWS_UNREACHABLE
    assert "identity" not in str(caught.value)


@pytest.mark.usefixtures("_credentials")
def test_a_queue_that_was_just_deleted_is_waited_for() -> None:
    with answering("QueueDeletedRecently") as queues, pytest.raises(NotYet, match="a name is free only a minute after"):
        queues.ensure(managed())


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (NoCredentialsError(), Reason.QUEUE_ACCESS_DENIED),
        (ConnectTimeoutError(endpoint_url="https://sqs"), Reason.AWS_UNREACHABLE),
    ],
    ids=["no credentials", "no answer"],
)
@pytest.mark.usefixtures("_credentials")
def test_a_call_that_never_came_to_aws_says_why(error: Exception, reason: Reason) -> None:
    def fails(**_: Any) -> None:
        raise error

    queues = SQSQueues(None)
    queues._session.events.register("before-call.sqs", fails)
    with pytest.raises(NotYet, match=type(error).__name__) as caught:
        queues.ensure(managed())
    assert caught.value.reason is reason


@pytest.mark.usefixtures("_credentials")
def test_a_region_that_gave_no_answer_is_left_alone_for_a_while_and_others_are_asked() -> None:
    asked: list[str] = []
    now = 100.0

    def fails(context: Any, **_: Any) -> None:
        asked.append(context["client_region"])
        raise ConnectTimeoutError(endpoint_url="https://sqs")

    queues = SQSQueues(None, lambda: now)
    queues._session.events.register("before-call.sqs", fails)
    for region, after in ((REGION, 0.0), (REGION, 1.0), ("us-east-1", 1.0), (REGION, SILENCE_SECONDS)):
        now = 100.0 + after
        queue = replace(managed(), region=region)
        words = rf"queue {queue.name}: no answer from SQS in {region} \(ConnectTimeoutError\)"
        with pytest.raises(NotYet, match=words) as caught:
            queues.ensure(queue)
        assert caught.value.reason is Reason.AWS_UNREACHABLE
    assert asked == [REGION, "us-east-1", REGION]
