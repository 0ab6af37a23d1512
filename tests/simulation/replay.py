"""`python -m simulation.replay SEED` prints what happened in a world, what broke, and the jobs."""

from __future__ import annotations

import sys

from simulation.run import run_seed


def main() -> None:
    """Replay one seed."""
    world = run_seed(int(sys.argv[1]))
    out = [f"job {job}: {plan}" for job, plan in world.jobs.items()]
    out += [f"scenario: {world.scenario.lane.config.parallel} slots, {world.scenario}"]
    out += [*world.history.lines(), *(f"BROKEN {words}" for words in world.defects)]
    sys.stdout.write("\n".join(out) + "\n")
    sys.exit(bool(world.defects))


if __name__ == "__main__":
    main()
