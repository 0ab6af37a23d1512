"""What worlds are made of: workers, rows, results."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.history import Failure
from laneway.schema.job.result import Cost, ErrorDetail, Result, ServedModel, Timing, Usage
from laneway_dashboard.ports.failed import FailedSeen
from laneway_dashboard.ports.history import Point
from laneway_dashboard.ports.job import JobSeen
from laneway_dashboard.ports.jobs import Row
from laneway_dashboard.ports.watching import RunningJob, Today, WorkerSeen

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

NAME = "nlp/documents"
URL = "s3://acme-llm/documents"
MODEL = "gemma3:4b"
DIGEST = "sha256:" + "a2af6cc3eb7f" + "0" * 52


def waits(now: datetime) -> tuple[Point, ...]:
    """An hour with two gaps in what is known."""
    shape = (2, 3, 2, 4, 6, 9, 14, 22, 31, 40, 38, 44, 52, 41, 30, 22, 15, 9, 6, 4)
    step = timedelta(minutes=1)
    return tuple(
        Point(now - step * (60 - number), None if 20 <= number < 25 else float(shape[number % 20] + number % 3))
        for number in range(60)
    )


def today(now: datetime, succeeded: int, failed: int) -> Today:
    """So many jobs, and what they cost."""
    return Today(
        now.replace(hour=0, minute=0), succeeded, failed, 2, succeeded * 0.00011, succeeded * 412, succeeded * 2.4
    )


def worker(
    name: str,
    now: datetime,
    seed: int,
    *,
    state: str = "serving",
    words: str = "",
    model: str = MODEL,
    jobs: tuple[RunningJob, ...] | None = None,
) -> WorkerSeen:
    """One with two jobs, unless others are given."""
    running = tuple(
        RunningJob(
            f"claim-2026-{4000 + seed * 10 + each}",
            now - timedelta(seconds=2 + each * 3 + seed),
            1 + each,
            140 * (each + 1),
        )
        for each in range(2)
    )
    return WorkerSeen(
        name,
        state,
        2,
        now - timedelta(seconds=4 + seed),
        running if jobs is None else jobs,
        61.5 - seed,
        model,
        DIGEST,
        words,
    )


def failed(now: datetime, number: int, code: ErrorCode, message: str) -> FailedSeen:
    """One of many."""
    lane = "slow" if number % 3 else "fast"
    at = now - timedelta(minutes=2 + number)
    return FailedSeen(
        f"claim-2026-{number:04}", f'"e{number}"', lane, code.value, message, at, at - timedelta(minutes=9), 3
    )


def row(now: datetime, number: int) -> Row:
    """A job of the list."""
    code = None if number % 9 else "timed_out"
    return Row(
        id=f"invoice-{90000 - number}",
        finished_at=now - timedelta(seconds=7 + 31 * number),
        status="failed" if code else "cancelled" if number % 23 == 5 else "succeeded",
        lane="slow" if number % 4 == 3 else "fast",
        code=code,
        queued_seconds=0.3 + number % 13 * 1.7,
        run_seconds=2.4 + number % 5,
        tokens=180 + number % 90,
        usd=0.000106 + number % 7 * 0.00003,
        labels={"team": "claims" if number % 2 else "billing"},
    )


def job(now: datetime, name: str, number: int) -> JobSeen:
    """The same job, whole."""
    listed = row(now, number)
    error = ErrorDetail.of(ErrorCode.TIMED_OUT, "no answer within 300 s") if listed.code else None
    status = listed.status or "succeeded"
    if status == "cancelled":
        error = ErrorDetail.of(ErrorCode.CANCELLED, "cancelled by its sender")
    found = result(
        listed.finished_at,
        name,
        error=error,
        labels=dict(listed.labels),
        attempts=number % 3,
        lane=listed.lane or "fast",
    )
    found = found.model_copy(update={"status": status})
    return JobSeen(
        name, status, listed.lane, result=found, result_url=f"{URL}/results/{name}.json", etag=f'"{number:032x}"'
    )


def result(
    ended: datetime,
    name: str,
    *,
    error: ErrorDetail | None = None,
    labels: Mapping[str, str] | None = None,
    attempts: int = 2,
    told: str = "no answer within 300 s",
    lane: str = "fast",
) -> Result:
    """As a worker writes it."""
    begun = ended - timedelta(seconds=2.4)
    submitted = begun - timedelta(seconds=12 * (attempts + 1))
    failures = tuple(
        Failure(
            attempt=each + 1,
            code=ErrorCode.TIMED_OUT,
            message=told[:300],
            worker="documents-fast-7d9f-x2k4p",
            at=submitted + timedelta(seconds=12 * (each + 1)),
        )
        for each in range(attempts)
    )
    return Result(
        id=name,
        status="succeeded" if error is None else "failed",
        finish_reason="stop" if error is None else None,
        model=ServedModel(name=MODEL, digest=DIGEST),
        usage=Usage(prompt_tokens=812, completion_tokens=143),
        timing=Timing(
            submitted_at=submitted,
            received_at=begun - timedelta(milliseconds=80),
            started_at=begun,
            first_token_at=begun + timedelta(milliseconds=310),
            finished_at=ended,
            queued_seconds=(begun - submitted).total_seconds(),
            run_seconds=2.4,
        ),
        failures=failures,
        error=error,
        cost=Cost(gpu_seconds=2.41, usd=0.000106),
        pool=NAME,
        lane=lane,
        labels=dict(labels or {}),
        request_hash="sha256:" + "5e" * 32,
    )
