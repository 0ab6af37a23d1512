"""Pools to look at: empty, busy, in trouble, and full of what attackers write."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from laneway.schema.job.codes import ErrorCode
from laneway.schema.job.result import ErrorDetail
from laneway_dashboard.ports.failed import FailedSeen
from laneway_dashboard.ports.job import JobSeen, Texts
from laneway_dashboard.ports.jobs import Row
from laneway_dashboard.ports.pool import PoolPorts
from laneway_dashboard.ports.watching import (
    Estimated,
    LaneSeen,
    PoolSeen,
    RunningJob,
    SleepSeen,
)
from laneway_dashboard.testing import made
from laneway_dashboard.testing.fakes import FakeFailed, FakeJobs, FakeOneJob, FakePauses, FakeWaits, FakeWatched

if TYPE_CHECKING:
    from datetime import datetime

    from laneway_dashboard.ports.clock import Clock

NAME, URL, MODEL = made.NAME, made.URL, made.MODEL
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
        workers=tuple(
            made.worker(f"documents-fast-7d9f-{tail}", now, number) for number, tail in enumerate(("x2k4p", "m8sqz"))
        ),
        estimate=Estimated(3, 2.0, 5.0),
        paused=False,
        today=made.today(now, 4210, 12),
    )
    slow = LaneSeen(
        name="slow",
        model="gemma3:27b",
        queued=41,
        running=1,
        delayed=0,
        oldest_seconds=192.0,
        workers=(made.worker("documents-slow-5c7b-9wq2h", now, 7, model="gemma3:27b"),),
        estimate=Estimated(41, 180.0, 300.0),
        paused=False,
        today=made.today(now, 380, 3),
    )
    night = LaneSeen(
        name="night",
        model=MODEL,
        queued=12,
        running=0,
        delayed=0,
        oldest_seconds=5400.0,
        workers=(),
        no_estimate="wakes at 20:00",
        paused=False,
        today=made.today(now, 80, 0),
        sleeps=(
            SleepSeen("Europe/Paris", "0 8 * * 1-5", "0 20 * * 1-5", asleep=True, turns_at=now + timedelta(hours=5)),
        ),
    )
    seen = PoolSeen(NAME, URL, (fast, slow, night), failed=3, today=made.today(now, 4670, 15), knows_schedules=True)
    failed = [made.failed(now, number, ErrorCode.TIMED_OUT, "no answer within 300 s") for number in range(3)]
    return _world(clock, seen, failed)


def _held_up(now: datetime) -> LaneSeen:
    held = made.worker(
        "documents-fast-7d9f-x2k4p",
        now,
        0,
        state="waits",
        words="waits for a new Ollama: the last one answered nonsense",
        jobs=(),
    )
    return LaneSeen(
        name="fast",
        model=MODEL,
        queued=612,
        running=0,
        delayed=14,
        oldest_seconds=2640.0,
        workers=(held,),
        no_estimate="no worker is ready",
        paused=False,
        today=made.today(now, 210, 143),
    )


def trouble(clock: Clock) -> World:
    """One lane's workers are held up, one's can't start, one is paused, and much has failed."""
    now = clock.now()
    slow = LaneSeen(
        name="slow",
        model="gemma3:27b",
        queued=41,
        running=0,
        delayed=0,
        oldest_seconds=192.0,
        workers=(),
        stage="node starting",
        no_estimate="no worker is ready",
        paused=False,
        today=made.today(now, 38, 0),
    )
    extra = LaneSeen(name="extra", model=MODEL, queued=5, running=0, workers=(), paused=True)
    denied = LaneSeen(
        name="legal",
        model=MODEL,
        trouble="SQS: you may not sqs:GetQueueAttributes on laneway-nlp-documents-legal; "
        "`laneway iam pool.yaml` prints the policy",
    )
    seen = PoolSeen(
        NAME,
        URL,
        (_held_up(now), slow, extra, denied),
        failed=164,
        failed_is_least=False,
        today=made.today(now, 248, 143),
        knows_schedules=False,
    )
    return _world(clock, seen, _much_failed(now))


def _much_failed(now: datetime) -> list[FailedSeen]:
    slow = [
        made.failed(now, number, ErrorCode.TIMED_OUT, f"no answer within {300 + number % 7} s") for number in range(120)
    ]
    odd = [
        made.failed(now, 200 + number, ErrorCode.FORMAT_NOT_MET, f"'total' is missing in answer {number}")
        for number in range(30)
    ]
    return (
        slow
        + odd
        + [made.failed(now, 300 + number, ErrorCode.POISON, "killed its worker 20 times") for number in range(14)]
    )


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
        workers=(made.worker(HOSTILE_TEXT, now, 0, jobs=(RunningJob(LONG_ID, now - timedelta(seconds=4)),)),),
    )
    seen = PoolSeen(NAME, URL, (lane,), failed=2, troubles=(HOSTILE_TEXT,), knows_schedules=True)
    failed = [
        FailedSeen(LONG_ID, '"e1"', "fast", "engine_error", HOSTILE_TEXT, now, now, 3),
        FailedSeen("a.b-c_D", '"e2"', "fast", "poison", "'quoted' " + "w" * 300, now, now, 1),
    ]
    error = ErrorDetail(code=ErrorCode.ENGINE_ERROR, message=HOSTILE_TEXT, fix=HOSTILE_TEXT)
    result = made.result(now, LONG_ID, error=error, labels=HOSTILE_LABELS, told=HOSTILE_TEXT)
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
        row = made.row(now, number)
        rows.append(row)
        jobs[row.id] = made.job(now, row.id, number)
    for each in failed:
        error = ErrorDetail.of(ErrorCode(each.code), each.message)
        result = made.result(each.failed_at, each.id, error=error, lane=each.lane, attempts=each.attempts)
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
        FakeWaits(made.waits(now)),
    )
