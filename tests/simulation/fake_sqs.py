"""A standard SQS queue, from its API reference: leases, newest handles, receive counts, redrive, delays, long polls,
duplicates, and messages that come back after they were deleted.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from laneway.schema.shared.names import MESSAGE_ATTRIBUTE
from simulation.history import Extended, Received, Redriven, Removed, Sent, Visible
from simulation.network import refusal
from simulation.scheduler import START

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from simulation.account import Account
    from simulation.network import Reply
    from simulation.scheduler import Process

MOST_VISIBILITY_SECONDS = 43_200
MOST_PER_CALL = 10
MOST_WAIT_SECONDS = 20
MOST_DELAY_SECONDS = 900
MOST_ATTRIBUTES = 10
ORIGIN = "origin"  # the attribute by which the copies of a message are known
NOT_IN_FLIGHT = ("AWS.SimpleQueueService.MessageNotInflight", "InvalidParameterValue", "MessageNotInflight")


@dataclass
class FakeMessage:
    """A message."""

    id: str
    body: str
    sent_ms: int
    visible_at: float
    attributes: dict[str, Any]
    group: str | None
    trace: str | None
    origin: str
    receives: int = 0
    received_at: float = 0.0
    handle: str = ""
    source: str | None = None


@dataclass
class _Poll:
    process: Process
    number: int
    most: int
    seconds: int
    reply: Callable[[Reply], None]
    over: bool = False


class FakeSQS:
    """One queue."""

    def __init__(
        self, account: Account, name: str, most_receives: int | None = None, dead: FakeSQS | None = None
    ) -> None:
        """`dead` gets what has been received `most_receives` times."""
        self._account = account
        self._scheduler = account.scheduler
        self._history = account.history
        self.name = name
        self._most_receives = most_receives
        self._dead = dead
        self.messages: dict[str, FakeMessage] = {}
        self._polls: list[_Poll] = []

    def send(
        self,
        who: str,
        body: str,
        attributes: Mapping[str, Any],
        delay: int = 0,
        group: str | None = None,
        trace: str | None = None,
    ) -> Reply:
        """SendMessage."""
        if not 0 <= delay <= MOST_DELAY_SECONDS or len(attributes) > MOST_ATTRIBUTES:
            return refusal("InvalidParameterValue", 400, "SendMessage")
        now = self._scheduler.now
        new = self._account.next_id()
        origin = attributes[ORIGIN]["StringValue"] if ORIGIN in attributes else new
        sent_ms = int(START.timestamp() * 1000 + now * 1000)
        message = FakeMessage(new, body, sent_ms, now + delay, dict(attributes), group, trace, origin)
        self.messages[new] = message
        own = attributes.get(MESSAGE_ATTRIBUTE)
        history = own["StringValue"] if own else None
        self._history.add(
            now, who, Sent(self.name, new, origin, body, history, delay, tuple(sorted(attributes)), group)
        )
        self._later(message)
        return {"MessageId": new}

    def _later(self, message: FakeMessage) -> None:
        """Look again when the message is visible."""
        seconds = message.visible_at - self._scheduler.now
        if seconds <= 0:
            self._serve()
        else:
            self._scheduler.after(seconds, partial(self._came_back, message, message.visible_at))

    def _came_back(self, message: FakeMessage, at: float) -> None:
        if message.visible_at == at and message.id in self.messages:
            if message.receives:
                self._history.add(self._scheduler.now, "sqs", Visible(message.id, "lease over"))
            self._serve()

    def receive(
        self, process: Process, number: int, most: int, visibility: int, wait: int, reply: Callable[[Reply], None]
    ) -> None:
        """ReceiveMessage: answers when there is something, or after the wait."""
        if not (
            1 <= most <= MOST_PER_CALL and 0 <= wait <= MOST_WAIT_SECONDS and 0 <= visibility <= MOST_VISIBILITY_SECONDS
        ):
            reply(refusal("InvalidParameterValue", 400, "ReceiveMessage"))
            return
        poll = _Poll(process, number, most, visibility, reply)
        if self._account.happens(self._account.oddities.fewer):
            self._account.seen["receive: nothing of what is there"] += bool(self._visible())
            reply({})
            return
        self._polls.append(poll)
        self._scheduler.after(wait, partial(self._end_poll, poll))
        self._serve()

    def _end_poll(self, poll: _Poll) -> None:
        if not poll.over:
            self._polls.remove(poll)
            poll.reply({})

    def forget(self, process: Process) -> None:
        """A process has died: SQS may notice that its connections are gone, or answer them."""
        for poll in [each for each in self._polls if each.process is process]:
            if not self._account.happens(self._account.oddities.orphans):
                poll.over = True
                self._polls.remove(poll)

    def _visible(self) -> list[FakeMessage]:
        now = self._scheduler.now
        visible = [each for each in self.messages.values() if each.visible_at <= now]
        if self._most_receives is None:
            return visible
        for message in visible:
            if message.receives >= self._most_receives:
                self._redrive(message)
        return [each for each in visible if each.id in self.messages]

    def _redrive(self, message: FakeMessage) -> None:
        assert self._dead is not None
        del self.messages[message.id]
        self._history.add(self._scheduler.now, "sqs", Redriven(message.id, message.receives))
        message.receives = 0
        message.source = f"arn:aws:sqs:eu-west-1:123456789012:{self.name}"
        self._dead.messages[message.id] = message
        self._dead._serve()

    def _serve(self) -> None:
        """Give visible messages to those who wait, in no order."""
        random = self._account.random
        while self._polls:
            visible = self._visible()
            if not visible:
                return
            poll = self._polls.pop(int(random.random() * len(self._polls)))
            poll.over = True
            random.shuffle(visible)
            most = poll.most
            if self._account.happens(self._account.oddities.fewer):
                most = 1
            poll.reply({"Messages": [self._give(message, poll) for message in visible[:most]]})

    def _give(self, message: FakeMessage, poll: _Poll) -> dict[str, Any]:
        now = self._scheduler.now
        message.receives += 1
        message.received_at = now
        message.handle = f"{message.id}/{self.name}/{message.receives}"
        if self._account.happens(self._account.oddities.twice):
            self._account.seen["receive: given out twice"] += 1
        else:
            message.visible_at = now + poll.seconds
            self._later(message)
        self._history.add(
            now,
            poll.process.name,
            Received(self.name, message.id, message.handle, message.receives, now + poll.seconds, poll.number),
        )
        return _document(message)

    def change(self, who: str, handle: str, seconds: int) -> str | None:
        """ChangeMessageVisibility; returns an error's code."""
        account, now = self._account, self._scheduler.now
        message = self.messages.get(handle.partition("/")[0])
        if message is None or message.visible_at <= now:
            return account.random.choice(NOT_IN_FLIGHT)
        if message.handle != handle and not account.happens(account.oddities.stale_changes):
            return "ReceiptHandleIsInvalid"
        if now + seconds > message.received_at + MOST_VISIBILITY_SECONDS:
            return "InvalidParameterValue"
        message.visible_at = now + seconds
        if seconds == 0:
            self._history.add(now, who, Visible(message.id, "given back"))
        else:
            self._history.add(now, who, Extended(handle, now + seconds))
        self._later(message)
        return None

    def delete(self, who: str, handle: str) -> Reply:
        """DeleteMessage: an old handle succeeds, and the message might not be deleted."""
        account = self._account
        message = self.messages.get(handle.partition("/")[0])
        if message is None:
            return {}
        if message.handle != handle and not account.happens(account.oddities.stale_deletes):
            account.seen["delete: old handle, not deleted"] += 1
            return {}
        if message.visible_at <= self._scheduler.now and account.happens(0.3):
            return refusal("ReceiptHandleIsInvalid", 400, "DeleteMessage")  # "might result in an error"
        if message.handle != handle:
            account.seen["delete: old handle, deleted"] += 1
        del self.messages[message.id]
        self._history.add(self._scheduler.now, who, Removed(message.id, handle))
        if account.happens(account.oddities.back):
            account.hidden += 1
            self._scheduler.after(account.random.random() * 60, partial(self._resurrect, message))
        return {}

    def _resurrect(self, message: FakeMessage) -> None:
        """A server that kept a copy."""
        self._account.hidden -= 1
        self._account.seen["delete: came back"] += 1
        message.visible_at = self._scheduler.now
        self.messages[message.id] = message
        self._history.add(self._scheduler.now, "sqs", Visible(message.id, "back after its delete"))
        self._serve()


def _document(message: FakeMessage) -> dict[str, Any]:
    system = {
        "SentTimestamp": str(message.sent_ms),
        "ApproximateReceiveCount": str(message.receives),
        "ApproximateFirstReceiveTimestamp": "0",
        "SenderId": "AIDA",
    }
    if message.group:
        system["MessageGroupId"] = message.group
    if message.trace:
        system["AWSTraceHeader"] = message.trace
    if message.source:
        system["DeadLetterQueueSourceArn"] = message.source
    return {
        "MessageId": message.id,
        "ReceiptHandle": message.handle,
        "Body": message.body,
        "Attributes": system,
        "MessageAttributes": message.attributes,
    }
