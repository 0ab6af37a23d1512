"""CPU per job and memory: the worker with and without its safety calls, beside other queues, on the same emulator."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bench.worker.contenders import PLAIN, Laneway, Setting, others
from bench.worker.lanes import stub_engine
from bench.worker.report import Spread

if TYPE_CHECKING:
    from pathlib import Path

    from bench.worker.contenders import Contender, Running
    from bench.worker.emulator import Emulator
    from bench.worker.report import Report

SLOTS = (1, 8, 32)
JOBS = 150
ROUNDS = 5
WARM_UP = 60
DRAINED_SECONDS = 300.0
AIMS = {1: 4.6, 8: 3.5}
THREE_CALLS = "Laneway: receive, PUT, delete"
COLUMNS = ("", "CPU per job, ms", "aim", "jobs/s", "emulator's CPU per job, ms", "memory, MB")
NOTE = (
    "CPU is user and system time of the process and its children. The engine answers at once with one token. All "
    "jobs wait in the queue before the first is received. The last but one column is the emulator's own ceiling: at "
    "10 ms a job it does 100 jobs/s and no more."
)


@dataclass
class Measured:
    """The rounds of one contender."""

    cpu: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)
    emulator: list[float] = field(default_factory=list)
    megabytes: float = 0.0


def contenders() -> dict[str, Contender]:
    """From the least to the whole worker, then the others."""
    return {
        THREE_CALLS: Laneway(cut=("looks", "engine")),
        "+ a call to Ollama": Laneway(cut=("looks",)),
        "+ looks for a result and a cancel": Laneway(),
        "+ notification: the whole worker": Laneway(topic=True),
        "plain boto3, a thread per slot": PLAIN,
        **others(),
    }


def measure(emulator: Emulator, folder: Path, report: Report, rounds: int = ROUNDS, jobs: int = JOBS) -> None:
    """All contenders at all slots."""
    with stub_engine(folder) as engine:
        for slots in SLOTS:
            setting = Setting(emulator, emulator.endpoint, engine, folder, slots)
            measured = _rounds(setting, rounds, jobs)
            rows = [_row(name, slots, each) for name, each in measured.items()]
            report.table(f"CPU per job and memory, {slots} slots ({emulator.name})", COLUMNS, rows, NOTE)


def _rounds(setting: Setting, rounds: int, jobs: int) -> dict[str, Measured]:
    """In turn, forwards and backwards, so that what else the machine does hits all alike."""
    measured = {name: Measured() for name in contenders()}
    with ExitStack() as stack:
        running = {name: stack.enter_context(start(setting)) for name, start in contenders().items()}
        for each in running.values():
            _batch(setting.emulator, each, WARM_UP, Measured())
        for number in range(rounds):
            for name in sorted(running, reverse=bool(number % 2)):
                _batch(setting.emulator, running[name], jobs, measured[name])
        for name, each in running.items():
            measured[name].megabytes = each.megabytes()
    return measured


def _batch(emulator: Emulator, running: Running, jobs: int, into: Measured) -> None:
    with running.stopped():
        running.send(jobs)
    cpu, at, began = running.cpu_seconds(), emulator.cpu_seconds(), time.monotonic()
    emulator.wait_until_empty(running.queue, DRAINED_SECONDS)
    into.rate.append(jobs / (time.monotonic() - began))
    into.cpu.append((running.cpu_seconds() - cpu) / jobs * 1000)
    into.emulator.append((emulator.cpu_seconds() - at) / jobs * 1000)


def _row(name: str, slots: int, measured: Measured) -> list[str]:
    aim = f"< {AIMS[slots]}" if name == THREE_CALLS and slots in AIMS else ""
    return [
        name,
        Spread(measured.cpu).show(2),
        aim,
        Spread(measured.rate).show(0),
        Spread(measured.emulator).show(1),
        f"{measured.megabytes:.0f}",
    ]
