"""Who hears of jobs: subscribers, once a result is there, and whoever waits for a job, while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from laneway.schema.job.event import ResultEvent
    from laneway.schema.job.history import History
    from laneway.schema.job.result import Notification, Result

Reason = Literal["failed", "given_back"]
"""Why an attempt comes to nothing: by the job's own fault, or another one's."""


class Notifier(Protocol):
    """SNS."""

    def publish(self, topic_arn: str, notification: Notification) -> None:
        """Tell subscribers; raises `Unavailable`."""


class Events(Protocol):
    """The queue of whoever keeps results in a table."""

    def send(self, queue_url: str, event: ResultEvent) -> None:
        """Tell of a result that stands; raises `Unavailable`."""


class Channel(Protocol):
    """What is told of one job under one lease. All methods but `lost` are for the thread that works on the job; none
    raises, and none waits for anybody. What can't be told is left out: the result says it all.
    """

    @property
    def lost(self) -> bool:
        """Whether nobody hears any more, though somebody was to. Once it is so it stays so."""

    def started(self) -> None:
        """The engine begins; where it has begun before, what was told since counts no more."""

    def record(self, line: bytes) -> None:
        """One of the engine's records as it came, a JSON object without a line feed; never the final one."""

    def again(self, reason: Reason) -> None:
        """The attempt comes to nothing. Nothing is told after it, unless the engine begins once more."""

    def ended(self, result: Result, etag: str) -> None:
        """This result stands. Nothing is told after it."""


class Replies(Protocol):
    """The way to those who wait."""

    def open(self, history: History, receives: int, lost: Callable[[], None]) -> Channel:
        """The channel of one delivery, by its history, which names who waits, and its count of receives. Nothing is
        told yet. `lost` is called at most once, by any thread, when nobody hears any more.
        """


class NoChannel:
    """Nobody waits."""

    lost = False

    def started(self) -> None:
        """Nothing."""

    def record(self, line: bytes) -> None:
        """Nothing."""

    def again(self, reason: Reason) -> None:
        """Nothing."""

    def ended(self, result: Result, etag: str) -> None:
        """Nothing."""


NO_CHANNEL = NoChannel()


class NoReplies:
    """There is no way to anybody."""

    def open(self, _history: History, _receives: int, _lost: Callable[[], None]) -> Channel:
        """Nobody's."""
        return NO_CHANNEL


NO_REPLIES = NoReplies()
