"""The implementations of the queue's port, each with what a test needs around it."""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from laneway_worker.adapters.aws.sqs import SQSQueue
from laneway_worker.adapters.clock import SystemClock
from laneway_worker.testing.clock import ManualClock
from laneway_worker.testing.memory import MemoryQueue
from support.aws.moto import POLL_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from laneway_worker.ports.clock import Clock
    from laneway_worker.ports.queue import Delivery, JobQueue
    from support.aws.emulators import Aws, Bench


class QueueBench(ABC):
    """A queue under test, its sender and its time."""

    bench: Bench
    queue: JobQueue
    clock: Clock

    @abstractmethod
    def send(
        self,
        body: bytes = b"{}",
        attributes: Mapping[str, Any] | None = None,
        group_id: str | None = None,
        trace_header: str | None = None,
    ) -> str:
        """Send as an application would; returns the MessageId."""

    @abstractmethod
    def receive(self, most: int = 1) -> list[Delivery]:
        """Long poll to its end; time passes meanwhile."""

    @abstractmethod
    def asked(self) -> bool:
        """Whether a receive has reached the queue, as far as can be told."""

    def arrivals(self, within: float) -> list[Delivery]:
        """What can be received first, or nothing at all in this many seconds."""
        deadline = self.clock.monotonic() + within
        found: list[Delivery] = []
        while not found and self.clock.monotonic() < deadline:
            found = self.receive(10)
        return found

    def one(self, within: float = 10) -> Delivery:
        """The one message that can be received."""
        (delivery,) = self.arrivals(within)
        return delivery

    def two_receives(self) -> tuple[Delivery, Delivery]:
        """A message is sent; its first receive, whose lease ended, and its second."""
        self.send()
        first = self.one()
        self.queue.extend([first.receipt], 1)
        return first, self.one()

    def holds(self, receipt: str) -> bool:
        """Whether the lease still counts."""
        return receipt in self.queue.extend([receipt], 60).extended


class MemoryBench(QueueBench):
    """The fake, on a manual clock."""

    bench: Bench = "memory"

    def __init__(self, visibility_seconds: int, poll_seconds: int = 0) -> None:
        """Without a wait of its own: the bench passes the time of a long poll."""
        self._time = ManualClock()
        self._memory = MemoryQueue(self._time, visibility_seconds, poll_seconds)
        self.clock = self._time
        self.queue = self._memory

    def send(
        self,
        body: bytes = b"{}",
        attributes: Mapping[str, Any] | None = None,
        group_id: str | None = None,
        trace_header: str | None = None,
    ) -> str:
        return self._memory.send(body, attributes, group_id=group_id, trace_header=trace_header)

    def receive(self, most: int = 1) -> list[Delivery]:
        found = self.queue.receive(most)
        if not found:
            self._time.advance(POLL_SECONDS)
        return found

    def asked(self) -> bool:
        return bool(self._memory.calls)


class SQSBench(QueueBench):
    """The adapter, on an emulator."""

    def __init__(self, aws: Aws, visibility_seconds: int, poll_seconds: int = POLL_SECONDS) -> None:
        clients = aws.clients
        self.bench = aws.emulator
        self.clock = SystemClock()
        self._client = clients.acknowledge
        self.url = self._client.create_queue(QueueName=f"ports-{uuid.uuid4()}")["QueueUrl"]
        self.queue = SQSQueue(clients, self.url, visibility_seconds, poll_seconds)

    def send(
        self,
        body: bytes = b"{}",
        attributes: Mapping[str, Any] | None = None,
        group_id: str | None = None,
        trace_header: str | None = None,
    ) -> str:
        optional: dict[str, Any] = {"MessageAttributes": attributes, "MessageGroupId": group_id}
        if trace_header:
            optional["MessageSystemAttributes"] = {
                "AWSTraceHeader": {"DataType": "String", "StringValue": trace_header}
            }
        given = {name: value for name, value in optional.items() if value}
        return self._client.send_message(QueueUrl=self.url, MessageBody=body.decode(), **given)["MessageId"]

    def receive(self, most: int = 1) -> list[Delivery]:
        return self.queue.receive(most)

    def asked(self) -> bool:
        return True
