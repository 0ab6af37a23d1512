"""Pools to look at: empty, busy, in trouble, and full of what attackers write."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.history import Failure
from laneway.schema.job.result import Cost, ErrorDetail, Result, ServedModel, Timing, Usage
from laneway_dashboard.ports.failed import FailedSeen
from laneway_dashboard.ports.history import Point
from laneway_dashboard.ports.job import JobSeen, Texts
from laneway_dashboard.ports.jobs import Row
from laneway_dashboard.ports.pool import PoolPorts
from laneway_dashboard.ports.watching import (
    Estimated,
    LaneSeen,
    PoolSeen,
    RunningJob,
    SleepSeen,
    Today,
    WorkerSeen,
)
from laneway_dashboard.testing.fakes import FakeFailed, FakeJobs, FakeOneJob, FakePauses, FakeWaits, FakeWatched

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from laneway_dashboard.ports.clock import Clock

NAME = "nlp/documents"
URL = "s3://acme-llm/documents"
MODEL = "gemma3:4b"
DIGEST = "sha256:" + "a2af6cc3eb7f" + "0" * 52
LONG_ID = "x" * 128
HOSTILE_TEXT = "<script>alert(1)</script> \"'><img src=x onerror=alert(2)> =cmd|' /C calc'!A0 \u202egnp.exe\u2066"
HOSTILE_LABELS = {"<b>team</b>": '"><svg onload=alert(3)>', "rtl": "\u202eabc\u200f", "formula": "=1+1"}


@dataclass(frozen=True)
class World:
    """The fakes of one pool."""

    watched: FakeWatched
    failed: FakeFailed
    jobs: FakeJobs
    job: FakeOneJob
    waits: FakeWaits | None = None
    can_pause: bool = True

    @property
    def ports(self) -> PoolPorts:
        """As a dashboard has them."""
        pauses = FakePauses(self.watched) if self.can_pause else None
        return PoolPorts(NAME, URL, self.watched, self.failed, self.jobs, self.job, self.waits, pauses)


def empty(clock: Clock) -> World:
    """A pool at zero, which has never had a job."""
    lanes = tuple(
        LaneSeen(
            name=name,
            model=MODEL,
            queued=0,
            running=0,
            delayed=0,
            workers=(),
            no_estimate="no estimate yet",
            paused=False,
        )
        for name in ("fast", "slow")
    )
    seen = PoolSeen(NAME, URL, lanes, failed=0, knows_schedules=True)
    return World(FakeWatched(seen), FakeFailed(), FakeJobs(clock=clock), FakeOneJob(), FakeWaits())


def busy(clock: Clock) -> World:
    """Two lanes at work, and one that sleeps."""
    now = clock.now()
    fast = LaneSeen(
        name="fast",
        model=MODEL,
        queued=3,
        running=4,
        delayed=1,
        oldest_seconds=0.4,
        desired=2,
        workers=tuple(
            _worker(f"documents-fast-7d9f-{tail}", now, number) for number, tail in enumerate(("x2k4p", "m8sqz"))
        ),
        estimate=Estimated(3, 2.0, 5.0),
        paused=False,
        today=_today(now, 4210, 12),
    )
    slow = LaneSeen(
        name="slow",
        model="gemma3:27b",
        queued=41,
        running=1,
        delayed=0,
        oldest_seconds=192.0,
        desired=2,
        workers=(_worker("documents-slow-5c7b-9wq2h", now, 7, model="gemma3:27b"),),
        estimate=Estimated(41, 180.0, 300.0),
        paused=False,
        today=_today(now, 380, 3),
    )
    night = LaneSeen(
        name="night",
        model=MODEL,
        queued=12,
        running=0,
        delayed=0,
        oldest_seconds=5400.0,
        workers=(),
        desired=0,
        no_estimate="wakes at 20:00",
        paused=False,
        today=_today(now, 80, 0),
        sleeps=(
            SleepSeen("Europe/Paris", "0 8 * * 1-5", "0 20 * * 1-5", asleep=True, turns_at=now + timedelta(hours=5)),
        ),
    )
    seen = PoolSeen(NAME, URL, (fast, slow, night), failed=3, today=_today(now, 4670, 15), knows_schedules=True)
    failed = [_failed(now, number, ErrorCode.TIMED_OUT, "no answer within 300 s") for number in range(3)]
    return _world(clock, seen, failed)


def trouble(clock: Clock) -> World:
    """One lane's workers are held up, one's can't start, one is paused, and much has failed."""
    now = clock.now()
    held = _worker(
        "documents-fast-7d9f-x2k4p",
        now,
        0,
        state="waits",
        words="waits for a new Ollama: the last one answered nonsense",
        jobs=(),
    )
    fast = LaneSeen(
        name="fast",
        model=MODEL,
        queued=612,
        running=0,
        delayed=14,
        oldest_seconds=2640.0,
        workers=(held,),
        desired=4,
        no_estimate="no worker is ready",
        paused=False,
        today=_today(now, 210, 143),
    )
    slow = LaneSeen(
        name="slow",
        model="gemma3:27b",
        queued=41,
        running=0,
        delayed=0,
        oldest_seconds=192.0,
        workers=(),
        desired=1,
        stage="node starting",
        no_estimate="no worker is ready",
        paused=False,
        today=_today(now, 38, 0),
    )
    extra = LaneSeen(name="extra", model=MODEL, queued=5, running=0, workers=(), desired=0, paused=True)
    denied = LaneSeen(
        name="legal",
        model=MODEL,
        trouble="SQS: you may not sqs:GetQueueAttributes on laneway-nlp-documents-legal; "
        "`laneway iam pool.yaml` prints the policy",
    )
    seen = PoolSeen(
        NAME,
        URL,
        (fast, slow, extra, denied),
        failed=164,
        failed_is_least=False,
        today=_today(now, 248, 143),
        knows_schedules=False,
    )
    failed = [
        _failed(now, number, ErrorCode.TIMED_OUT, f"no answer within {300 + number % 7} s") for number in range(120)
    ]
    failed += [
        _failed(now, 200 + number, ErrorCode.FORMAT_NOT_MET, f"'total' is missing in answer {number}")
        for number in range(30)
    ]
    failed += [_failed(now, 300 + number, ErrorCode.POISON, "killed its worker 20 times") for number in range(14)]
    return _world(clock, seen, failed)


def hostile(clock: Clock) -> World:
    """Ids of 128 characters, and markup, quotes, formulas and marks of direction wherever a sender writes."""
    now = clock.now()
    lane = LaneSeen(
        name="fast",
        model=HOSTILE_TEXT,
        queued=1,
        running=1,
        oldest_seconds=1.0,
        paused=False,
        workers=(_worker(HOSTILE_TEXT, now, 0, jobs=(RunningJob(LONG_ID, now - timedelta(seconds=4)),)),),
    )
    seen = PoolSeen(NAME, URL, (lane,), failed=2, troubles=(HOSTILE_TEXT,), knows_schedules=True)
    failed = [
        FailedSeen(LONG_ID, '"e1"', "fast", "engine_error", HOSTILE_TEXT, now, now, 3),
        FailedSeen("a.b-c_D", '"e2"', "fast", "poison", "'quoted' " + "w" * 300, now, now, 1),
    ]
    error = ErrorDetail(code=ErrorCode.ENGINE_ERROR, message=HOSTILE_TEXT, fix=HOSTILE_TEXT)
    result = _result(now, LONG_ID, error=error, labels=HOSTILE_LABELS, told=HOSTILE_TEXT)
    job = JobSeen(
        LONG_ID, "failed", "fast", result=result, result_url=f"{URL}/results/{LONG_ID}.json", etag='"e1"', is_kept=True
    )
    rows = [Row(LONG_ID, now, "failed", "fast", "engine_error", 1.0, 2.0, 3, 0.1, HOSTILE_LABELS)]
    texts = {LONG_ID: Texts(HOSTILE_TEXT, HOSTILE_TEXT)}
    return World(
        FakeWatched(seen),
        FakeFailed(failed),
        FakeJobs(rows, clock=clock),
        FakeOneJob({LONG_ID: job}, texts),
        FakeWaits(),
    )


WORLDS = {"empty": empty, "busy": busy, "trouble": trouble, "hostile": hostile}


def _world(clock: Clock, seen: PoolSeen, failed: list[FailedSeen]) -> World:
    now = clock.now()
    rows, jobs = [], {}
    for number in range(260):
        row = _row(now, number)
        rows.append(row)
        jobs[row.id] = _job(now, row.id, number)
    for each in failed:
        error = ErrorDetail.of(ErrorCode(each.code), each.message)
        result = _result(each.failed_at, each.id, error=error, lane=each.lane, attempts=each.attempts)
        jobs[each.id] = JobSeen(
            each.id,
            "failed",
            each.lane,
            result=result,
            result_url=f"{URL}/results/{each.id}.json",
            etag=each.etag,
            is_kept=True,
        )
    jobs["claim-running"] = JobSeen(
        "claim-running",
        "running",
        "fast",
        worker="documents-fast-7d9f-x2k4p",
        since=now - timedelta(seconds=3),
        attempt=1,
    )
    texts = {name: Texts('{"id": "' + name + '", "prompt": "Summarise: …"}', "The claim is settled.") for name in jobs}
    return World(
        FakeWatched(seen),
        FakeFailed(failed),
        FakeJobs(rows, clock=clock),
        FakeOneJob(jobs, texts),
        FakeWaits(_waits(now)),
    )


def _waits(now: datetime) -> tuple[Point, ...]:
    shape = (2, 3, 2, 4, 6, 9, 14, 22, 31, 40, 38, 44, 52, 41, 30, 22, 15, 9, 6, 4)
    step = timedelta(minutes=1)
    return tuple(
        Point(now - step * (60 - number), None if 20 <= number < 25 else float(shape[number % 20] + number % 3))
        for number in range(60)
    )


def _today(now: datetime, succeeded: int, failed: int) -> Today:
    return Today(
        now.replace(hour=0, minute=0), succeeded, failed, 2, succeeded * 0.00011, succeeded * 412, succeeded * 2.4
    )


def _worker(
    name: str,
    now: datetime,
    seed: int,
    *,
    state: str = "serving",
    words: str = "",
    model: str = MODEL,
    jobs: tuple[RunningJob, ...] | None = None,
) -> WorkerSeen:
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


def _failed(now: datetime, number: int, code: ErrorCode, message: str) -> FailedSeen:
    lane = "slow" if number % 3 else "fast"
    at = now - timedelta(minutes=2 + number)
    return FailedSeen(
        f"claim-2026-{number:04}", f'"e{number}"', lane, code.value, message, at, at - timedelta(minutes=9), 3
    )


def _row(now: datetime, number: int) -> Row:
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


def _job(now: datetime, name: str, number: int) -> JobSeen:
    row = _row(now, number)
    error = ErrorDetail.of(ErrorCode.TIMED_OUT, "no answer within 300 s") if row.code else None
    status = row.status or "succeeded"
    if status == "cancelled":
        error = ErrorDetail.of(ErrorCode.CANCELLED, "cancelled by its sender")
    result = _result(
        row.finished_at, name, error=error, labels=dict(row.labels), attempts=number % 3, lane=row.lane or "fast"
    )
    result = result.model_copy(update={"status": status})
    return JobSeen(
        name, status, row.lane, result=result, result_url=f"{URL}/results/{name}.json", etag=f'"{number:032x}"'
    )


def _result(
    ended: datetime,
    name: str,
    *,
    error: ErrorDetail | None = None,
    labels: Mapping[str, str] | None = None,
    attempts: int = 2,
    told: str = "no answer within 300 s",
    lane: str = "fast",
) -> Result:
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
