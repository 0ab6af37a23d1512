"""An in-memory queue, store and notifier, written from the AWS API reference, stricter than any emulator."""

from __future__ import annotations

import hashlib
import itertools
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from laneway.schema.shared.names import MESSAGE_ATTRIBUTE
from laneway_worker.errors import AbsentError, AlreadyThereError, TooLargeError, Unavailable
from laneway_worker.ports.objects import Stored
from laneway_worker.ports.queue import Delivery, Extension

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from laneway.schema.job.event import ResultEvent
    from laneway.schema.job.result import Notification
    from laneway_worker.ports.clock import Clock


MOST_PER_RECEIVE = 10  # SQS
MAX_DELAY_SECONDS = 900  # SQS


@dataclass
class QueuedMessage:
    """A message and where it is."""

    id: str
    body: bytes
    sent_at: datetime
    visible_at: datetime
    attributes: dict[str, Any] = field(default_factory=dict)
    group_id: str | None = None
    trace_header: str | None = None
    receives: int = 0
    receipt: str = ""


class MemoryQueue:
    """A standard SQS queue: visibility, newest handles, receive counts, redrive to `dead`."""

    def __init__(self, clock: Clock, visibility_seconds: int = 60, poll_seconds: float = 20, redrive: int = 20) -> None:
        """`poll_seconds` of the clock are waited for a message."""
        self._clock = clock
        self._changed = clock.condition()
        self._visibility = visibility_seconds
        self._poll = poll_seconds
        self._redrive = redrive
        self._ids = itertools.count(1)
        self.messages: dict[str, QueuedMessage] = {}
        self.dead: list[QueuedMessage] = []
        self.calls: list[str] = []
        self.down = False
        """While True every call is refused."""
        self.refusal: Exception = Unavailable("the queue is down")

    def send(
        self,
        body: bytes,
        attributes: Mapping[str, Any] | None = None,
        delay: int = 0,
        group_id: str | None = None,
        trace_header: str | None = None,
    ) -> str:
        """SendMessage; returns the MessageId."""
        with self._changed:
            now = self._clock.now()
            message_id = f"message-{next(self._ids)}"
            visible = now + timedelta(seconds=delay)
            self.messages[message_id] = QueuedMessage(
                message_id, body, now, visible, dict(attributes or {}), group_id, trace_header
            )
            self._changed.notify_all()
        return message_id

    def receive(self, most: int) -> list[Delivery]:
        """Long poll."""
        if not 1 <= most <= MOST_PER_RECEIVE:
            raise ValueError(f"SQS gives 1 to {MOST_PER_RECEIVE} messages, not {most}")
        with self._changed:
            self._call("receive")
            self._changed.wait_for(lambda: bool(self._visible()), self._poll)
            self._refuse_when_down()
            return [self._deliver(message) for message in self._visible()[:most]]

    def _visible(self) -> list[QueuedMessage]:
        now = self._clock.now()
        for message in [each for each in self.messages.values() if each.visible_at <= now]:
            if message.receives >= self._redrive:
                self.dead.append(self.messages.pop(message.id))
        return [each for each in self.messages.values() if each.visible_at <= now]

    def _deliver(self, message: QueuedMessage) -> Delivery:
        message.receives += 1
        message.receipt = f"{message.id}/{message.receives}"
        message.visible_at = self._clock.now() + timedelta(seconds=self._visibility)
        attributes = dict(message.attributes)
        own = attributes.pop(MESSAGE_ATTRIBUTE, None)
        return Delivery(
            message_id=message.id,
            receipt=message.receipt,
            body=message.body,
            sent_at=message.sent_at,
            receive_count=message.receives,
            history=own["StringValue"] if own else None,
            attributes=attributes,
            group_id=message.group_id,
            trace_header=message.trace_header,
        )

    def extend(self, receipts: Sequence[str], seconds: int) -> Extension:
        """ChangeMessageVisibilityBatch: only in-flight messages and newest handles count."""
        with self._changed:
            self._call("extend")
            held = {receipt for receipt in receipts if self._in_flight(receipt)}
            for receipt in held:
                self._of(receipt).visible_at = self._clock.now() + timedelta(seconds=seconds)
            return Extension(frozenset(held), frozenset(receipts) - held)

    def release(self, receipt: str) -> None:
        """ChangeMessageVisibility to 0."""
        with self._changed:
            self._call("release")
            if self._in_flight(receipt):
                self._of(receipt).visible_at = self._clock.now()
                self._changed.notify_all()

    def delete(self, receipt: str) -> None:
        """DeleteMessage: an old handle succeeds and deletes nothing."""
        with self._changed:
            self._call("delete")
            message = self.messages.get(receipt.rpartition("/")[0])
            if message is not None and message.receipt == receipt:
                del self.messages[message.id]
                self._changed.notify_all()

    def resend(self, delivery: Delivery, history: str, delay: int) -> None:
        """SendMessage of the same job."""
        self._call("resend")
        if not 0 <= delay <= MAX_DELAY_SECONDS:
            raise ValueError(f"SQS delays by 0 to {MAX_DELAY_SECONDS} seconds, not {delay}")
        attributes = {**delivery.attributes, MESSAGE_ATTRIBUTE: {"DataType": "String", "StringValue": history}}
        self.send(delivery.body, attributes, delay, delivery.group_id, delivery.trace_header)

    def _of(self, receipt: str) -> QueuedMessage:
        return self.messages[receipt.rpartition("/")[0]]

    def _in_flight(self, receipt: str) -> bool:
        message = self.messages.get(receipt.rpartition("/")[0])
        return message is not None and message.receipt == receipt and message.visible_at > self._clock.now()

    def _call(self, name: str) -> None:
        self.calls.append(name)
        self._refuse_when_down()

    def _refuse_when_down(self) -> None:
        if self.down:
            raise self.refusal


class MemoryStore:
    """S3 with conditional writes."""

    def __init__(self, clock: Clock) -> None:
        """The clock's condition guards the objects."""
        self._clock = clock
        self._changed = clock.condition()
        self.written: dict[tuple[str, str], datetime] = {}
        self.objects: dict[tuple[str, str], Stored] = {}
        self.calls: list[str] = []
        self.down = False
        """While True every call is refused."""
        self.refusal: Exception = Unavailable("the store is down")

    def put_new(self, bucket: str, key: str, body: bytes) -> str:
        """PUT with If-None-Match."""
        with self._changed:
            self._call(f"put {key}")
            if (bucket, key) in self.objects:
                raise AlreadyThereError(key)
            return self._write(bucket, key, body)

    def replace(self, bucket: str, key: str, body: bytes, etag: str) -> str:
        """PUT with If-Match."""
        with self._changed:
            self._call(f"put {key}")
            there = self.objects.get((bucket, key))
            if there is None:
                raise AbsentError(key)
            if there.etag != etag:
                raise AlreadyThereError(key)
            return self._write(bucket, key, body)

    def get(self, bucket: str, key: str, most_bytes: int) -> Stored | None:
        """GET."""
        with self._changed:
            self._call(f"get {key}")
            there = self.objects.get((bucket, key))
            if there is not None and len(there.body) > most_bytes:
                raise TooLargeError(most_bytes)
            return there

    def put(self, bucket: str, key: str, body: bytes) -> None:
        """PUT."""
        with self._changed:
            self._call(f"put {key}")
            self._write(bucket, key, body)

    def delete(self, bucket: str, key: str) -> None:
        """DELETE."""
        with self._changed:
            self._call(f"delete {key}")
            self.objects.pop((bucket, key), None)

    def listed(self, bucket: str, prefix: str, most: int) -> dict[str, datetime]:
        """LIST, one page: whole seconds, as S3's."""
        with self._changed:
            self._call(f"list {prefix}")
            there = sorted(key for place, key in self.objects if place == bucket and key.startswith(prefix))
            return {key: self.written[bucket, key].replace(microsecond=0) for key in there[:most]}

    def _write(self, bucket: str, key: str, body: bytes) -> str:
        etag = _etag(body)
        self.objects[bucket, key] = Stored(body, etag)
        self.written[bucket, key] = self._clock.now()
        self._changed.notify_all()
        return etag

    def etag(self, bucket: str, key: str) -> str | None:
        """HEAD."""
        with self._changed:
            self._call(f"head {key}")
            there = self.objects.get((bucket, key))
            return None if there is None else there.etag

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if self.down:
            raise self.refusal


def _etag(body: bytes) -> str:
    return f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'  # S3: the ETag of a simple object


class MemoryPod:
    """A pod's annotations."""

    def __init__(self) -> None:
        """A fresh pod has none of ours."""
        self.annotations: dict[str, str] = {}
        self.writes: list[dict[str, str | None]] = []
        self.down = False
        """While True every call is refused."""

    def annotate(self, annotations: Mapping[str, str | None]) -> None:
        """PATCH."""
        self.writes.append(dict(annotations))
        if self.down:
            raise Unavailable("the API server is down")
        given = {name: value for name, value in annotations.items() if value is not None}
        kept = {name: value for name, value in self.annotations.items() if name not in annotations}
        self.annotations = kept | given


class MemoryNotifier:
    """SNS with one subscriber."""

    def __init__(self) -> None:
        """Nothing published yet."""
        self.published: list[Notification] = []
        self.topics: list[str] = []
        """Where each went."""
        self.down = False

    def publish(self, topic_arn: str, notification: Notification) -> None:
        """Publish."""
        if self.down:
            raise Unavailable(f"{topic_arn} is down")
        self.published.append(notification)
        self.topics.append(topic_arn)


class MemoryEvents:
    """The events queues, as whoever reads them finds them."""

    def __init__(self) -> None:
        """Nothing was told yet."""
        self.sent: list[tuple[str, str]] = []
        """Queue's URL and message."""
        self.down = False
        self.refusal: Exception = Unavailable("the events queue is down")

    def send(self, queue_url: str, event: ResultEvent) -> None:
        """SendMessage."""
        if self.down:
            raise self.refusal
        self.sent.append((queue_url, event.to_message()))
