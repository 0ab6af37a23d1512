"""What a SIGKILL in mid-work costs: the worker, Celery and dramatiq-sqs, with the same jobs and the same visibility."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.worker.contenders import CELERY_BY_DEFAULT, Laneway, Setting, others
from bench.worker.emulator import BUCKET
from bench.worker.lanes import stub_engine
from bench.worker.recorder import recording
from bench.worker.report import Spread
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.worker.contenders import Contender
    from bench.worker.emulator import Emulator
    from bench.worker.recorder import Call
    from bench.worker.report import Report

SLOTS = 8
JOBS = 64
KILL_AFTER_SECONDS = (1.2, 1.5, 1.8)  # of the first result: at several moments of a wave of jobs
TOKENS, TOKEN_SECONDS = 10, 0.1  # a job of one second
VISIBILITY_SECONDS = 30
RECOVERED_SECONDS = 120.0
COLUMNS = (
    "",
    "messages redelivered",
    "results computed twice",
    "lost",
    "kill to last redelivery, s",
    "kill to all done, s",
)
NOTE = (
    f"{JOBS} jobs of one second on {SLOTS} slots; 1.2, 1.5 or 1.8 s after the first result the process and its "
    "children get SIGKILL, and another one starts at once. Each figure is of the three kills. All with a visibility "
    f"of {VISIBILITY_SECONDS} s, which is none of the peers' defaults: Celery's is 30 minutes, dramatiq-sqs's 12 "
    "hours, and for so long they would wait. Aim for the worker: the fewest redeliveries, and recovery within the "
    "visibility + 5 s."
)


@dataclass(frozen=True)
class Outcome:
    """What the recorder saw."""

    redelivered: int
    twice: int
    lost: int
    last_redelivery: float
    done: float | None
    """None: not within RECOVERED_SECONDS."""


def measure(emulator: Emulator, folder: Path, report: Report) -> None:
    """All at once: little runs in a second's job, and most of the time is waiting for leases to end."""
    contenders: dict[str, Contender] = {"Laneway": Laneway(topic=True), **others()}
    contenders |= {"Celery over SQS, default prefetch": CELERY_BY_DEFAULT} if others() else {}
    with stub_engine(folder, TOKEN_SECONDS) as engine, ThreadPoolExecutor(len(contenders)) as threads:

        def kills(start: Contender) -> list[Outcome]:
            return [_killed(emulator, folder, engine, start, seconds) for seconds in KILL_AFTER_SECONDS]

        rows = [_row(name, of) for name, of in zip(contenders, threads.map(kills, contenders.values()), strict=True)]
    report.table(f"SIGKILL with jobs in flight ({emulator.name})", COLUMNS, rows, NOTE)


def _killed(emulator: Emulator, folder: Path, engine: str, start: Contender, seconds: float) -> Outcome:
    with recording(emulator, folder) as recorder:
        work = TOKENS * TOKEN_SECONDS
        setting = Setting(
            emulator, recorder.endpoint, engine, folder, SLOTS, VISIBILITY_SECONDS, tokens=TOKENS, work_seconds=work
        )
        with start(setting) as first:
            first.send(JOBS)
            eventually(lambda: _puts(recorder.calls(), first.prefix))
            time.sleep(seconds)
            first.kill()
            killed = time.time()
        with start(setting, first.queue, first.prefix):
            done = None
            with suppress(AssertionError):
                emulator.wait_until_empty(first.queue, RECOVERED_SECONDS)
                done = time.time() - killed
        return _outcome(recorder.calls(), emulator, first.prefix, killed, done)


def _puts(calls: Sequence[Call], prefix: str) -> list[Call]:
    return [each for each in calls if each.name == "PutObject" and prefix in each.path]


def _outcome(calls: list[Call], emulator: Emulator, prefix: str, killed: float, done: float | None) -> Outcome:
    receives = [each for each in calls if each.name == "ReceiveMessage"]
    deliveries = Counter(message for each in receives for message in set(each.messages))
    again = {message for message, count in deliveries.items() if count > 1}
    late = [each.answered - killed for each in receives if again & set(each.messages) and each.answered > killed]
    puts = Counter(each.path for each in _puts(calls, prefix))
    stored = emulator.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("KeyCount", 0)
    return Outcome(
        redelivered=len(again),
        twice=sum(count - 1 for count in puts.values()),
        lost=JOBS - stored,
        last_redelivery=max(late, default=0.0),
        done=done,
    )


def _row(name: str, outcomes: list[Outcome]) -> list[str]:
    done = [each.done for each in outcomes if each.done is not None]
    return [
        name,
        _each([each.redelivered for each in outcomes]),
        _each([each.twice for each in outcomes]),
        _each([each.lost for each in outcomes]),
        Spread([each.last_redelivery for each in outcomes]).show(),
        Spread(done).show() if len(done) == len(outcomes) else f"not within {RECOVERED_SECONDS:.0f}",
    ]


def _each(values: list[int]) -> str:
    return ", ".join(map(str, values))
