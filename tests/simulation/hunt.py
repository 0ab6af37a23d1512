"""`python -m simulation.hunt FIRST COUNT` runs the worlds of some seeds in this process and prints a report as JSON."""

from __future__ import annotations

import argparse
import gc
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

from simulation.run import run_seed


@dataclass
class Report:
    """What some seeds showed."""

    seeds: int = 0
    seconds: float = 0.0
    virtual_seconds: float = 0.0
    broken: dict[int, list[str]] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)

    def add(self, other: Report) -> None:
        """Count another report in, of a process beside this one."""
        self.seeds += other.seeds
        self.seconds = max(self.seconds, other.seconds)
        self.virtual_seconds += other.virtual_seconds
        self.broken |= other.broken
        self.seen += other.seen

    @classmethod
    def parse(cls, text: str) -> Report:
        """Read what `main` printed."""
        document = json.loads(text)
        broken = {int(seed): words for seed, words in document.pop("broken").items()}
        return cls(broken=broken, seen=Counter(document.pop("seen")), **document)


def hunt(first: int, count: int, *, most_broken: int) -> Report:
    """Run worlds until so many are broken."""
    report, began = Report(), time.perf_counter()
    gc.disable()
    gc.freeze()  # what is imported stays: the collector would look at all of it each time
    for seed in range(first, first + count):
        world = run_seed(seed)
        report.seeds += 1
        report.virtual_seconds += world.scheduler.now
        report.seen += world.seen
        if world.defects:
            report.broken[seed] = world.defects
            if len(report.broken) >= most_broken:
                break
        del world
        gc.collect(0)  # each is one large cycle; its memory serves the next, while the processor's caches hold it
    report.seconds = time.perf_counter() - began
    return report


def main() -> None:
    """Run what the command line says."""
    parser = argparse.ArgumentParser()
    parser.add_argument("first", type=int)
    parser.add_argument("count", type=int)
    parser.add_argument("--most-broken", type=int, default=5)
    asked = parser.parse_args()
    json.dump(vars(hunt(asked.first, asked.count, most_broken=asked.most_broken)), sys.stdout)


if __name__ == "__main__":
    main()
