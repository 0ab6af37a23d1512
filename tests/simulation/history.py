"""What happened in a simulated world, event by event, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Event(NamedTuple):
    """When, in which order, and who."""

    number: int
    at: float
    who: str
    what: Any  # one of the kinds below


class Sent(NamedTuple):
    """A message came into a queue."""

    queue: str
    message: str
    origin: str  # of the sender's message that it is a copy of, or its own
    body: str
    history: str | None
    delay: int
    attributes: tuple[str, ...]
    group: str | None


class Asked(NamedTuple):
    """A receive began."""

    queue: str
    most: int


class Received(NamedTuple):
    """A queue gave a message out; whether anybody got it is another matter."""

    queue: str
    message: str
    handle: str
    receives: int
    until: float
    poll: int  # number of the event that began the receive


class Got(NamedTuple):
    """A receive came back."""

    queue: str
    handles: tuple[str, ...]


class Beat(NamedTuple):
    """A heartbeat began."""

    handles: tuple[str, ...]


class BeatEnded(NamedTuple):
    """A heartbeat came back, well or not."""

    began: int
    lost: tuple[str, ...]


class Acknowledging(NamedTuple):
    """The worker begins to delete or to release by this handle."""

    kind: str
    handle: str


class Removed(NamedTuple):
    """A message left its queue by a delete."""

    message: str
    handle: str


class Redriven(NamedTuple):
    """SQS moved a message to the dead-letter queue."""

    message: str
    receives: int


class Extended(NamedTuple):
    """A lease was renewed."""

    handle: str
    until: float


class Visible(NamedTuple):
    """A message was given back, or came back by itself."""

    message: str
    why: str


class Put(NamedTuple):
    """An object was written."""

    bucket: str
    key: str
    etag: str
    body: bytes
    before: str | None  # the ETag of what it replaced
    asked_for: str | None  # the ETag that If-Match named, or `*` for If-None-Match


class Dropped(NamedTuple):
    """An object was removed."""

    bucket: str
    key: str


class Told(NamedTuple):
    """A notification was published."""

    job: str
    etag: str
    message: str


class TableTold(NamedTuple):
    """The events queue was told of a result."""

    job: str
    etag: str
    revision: int
    message: str


class Call(NamedTuple):
    """A call's end, for the trace."""

    name: str
    on: str
    end: str


class Ran(NamedTuple):
    """The engine worked on a request."""

    prompt: str
    since: float
    end: str
    code: str | None  # of a failure of the job's own
    text: str | None  # a whole answer
    deadline: float | None


class Proved(NamedTuple):
    """The engine was asked a question that is no job's."""

    answered: bool


class Heard(NamedTuple):
    """A gateway was told a line of a job's stream, or that it is finished."""

    stream: int
    job: str
    order: tuple[int, int]  # attempt and receives
    name: str
    holds: Any


class HungUp(NamedTuple):
    """A gateway closed a stream."""

    stream: int
    job: str


class Signal(NamedTuple):
    """Something was done to a process."""

    kind: str


class History:
    """All events of one world."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.watched: dict[str, tuple[type, Callable[[], None]]] = {}
        """By process: a kind of event, and what its next one sets off."""

    def add(self, at: float, who: str, what: object) -> int:
        """Write an event down; returns its number."""
        number = len(self.events)
        self.events.append(Event(number, at, who, what))
        if who in self.watched and self.watched[who][0] is type(what):
            self.watched.pop(who)[1]()
        return number

    def lines(self) -> Iterator[str]:
        """The trace."""
        for event in self.events:
            what = event.what
            fields = ", ".join(f"{name}={_short(value)}" for name, value in zip(what._fields, what, strict=True))
            yield f"{event.number:5} {event.at:9.3f} {event.who:<10} {type(what).__name__}({fields})"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 240 else f"{text[:200]}… {len(text)}"
