"""What became of a job when: pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from laneway.schema.job.history import Failure
    from laneway.schema.job.result import Result


@dataclass(frozen=True)
class Step:
    """A moment in its life."""

    what: str
    at: datetime
    after: float | None
    """Seconds since the step before."""
    told: str = ""
    bad: bool = False


def timeline(result: Result) -> list[Step]:
    """From submission to the stored result, in the order of time; clocks of several machines may differ."""
    times = result.timing
    attempt = (result.failures[-1].attempt if result.failures else 0) + 1
    moments = [("submitted", times.submitted_at, "", False), *map(_failed, result.failures)]
    if times.started_at is not None or not result.failures:
        moments.append(("received", times.received_at, "", False))
    if times.started_at is not None:
        moments.append(("running", times.started_at, f"attempt {attempt}", False))
    if times.first_token_at is not None:
        moments.append(("first token", times.first_token_at, "", False))
    told = "" if result.error is None else result.error.code.value
    moments.append((result.status, times.finished_at, told, result.status != "succeeded"))
    return _steps(sorted(moments, key=lambda each: each[1]))


def _failed(failure: Failure) -> tuple[str, datetime, str, bool]:
    told = f"{failure.code.value} on {failure.worker}: {failure.message}"
    return f"attempt {failure.attempt} failed", failure.at, told, True


def _steps(moments: Sequence[tuple[str, datetime, str, bool]]) -> list[Step]:
    before: datetime | None = None
    found = []
    for what, when, told, bad in moments:
        found.append(Step(what, when, None if before is None else (when - before).total_seconds(), told, bad))
        before = when
    return found
