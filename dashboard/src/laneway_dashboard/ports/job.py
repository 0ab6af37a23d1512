"""One job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from laneway.schema.job.result import Result


@dataclass(frozen=True)
class JobSeen:
    """How it stands."""

    id: str
    state: str
    lane: str | None = None
    waiting: int | None = None
    """About how many wait in its lane."""
    result: Result | None = None
    """Without its text."""
    result_url: str | None = None
    etag: str | None = None
    """Of its result."""
    worker: str | None = None
    """That runs it."""
    since: datetime | None = None
    attempt: int | None = None
    is_kept: bool = False
    """Whether it is a failed job that a person may retry or drop."""


@dataclass(frozen=True)
class Texts:
    """What nobody sees without asking for it."""

    request: str | None
    """The job's body, where its sender stored it."""
    answer: str | None
    thinking: str | None = None


class OneJob(Protocol):
    """A pool's jobs by their ids. Every method raises `Unavailable`."""

    def get(self, job_id: str) -> JobSeen | None:
        """None where the pool knows of no such job."""

    def texts(self, job_id: str) -> Texts:
        """With the rights of who reads; raises `Refused` where the reader has none."""
