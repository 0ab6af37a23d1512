"""Fifty scale-ins and more under load, with and without the cost of their removal on the pods."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from support.cluster.cluster import node_cluster
from support.images import archives
from support.pods.installed import install
from support.pods.scale_in import HEAD, one_round, rows, two_pools

if TYPE_CHECKING:
    from support.pods.scale_in import Taken

LEAST_SCALE_INS = 50


def main() -> int:
    """Prints the rows of docs/reference/scaling.md; fails where a job was harmed."""
    rounds: list[list[Taken]] = []
    with (
        TemporaryDirectory() as folder,
        node_cluster(Path(folder) / "cluster", archives()) as cluster,
        two_pools(install(cluster)) as lanes,
    ):
        while sum(len(each.victims) for one in rounds for each in one) < LEAST_SCALE_INS:
            rounds.append(one_round(lanes, seed=len(rounds)))
            print(f"after {len(rounds)} rounds\n{HEAD}\n{rows(rounds)}", flush=True)
    return int(any(each.harmed != [] for one in rounds for each in one))


if __name__ == "__main__":
    sys.exit(main())
