"""A worker on in-memory ports and a manual clock that knows when every thread waits."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

from laneway.schema.job.history import History
from laneway.schema.job.reply import ReplyTo
from laneway.schema.job.result import Result
from laneway.schema.shared.names import MESSAGE_ATTRIBUTE
from laneway_worker.answer.prepared import prepared
from laneway_worker.errors import Unavailable
from laneway_worker.live import Live
from laneway_worker.ports.runtime import silent
from laneway_worker.serving import Worker
from laneway_worker.testing.checker import DirectChecker
from laneway_worker.testing.clock import ManualClock
from laneway_worker.testing.document import MemoryDocument
from laneway_worker.testing.memory import MemoryEvents, MemoryNotifier, MemoryQueue, MemoryStore
from laneway_worker.testing.replies import MemoryChannel, MemoryReplies
from laneway_worker.testing.runtime import Held, ScriptedRuntime
from support.worker.documents import documents_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from laneway.schema.job.event import ResultEvent
    from laneway.schema.job.result import Notification, ServedModel
    from laneway.schema.pool.documents.lane_config import LaneConfig
    from laneway.schema.pool.documents.lane_documents import LaneDocuments
    from laneway_worker.ports.clock import Clock, Condition
    from laneway_worker.ports.queue import Delivery, Extension
    from laneway_worker.ports.runtime import Answer
    from laneway_worker.ports.stop import Stop
    from laneway_worker.testing.memory import QueuedMessage
    from laneway_worker.testing.runtime import Step

BUCKET = "acme-llm"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:results"
STEP_SECONDS = 5.0
REPLY = ReplyTo(gateway="abcdefgh01234567", stream="0" * 64)

DOCUMENTS: dict[str, Any] = {
    "pool": "default/documents",
    "lane": "fast",
    "model": {"name": "gemma3:270m", "context_length": 512},
    "parallel": 1,
    "limits": {
        "timeout_seconds": 3600,
        "token_gap_seconds": 120,
        "expires_after_seconds": 86_400,
        "max_attempts": 3,
        "max_tokens": 256,
    },
    "queue": {"url": "memory:fast", "dead_letter_url": "memory:dead"},
    "results": {"bucket": BUCKET, "prefix": "documents/"},
    "destinations": {"legal": {"bucket": "acme-legal", "prefix": "llm/"}},
    "topic_arn": TOPIC,
    "region": "eu-west-1",
    "ollama_url": "http://127.0.0.1:11434",
    "health_address": "127.0.0.1:0",
    "drain_seconds": 60,
    "visibility_seconds": 60,
    "poll_seconds": 20,
}


def documents_with(limits: dict[str, Any] | None = None, **fields: Any) -> LaneDocuments:
    """The lane of these tests with other limits or fields."""
    return documents_of(DOCUMENTS | {"limits": DOCUMENTS["limits"] | (limits or {})} | fields)


class WatchedClock(ManualClock):
    """A manual clock that knows whether every thread it spawned waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = super().condition()
        self._threads = 0
        self._waits: dict[object, Callable[[], bool]] = {}

    def condition(self) -> Condition:
        return _WatchedCondition(self, super().condition())

    def spawn(self, name: str, target: Callable[[], None]) -> None:
        def run() -> None:
            try:
                target()
            except BaseException as error:  # noqa: BLE001 - kept for the test
                self.errors.append(error)
            finally:
                with self._lock:
                    self._threads -= 1
                    self._lock.notify_all()

        with self._lock:
            self._threads += 1
        super().spawn(name, run)

    def settle(self) -> None:
        """Wait until nothing more happens without time passing."""
        self.until(self._quiet)

    def wait_in_quiet(self, condition: Condition, predicate: Callable[[], bool], timeout: float | None) -> bool:
        deadline = None if timeout is None else self.monotonic() + timeout
        key = object()
        self._waits[key] = lambda: not predicate() and (deadline is None or self.monotonic() < deadline)
        condition.notify_all()
        try:
            return condition.wait_for(predicate, timeout)
        finally:
            del self._waits[key]

    @property
    def idle(self) -> bool:
        """Whether every thread has ended."""
        return self._threads == 0

    def _quiet(self) -> bool:
        return len(self._waits) == self._threads and all(waits() for waits in self._waits.values())


class _WatchedCondition:
    def __init__(self, clock: WatchedClock, inner: Condition) -> None:
        self._clock = clock
        self._inner = inner

    def __enter__(self) -> bool:
        return self._inner.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self._inner.__exit__(kind, error, trace)

    def wait_for(self, predicate: Callable[[], bool], timeout: float | None = None) -> bool:
        return self._clock.wait_in_quiet(self._inner, predicate, timeout)

    def notify_all(self) -> None:
        self._inner.notify_all()


class Journal(list[str]):
    """What the worker asked of AWS, in order."""

    def of(self, *kinds: str) -> list[str]:
        """The entries that begin with one of these words."""
        return [entry for entry in self if entry.split()[0] in kinds]


class JournalledQueue(MemoryQueue):
    """A queue that writes the journal; calls in `refused` fail without effect."""

    def __init__(self, clock: Clock, config: LaneConfig, journal: Journal) -> None:
        super().__init__(clock, config.visibility_seconds, config.poll_seconds)
        self._journal = journal
        self.refused: set[str] = set()

    def _note(self, call: str, entry: str) -> None:
        self._journal.append(entry)
        if call in self.refused:
            raise Unavailable(f"{call} is refused")

    def receive(self, most: int) -> list[Delivery]:
        self._note("receive", f"receive {most}")
        return super().receive(most)

    def extend(self, receipts: Sequence[str], seconds: int) -> Extension:
        self._note("extend", f"extend {' '.join(receipts)}")
        return super().extend(receipts, seconds)

    def release(self, receipt: str) -> None:
        self._note("release", f"release {receipt}")
        super().release(receipt)

    def delete(self, receipt: str) -> None:
        self._note("delete", f"delete {receipt}")
        super().delete(receipt)

    def resend(self, delivery: Delivery, history: str, delay: int) -> None:
        self._note("resend", f"resend {delivery.message_id} after {delay}")
        super().resend(delivery, history, delay)


class JournalledStore(MemoryStore):
    """A store that writes the journal."""

    def __init__(self, clock: Clock, journal: Journal) -> None:
        super().__init__(clock)
        self._journal = journal
        self.refusals: dict[str, Unavailable] = {}
        """What buckets answer to every PUT."""
        self.before_replace: Callable[[], object] = lambda: None
        """What happens between a look and the conditional PUT."""
        self.lose_replies = 0
        """So many of the next conditional PUTs take effect, and are answered by nothing."""

    def put_new(self, bucket: str, key: str, body: bytes) -> str:
        self._journal.append(f"put {key}")
        if bucket in self.refusals:
            raise self.refusals[bucket]
        return super().put_new(bucket, key, body)

    def replace(self, bucket: str, key: str, body: bytes, etag: str) -> str:
        self._journal.append(f"replace {key}")
        self.before_replace()
        new = super().replace(bucket, key, body, etag)
        if self.lose_replies:
            self.lose_replies -= 1
            raise Unavailable("the connection was closed")
        return new


class JournalledNotifier(MemoryNotifier):
    """A notifier that writes the journal."""

    def __init__(self, journal: Journal) -> None:
        super().__init__()
        self._journal = journal

    def publish(self, topic_arn: str, notification: Notification) -> None:
        self._journal.append(f"publish {notification.id}")
        super().publish(topic_arn, notification)


class JournalledEvents(MemoryEvents):
    """Events queues that write the journal."""

    def __init__(self, journal: Journal) -> None:
        super().__init__()
        self._journal = journal

    def send(self, queue_url: str, event: ResultEvent) -> None:
        self._journal.append(f"event {event.result.id}")
        super().send(queue_url, event)


class JournalledChannel(MemoryChannel):
    """A channel that writes the journal."""

    def __init__(self, job_id: str, order: tuple[int, int], lost: Callable[[], None], journal: Journal) -> None:
        super().__init__(job_id, order, lost)
        self._journal = journal

    def tell(self, name: str, holds: object) -> None:
        self._journal.append(f"tell {name}")
        super().tell(name, holds)


class JournalledReplies(MemoryReplies):
    """Somebody waits, and it stands in the journal."""

    def __init__(self, journal: Journal) -> None:
        super().__init__()
        self._journal = journal

    def channel(self, job_id: str, order: tuple[int, int], lost: Callable[[], None]) -> JournalledChannel:
        return JournalledChannel(job_id, order, lost, self._journal)


class Gate(Held):
    """A held step that, once let go, ends with a given answer or error."""

    def __init__(self, then: Answer | Exception) -> None:
        super().__init__()
        self.then = then


class GatedRuntime(ScriptedRuntime):
    """A scripted runtime with gates, whose model may take its time to load."""

    def __init__(self, clock: Clock, *script: Step) -> None:
        super().__init__(clock, *script)
        self.loading = False

    def prepare(self, tell: Callable[[str], None] = silent) -> ServedModel:
        with self._changed:
            self._changed.wait_for(lambda: not self.loading)
        return super().prepare(tell)

    def _play(self, step: Step, stop: Stop) -> Answer:
        played = super()._play(step, stop)
        if not isinstance(step, Gate):
            return played
        if isinstance(step.then, Exception):
            raise step.then
        return step.then


class Lane:
    """One worker and everything around it."""

    def __init__(self, documents: LaneDocuments, *script: Step) -> None:
        config = self.config = documents.config
        self.live = MemoryDocument(documents.live.model_dump_json().encode())
        """What the worker reads again."""
        self.clock = WatchedClock()
        self.journal = Journal()
        self.queue = JournalledQueue(self.clock, config, self.journal)
        self.store = JournalledStore(self.clock, self.journal)
        self.reports = MemoryStore(self.clock)
        """Where the worker reports, where it does."""
        self.notifier = JournalledNotifier(self.journal)
        self.events = JournalledEvents(self.journal)
        self.runtime = GatedRuntime(self.clock, *script)
        self.replies = JournalledReplies(self.journal)
        checker = DirectChecker(prepared)
        self.worker = Worker(
            config,
            Live(documents.live),
            "worker-1",
            self.queue,
            self.store,
            self.notifier,
            self.events,
            self.runtime,
            checker,
            self.clock,
            replies=self.replies,
        )

    def start(self) -> None:
        """Start the worker and let it do what it can."""
        self.worker.start()
        self.worker.follow(self.live)
        self.settle()

    def settle(self) -> None:
        """Wait until nothing more happens without time passing."""
        self.clock.settle()

    def pass_time(self, seconds: float, step: float = STEP_SECONDS) -> None:
        """Let time pass in steps, and the worker act after each."""
        while seconds > 0:
            self.clock.advance(min(step, seconds))
            self.settle()
            seconds -= step

    def send(self, body: bytes | None = None, **job: Any) -> str:
        """Send a message: these bytes, or a job with these fields; returns the MessageId."""
        return self.queue.send(json.dumps({"prompt": "Capital of France?"} | job).encode() if body is None else body)

    def ask(self, job_id: str = "job-1", history: History | None = None, **job: Any) -> None:
        """Send a job for which somebody waits, and let the worker do what it can without time passing."""
        known = history or History(id=job_id, submitted_at=self.clock.now())
        told = known.model_copy(update={"reply": REPLY}).to_attribute()
        attribute = {MESSAGE_ATTRIBUTE: {"DataType": "String", "StringValue": told}}
        body = json.dumps({"id": job_id, "prompt": "Capital of France?"} | job).encode()
        self.queue.send(body, attribute)
        self.settle()

    def run(self, body: bytes | None = None, **job: Any) -> str:
        """Send a message and let the worker do what it can without time passing."""
        message_id = self.send(body, **job)
        self.settle()
        return message_id

    def let_go(self, held: Held) -> None:
        """Let a held request go on."""
        self.runtime.let_go(held)
        self.settle()

    def store_object(self, key: str, body: bytes = b"{}") -> str:
        """Put an object below the pool's prefix; returns its ETag."""
        return MemoryStore.put_new(self.store, BUCKET, f"documents/{key}", body)

    def cancel(self, job_id: str) -> None:
        """Ask for a cancel."""
        self.store_object(f"cancels/{job_id}.json")

    def has_result(self, job_id: str) -> bool:
        """Whether a result is committed."""
        return (BUCKET, f"documents/results/{job_id}.json") in self.store.objects

    def result(self, job_id: str) -> Result:
        """A committed result."""
        return Result.model_validate_json(self.store.objects[BUCKET, f"documents/results/{job_id}.json"].body)

    def code(self, job_id: str) -> str:
        """The error code of a committed result."""
        error = self.result(job_id).error
        assert error is not None
        return error.code.value

    @property
    def only_message(self) -> QueuedMessage:
        """The one message in the queue."""
        (message,) = self.queue.messages.values()
        return message

    def is_visible(self, message: QueuedMessage) -> bool:
        """Whether another worker could receive a message now."""
        return message.visible_at <= self.clock.now()

    def ended(self, end: str) -> float:
        """How many messages ended so, by the metrics."""
        labels = {"pool": self.config.pool, "lane": self.config.lane, "end": end}
        return self.worker.families.registry.get_sample_value("laneway_messages_total", labels) or 0.0

    def close(self) -> None:
        """Let every thread end."""
        self.queue.down = self.store.down = self.notifier.down = self.events.down = self.reports.down = False
        self.queue.refused.clear()
        self.runtime.loaded, self.runtime.loading, self.runtime.pulling = True, False, None
        self.worker.consumer.leave()
        for held in [step for step in self.runtime.script if isinstance(step, Held)]:
            self.runtime.let_go(held)
        for _ in range(20):
            self.clock.advance(60)
            self.settle()
            if self.clock.idle:
                return
        raise AssertionError("threads are left")


class MakeLane(Protocol):
    """The fixture `make_lane`."""

    def __call__(
        self, *script: Step, start: bool = True, limits: dict[str, Any] | None = None, **config: Any
    ) -> Lane: ...


def history_of(message: QueuedMessage) -> History:
    """The history that a message carries."""
    return History.model_validate_json(message.attributes[MESSAGE_ATTRIBUTE]["StringValue"])
