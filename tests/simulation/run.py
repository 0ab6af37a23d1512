"""One seed: its world, what broke in it, and the ways it went."""

from __future__ import annotations

import logging

from simulation.invariants import broken
from simulation.paths import paths
from simulation.record import Record
from simulation.world import World


class _Defects(logging.Handler):
    """What the worker logs as a defect of its own."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(f"{record.getMessage()} {getattr(record, 'fields', '')}")


def run_seed(seed: int) -> World:
    """Run the world of a seed; what is wrong stands in `defects`."""
    log, handler = logging.getLogger("laneway_worker"), _Defects()
    log.handlers, log.propagate, log.level = [handler], False, logging.ERROR
    world = World(seed)
    world.run()
    world.defects += handler.found
    record = Record(world)
    world.defects += broken(record)
    world.seen.update(paths(record))
    return world
