"""Where what workers tell goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

    from laneway.schema.job.reply import ReplyLine


class Order(NamedTuple):
    """Which of several writers of a job's stream is the newer one."""

    attempt: int
    """From 1: attempts that failed before, and this one."""
    receives: int
    """How often the message was received."""


class UnknownStream(Exception):
    """No request is held for it, or its token is wrong: 404."""


class OlderWriter(Exception):
    """A newer worker writes, or has written: 409."""


class Writer(Protocol):
    """One worker's stream of one job."""

    @property
    def unwanted(self) -> asyncio.Event:
        """Set once nobody listens any more: the connection is to be closed."""
        ...

    def add(self, lines: Sequence[ReplyLine]) -> None:
        """Take what was told, in order; what is told when nobody listens any more is passed over."""
        ...

    def close(self) -> None:
        """The connection is gone. To be called whatever happens, more than once if need be."""
        ...


class Streams(Protocol):
    """The streams of the requests that are held here."""

    def open(self, job_id: str, token: str, order: Order) -> Writer:
        """Let a worker tell; raises `UnknownStream` and `OlderWriter`. An older writer's stream ends by it."""
        ...
