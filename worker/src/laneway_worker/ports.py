"""What the worker needs of the outside world. Adapters and in-memory fakes pass one test suite (`tests/ports`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

from laneway.schema.history import History, read_history

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from types import TracebackType

    from laneway.schema.queue_rules import QueueSettings
    from laneway.schema.result import FinishReason, Notification, ServedModel
    from laneway_worker.request import Request


@dataclass(frozen=True)
class Delivery:
    """One receive of a message."""

    message_id: str
    receipt: str
    body: bytes
    sent_at: datetime
    receive_count: int
    history: str | None = None
    """The text of the `laneway` attribute."""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    """The sender's own message attributes, in SQS's form; copied when the message is sent again."""
    group_id: str | None = None
    trace_header: str | None = None

    def read_history(self) -> History:
        """The job's history; a missing or bad attribute counts as none."""
        return read_history(self.history, self.message_id, self.sent_at)


@dataclass(frozen=True)
class Extension:
    """What became of a heartbeat; receipts in neither set are unknown."""

    extended: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()


class JobQueue(Protocol):
    """The lane's queue. Every method raises `Unavailable` where the queue can't be reached or refuses service."""

    def receive(self, most: int) -> list[Delivery]:
        """Long poll for 1 to 10 messages; each is leased for the lane's visibility."""

    def extend(self, receipts: Sequence[str], seconds: int) -> Extension:
        """Renew leases: visible again `seconds` from now."""

    def release(self, receipt: str) -> None:
        """Make a message visible at once; a lost lease is no error."""

    def delete(self, receipt: str) -> None:
        """Delete a message; a lost lease is no error."""

    def resend(self, delivery: Delivery, history: str, delay: int) -> None:
        """Send the same body and attributes as a new message, visible after `delay` seconds (≤ 900)."""


@dataclass(frozen=True)
class Stored:
    """An object."""

    body: bytes
    etag: str


class ObjectStore(Protocol):
    """S3. Every method raises `Unavailable` where the store can't be reached, refuses service or asks to try again."""

    def put_new(self, bucket: str, key: str, body: bytes) -> str:
        """Write an object that must not exist, and return its ETag; raises `AlreadyThereError`."""

    def replace(self, bucket: str, key: str, body: bytes, etag: str) -> str:
        """Write an object in the place of exactly this one, and return the new ETag; raises `AlreadyThereError` where
        another one is there, `AbsentError` where none is.
        """

    def get(self, bucket: str, key: str) -> Stored | None:
        """Read an object, or None."""

    def etag(self, bucket: str, key: str) -> str | None:
        """An object's ETag, or None where there is nothing."""


class Verdict(Enum):
    """What AWS says to somebody who tries a right."""

    ALLOWED = "allowed"
    """Or, where its refusal of a request's form came first, not denied."""
    DENIED = "denied"
    MISSING = "missing"
    """The bucket, queue or topic is not there."""


class Access(Protocol):
    """Tries rights without harm: nothing is written, received, sent or deleted. Every method raises `Unavailable`."""

    def list(self, bucket: str, prefix: str) -> Verdict:
        """ListBucket, without which S3 does not tell a key that is absent from one that is forbidden."""

    def read(self, bucket: str, key: str) -> Verdict:
        """GetObject, whether or not the object is there."""

    def replace(self, bucket: str, key: str) -> Verdict:
        """PutObject, under a condition that no object meets; S3 may want GetObject for it."""

    def write(self, bucket: str, key: str) -> Verdict:
        """PutObject and nothing else, with a body that S3 must refuse."""

    def look(self, url: str) -> Verdict:
        """GetQueueAttributes."""

    def receive(self, url: str) -> Verdict:
        """ReceiveMessage, of a number of messages that SQS never gives."""

    def extend(self, url: str) -> Verdict:
        """ChangeMessageVisibility, of a message that is none."""

    def delete(self, url: str) -> Verdict:
        """DeleteMessage, of a message that is none."""

    def send(self, url: str) -> Verdict:
        """SendMessage, of no message."""

    def publish(self, topic_arn: str) -> Verdict:
        """Publish, of no notification."""

    def settings(self, url: str) -> QueueSettings:
        """A queue as it is."""


class DocumentStore(Protocol):
    """S3, for documents that may be replaced. Every method raises `Unavailable`."""

    def put_new(self, bucket: str, key: str, body: bytes) -> str:
        """Write an object that must not exist; raises `AlreadyThereError`."""

    def get(self, bucket: str, key: str) -> Stored | None:
        """Read an object, or None."""

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """Write an object, whatever is there."""


class Notifier(Protocol):
    """SNS."""

    def publish(self, topic_arn: str, notification: Notification) -> None:
        """Tell subscribers; raises `Unavailable`."""


@dataclass(frozen=True)
class Answer:
    """What Ollama answered."""

    prompt_tokens: int
    completion_tokens: int
    finish_reason: FinishReason | None
    first_token_at: datetime | None
    text: str | None = None
    thinking: str | None = None
    message: dict[str, Any] | None = None
    embeddings: list[list[float]] | None = None


def silent(_: str) -> None:
    """Nobody wants to be told."""


class Runtime(Protocol):
    """Ollama."""

    def prepare(self, tell: Callable[[str], None] = silent) -> ServedModel:
        """Have the lane's model loaded; raises `Unavailable`, whose message says what to do. While the model is on its
        way, `tell` is told how far it is; what is ready already is not told.
        """

    def generate(self, request: Request, stop: Stop) -> Answer:
        """Answer a request; raises `JobError`, `Unavailable`, or `Interrupted` soon after `stop` is set."""


class Pod(Protocol):
    """The Kubernetes pod that the worker runs in."""

    def annotate(self, annotations: Mapping[str, str | None]) -> None:
        """Set annotations, and remove those that are None; others stay. Raises `Unavailable`."""


class Condition(Protocol):
    """A lock and a way to wait for a change; `threading.Condition` is one."""

    def __enter__(self) -> bool: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...

    def wait_for(self, predicate: Callable[[], bool], timeout: float | None = None) -> bool:
        """Wait until the predicate holds, at most `timeout` seconds; returns whether it holds."""

    def notify_all(self) -> None:
        """Wake whoever waits."""


class Clock(Protocol):
    """Time and threads: all waiting goes through here, so that a test can make time pass."""

    def now(self) -> datetime:
        """Wall-clock time with a zone."""

    def monotonic(self) -> float:
        """Seconds that never jump."""

    def condition(self) -> Condition:
        """A condition whose time-outs run by this clock."""

    def spawn(self, name: str, target: Callable[[], None]) -> None:
        """Run a function in a thread of its own."""


class StopReason(Enum):
    """Why a job's generation was asked to end."""

    FOUND = "found"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    TIMED_OUT = "timed_out"
    LEASE_LOST = "lease_lost"
    LEAVING = "leaving"


class Stop:
    """Asks one job's work to end, from any thread; the first reason stands."""

    def __init__(self, changed: Condition) -> None:
        """`changed` is the worker's one condition."""
        self._changed = changed
        self._reason: StopReason | None = None
        self._abort: Callable[[], None] | None = None
        self._running_since: float | None = None
        self.leaving = False
        """The worker leaves: what can't be done now is left to the next delivery, whatever the first reason was."""

    def running(self, since: float | None) -> None:
        """The engine works on the job from this monotonic time on; None: it does not."""
        with self._changed:
            self._running_since = since
            self._changed.notify_all()

    def running_seconds(self, now: float) -> float:
        """How long the engine has worked on the job; waiting for the engine does not count."""
        return 0.0 if self._running_since is None else now - self._running_since

    @property
    def reason(self) -> StopReason | None:
        """Why, or None as long as the work may go on."""
        return self._reason

    def set(self, reason: StopReason) -> None:
        """Ask the work to end; aborts what is registered with `aborting`."""
        with self._changed:
            self.leaving = self.leaving or reason is StopReason.LEAVING
            self._changed.notify_all()
            if self._reason is not None:
                return
            self._reason = reason
            abort = self._abort
        if abort is not None:
            abort()

    def aborting(self, abort: Callable[[], None] | None) -> None:
        """Register what ends the call in progress (None: nothing does); called at once where the reason stands."""
        with self._changed:
            self._abort = abort
            late = self._reason is not None
        if late and abort is not None:
            abort()
