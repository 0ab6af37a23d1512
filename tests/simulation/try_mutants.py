"""`python -m simulation.try_mutants [SEEDS [WORD]]` prints for each mutant the seeds until it is caught."""

from __future__ import annotations

import json
import sys

from simulation.campaign import started
from simulation.mutants import MUTANTS, Mutant

SEEDS = 1_000  # most are caught within 20; this leaves room for those that need a rare world
PROCESSES = 2


def table(seeds: int = SEEDS, word: str = "") -> list[tuple[Mutant, tuple[int, str] | None]]:
    """Try all mutants, two at a time."""
    tried = [mutant for mutant in MUTANTS if word in mutant.name]
    lots = [[mutant.name for mutant in tried[first::PROCESSES]] for first in range(PROCESSES)]
    caught: dict[str, tuple[int, str] | None] = {}
    for each in [started("simulation.catch", str(seeds), *lot) for lot in lots]:
        out, _ = each.communicate()
        if each.returncode != 0:
            raise AssertionError(f"a process that tries mutants ended with {each.returncode}")
        caught |= json.loads(out)
    return [(mutant, caught[mutant.name]) for mutant in tried]


def lines(rows: list[tuple[Mutant, tuple[int, str] | None]]) -> list[str]:
    """The table as text."""
    found = [(mutant, caught or ("survives", "")) for mutant, caught in rows]
    return [f"{mutant.name:<60} {seeds:>8}  {words[:120]}" for mutant, (seeds, words) in found]


if __name__ == "__main__":
    seeds = int(sys.argv[1]) if len(sys.argv) > 1 else SEEDS
    sys.stdout.write("\n".join(lines(table(seeds, *sys.argv[2:3]))) + "\n")
