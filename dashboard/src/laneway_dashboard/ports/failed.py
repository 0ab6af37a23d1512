"""Failed jobs: to look at, to retry, to drop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from datetime import datetime

Verb = Literal["retry", "drop"]


@dataclass(frozen=True)
class FailedSeen:
    """A failed job, without its body."""

    id: str
    etag: str
    """Of its failed result: who acts on the job means this failure and no later one."""
    lane: str
    code: str
    message: str
    failed_at: datetime
    submitted_at: datetime
    attempts: int


@dataclass(frozen=True)
class FailedList:
    """What was read of them."""

    jobs: tuple[FailedSeen, ...]
    complete: bool = True
    """Whether these are all of them."""
    unreadable: tuple[str, ...] = ()
    """What lies there and can't be read, in words."""
    told: str = ""
    """Which ones they are, where they are not all."""


@dataclass(frozen=True)
class Done:
    """What became of one job that was acted on."""

    other_body: bool = False
    """Whether the request that its owner stored was sent, and not the other one that had failed."""


class FailedJobs(Protocol):
    """A pool's. Every method raises `Unavailable`."""

    def list(self) -> FailedList:
        """The ones that wait for a person, those that failed last first."""

    def act(self, verb: Verb, job_id: str, etag: str) -> Done:
        """Retry or drop exactly this failure; raises `Refused` where it is another one by now."""
