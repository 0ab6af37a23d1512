"""`python -m simulation.try_mutants [SEEDS [WORD]]` prints for each mutant the seeds until it is caught."""

from __future__ import annotations

import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from simulation.campaign import hunting
from simulation.hunt import Report
from simulation.mutants import MUTANTS, Mutant, mutate

SEEDS = 1_000  # most are caught within 20; this leaves room for those that need a rare world


def catch(mutant: Mutant, seeds: int = SEEDS) -> tuple[int, str] | None:
    """How many seeds it takes, and what broke; None where it survives."""
    with tempfile.TemporaryDirectory() as folder:
        mutate(mutant, Path(folder))
        hunt = hunting("0", str(seeds), "--most-broken", "1", before=(Path(folder),))
        out, _ = hunt.communicate()
    if hunt.returncode != 0:
        raise AssertionError(f"{mutant.name}: the hunt itself ended with {hunt.returncode}")
    report = Report.parse(out)
    return next(((seed + 1, words[0]) for seed, words in report.broken.items()), None)


def table(seeds: int = SEEDS, word: str = "") -> list[tuple[Mutant, tuple[int, str] | None]]:
    """Try all mutants, two at a time."""
    tried = [mutant for mutant in MUTANTS if word in mutant.name]
    with ThreadPoolExecutor(2) as pool:
        return list(zip(tried, pool.map(lambda mutant: catch(mutant, seeds), tried), strict=True))


def lines(rows: list[tuple[Mutant, tuple[int, str] | None]]) -> list[str]:
    """The table as text."""
    found = [(mutant, caught or ("survives", "")) for mutant, caught in rows]
    return [f"{mutant.name:<60} {seeds:>8}  {words[:120]}" for mutant, (seeds, words) in found]


if __name__ == "__main__":
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else SEEDS
    sys.stdout.write("\n".join(lines(table(seeds, *sys.argv[2:3]))) + "\n")
