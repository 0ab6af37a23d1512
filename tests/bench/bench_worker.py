"""`make bench-worker`: what the worker costs, beside other queues and beside Ollama alone. Asserts nothing.

`PARTS="cpu kill"` runs some parts only; `EMULATOR=moto` takes the emulator that `laneway up` embeds; `QUICK=1` runs
small counts, to see that everything works.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bench.worker import bare, cpu, kill, latency, occupancy, reader
from bench.worker.emulator import emulator
from bench.worker.report import Report

if TYPE_CHECKING:
    from bench.worker.emulator import Emulator

PARTS = "bare latency occupancy cpu kill reader"
FIGURES = ".laneway/bench-worker.json"


def main() -> None:
    """Measure, print tables, and write one JSON file."""
    report = Report()
    parts = os.environ.get("PARTS", PARTS).split()
    with (
        tempfile.TemporaryDirectory() as folder,
        emulator(os.environ.get("EMULATOR", "localstack"), Path(folder)) as aws,
    ):
        try:
            for part in parts:
                _measure(part, aws, Path(folder), report)
        finally:
            path = Path(os.environ.get("FIGURES", FIGURES))
            report.write(path)
            print(f"\nall figures: {path}")


def _measure(part: str, aws: Emulator, folder: Path, report: Report) -> None:
    quick = bool(os.environ.get("QUICK"))
    match part:
        case "bare":
            bare.measure(aws, report, repeats=20 if quick else 100)
        case "latency":
            latency.measure(aws, folder, report, pairs=5 if quick else latency.PAIRS)
        case "occupancy":
            occupancy.measure(aws, folder, report, window=4 if quick else occupancy.WINDOW_SECONDS)
        case "cpu":
            cpu.measure(aws, folder, report, *((1, 40) if quick else (cpu.ROUNDS, cpu.JOBS)))
        case "kill":
            kill.measure(aws, folder, report)
        case "reader":
            reader.measure(aws, report, repeats=20 if quick else 200)
        case _:
            raise SystemExit(f"there is no part {part}; there are: {PARTS}")


if __name__ == "__main__":
    main()
