"""`make chaos`: the full run. Prints its tables, and the same as JSON; exits with 1 where a promise was broken."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from support.chaos.asked import asked as ask
from support.chaos.asking.scene import Load
from support.chaos.drains import drains
from support.chaos.judge.answers import answer_figures
from support.chaos.judge.answers import violations as answers_broken
from support.chaos.judge.checks import drain_violations, real_violations, violations
from support.chaos.judge.figures import as_json, audit_table, drain_figures, real_figures, storm_figures, table
from support.chaos.real import real_round
from support.chaos.storm import Weather, storm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support.chaos.judge.figures import Figures

GIBIBYTE = 1024**3
JOBS_PER_POISON = 250
DRAINED_WORKERS = 3
REQUESTS_PER_KILL = 10
REQUESTS_PER_SECOND = 4.0
REAL_JOBS = 20
REAL_KILL_SECONDS = 4.0
REAL_SECONDS = 90.0


def main() -> int:
    """Each part has a folder of its own with the logs of every process; they are kept."""
    asked = _arguments()
    folder = Path(tempfile.mkdtemp(prefix="laneway-chaos-"))
    _say(_machine())
    broken: list[str] = []
    for part in asked.parts:
        (folder / part).mkdir()
        broken += PARTS[part](asked, folder / part)
    _say("", f"logs of every process: {folder}")
    return int(bool(broken))


def _storm(asked: argparse.Namespace, folder: Path) -> list[str]:
    weather = Weather(
        jobs=asked.jobs,
        workers=asked.workers,
        storm_seconds=asked.storm_seconds,
        poison=max(1, asked.jobs // JOBS_PER_POISON),
        deadly=5,
        seed=asked.seed,
    )
    done = storm(weather, folder)
    broken = violations(done.found)
    _show("Storm", storm_figures(done, broken), broken)
    _say("", audit_table(done.scene.faults))
    return broken


def _drains(asked: argparse.Namespace, folder: Path) -> list[str]:
    drained = drains(asked.drains, DRAINED_WORKERS, folder, asked.storm_seconds)
    broken = drain_violations(drained)
    _show("Drains", drain_figures(drained), broken)
    return broken


def _real(_: argparse.Namespace, folder: Path) -> list[str]:
    real = real_round(REAL_JOBS, REAL_KILL_SECONDS, folder, REAL_SECONDS)
    broken = real_violations(real)
    _show("Real Ollama", real_figures(real), broken)
    return broken


def _gateway(asked: argparse.Namespace, folder: Path) -> list[str]:
    load = Load(asked.requests, asked.requests // REQUESTS_PER_KILL, REQUESTS_PER_SECOND, workers=4, seed=asked.seed)
    found = ask(load, folder)
    broken = answers_broken(found)
    _show("Gateways", answer_figures(found, broken), broken)
    return broken


PARTS = {"storm": _storm, "drains": _drains, "real": _real, "gateway": _gateway}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos")
    parser.add_argument("--parts", nargs="+", choices=list(PARTS), default=list(PARTS))
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--drains", type=int, default=200)
    parser.add_argument("--requests", type=int, default=1000, help="through gateways")
    parser.add_argument("--storm-seconds", type=float, default=2400.0, help="how long the faults last at most")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def _machine() -> str:
    memory = psutil.virtual_memory().total // GIBIBYTE
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M}, {os.cpu_count()} cores, {memory} GiB, Python {platform.python_version()}"
    )


def _say(*lines: str) -> None:
    sys.stdout.write("\n".join([*lines, ""]))
    sys.stdout.flush()


def _show(what: str, figures: Figures, broken: Sequence[str]) -> None:
    _say("", f"## {what}", "", *(f"BROKEN: {each}" for each in broken), table(figures), "", as_json(figures))


if __name__ == "__main__":
    sys.exit(main())
