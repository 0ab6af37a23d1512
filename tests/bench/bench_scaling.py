"""From zero to the first token, by part, on the test cluster: several times, with the spread."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from support.cluster.cluster import node_cluster
from support.images import archives
from support.pods.installed import ROOT, install
from support.pods.thread import one_job
from support.pods.timeline import table

ROUNDS = 7


def main() -> int:
    """Prints the rows of docs/reference/scaling.md."""
    text = (ROOT / "examples" / "kind" / "pool.yaml").read_text()
    with TemporaryDirectory() as folder, node_cluster(Path(folder) / "cluster", archives()) as cluster:
        installed = install(cluster)
        cluster.apply(text)
        installed.wait_for("documents", "ScaledToZero")
        runs = [one_job(installed, f"round-{number}")[1] for number in range(ROUNDS)]
    print(f"{ROUNDS} rounds on {os.cpu_count()} cores; seconds: middle, lowest to highest\n{table(runs)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
