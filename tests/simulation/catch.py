"""`python -m simulation.catch SEEDS NAME…` tries mutants one after another in this process, which imports all that they
have in common once, and prints as JSON for each the seeds until it is caught, and what broke.
"""

from __future__ import annotations

import gc
import importlib
import json
import sys
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import laneway_worker
from simulation.mutants import MUTANTS, Mutant, mutate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

ANEW = ("laneway_worker", "simulation")
"""The code that a fault is in, and all that imports it."""


def catch(mutant: Mutant, seeds: int) -> tuple[int, str] | None:
    """How many seeds it takes, and what broke; None where it survives."""
    with TemporaryDirectory() as folder:
        mutate(mutant, Path(folder))
        with _imported_from(folder):
            hunting = importlib.import_module("simulation.hunt")
            report = hunting.hunt(0, seeds, most_broken=1)
    gc.collect()  # a hunt switches it off
    return next(((seed + 1, words[0]) for seed, words in report.broken.items()), None)


@contextmanager
def _imported_from(folder: str) -> Iterator[None]:
    """The worker's code comes from this folder, for whoever imports it meanwhile."""
    sound = _taken()
    sys.path.insert(0, folder)
    try:
        yield
        found = sys.modules[laneway_worker.__name__].__file__
        assert found is not None
        assert found.startswith(folder)
    finally:
        sys.path.remove(folder)
        _taken()
        sys.modules.update(sound)


def _taken() -> dict[str, ModuleType]:
    """All modules that are to be imported anew, which are known no longer."""
    names = [name for name in sys.modules if name.partition(".")[0] in ANEW]
    return {name: sys.modules.pop(name) for name in names}


if __name__ == "__main__":
    named = {mutant.name: mutant for mutant in MUTANTS}
    json.dump({name: catch(named[name], int(sys.argv[1])) for name in sys.argv[2:]}, sys.stdout)
