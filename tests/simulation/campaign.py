"""`python -m simulation.campaign SEEDS [FIRST]` runs many worlds, a process on each core, and prints what they show."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from simulation.hunt import Report

TESTS = Path(__file__).resolve().parents[1]
REPLAY = "PYTHONPATH=tests uv run --no-sync python -m simulation.replay"


def started(module: str, *arguments: str) -> subprocess.Popen[str]:
    """One of the simulation's modules in a process of its own; it prints JSON."""
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(TESTS)})


def campaign(seeds: int, first: int = 0, processes: int | None = None) -> Report:
    """Run the worlds of `seeds` seeds."""
    lots = processes or os.cpu_count() or 1
    share = -(-seeds // lots)
    starts = range(first, first + seeds, share)
    running = [started("simulation.hunt", str(start), str(min(share, first + seeds - start))) for start in starts]
    total = Report()
    for each in running:
        out, _ = each.communicate()
        if each.returncode != 0:
            raise AssertionError(f"a process of the simulation ended with {each.returncode}")
        total.add(Report.parse(out))
    return total


def summary(report: Report) -> str:
    """The figures of a campaign as text."""
    days = report.virtual_seconds / 86_400
    work = f"{report.seeds:,} seeds in {report.seconds:.0f} s, {days:.0f} days of virtual time"
    lines = [f"{number:>10,}  {name}" for name, number in sorted(report.seen.items())]
    return "\n".join([f"{work}, {len(report.broken)} broken", *lines])


def failure(report: Report) -> str:
    """What broke, and the one command that shows it."""
    first = min(report.broken)
    others = [f"{seed}: {words[0]}" for seed, words in sorted(report.broken.items())[1:]]
    lines = [f"{len(report.broken)} seeds are broken; replay the first with", f"  {REPLAY} {first}"]
    return "\n".join([*lines, *report.broken[first], *others])


def main() -> None:
    """Run, print, and fail where a promise is broken."""
    report = campaign(*map(int, sys.argv[1:3]))
    sys.stdout.write(f"{summary(report)}\n{failure(report) if report.broken else 'every promise held'}\n")
    sys.exit(bool(report.broken))


if __name__ == "__main__":
    main()
