"""What the cluster says of lanes that have no worker yet, by kubectl and the reader's own rights there."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

from laneway.cli.output import on_one_line
from laneway.schema.shared.names import GROUP, PLURAL

if TYPE_CHECKING:
    from collections.abc import Mapping

PATIENCE_SECONDS = 10
WORDS = {
    "NodeStarting": "node starting",
    "PullingImages": "image pulling",
    "StartingOllama": "Ollama starting",
    "LoadingModel": "model loading",
    "Serving": "serving",
    "AtZero": "at zero",
    "Asleep": "asleep",
    "Suspended": "suspended",
    "Paused": "paused",
}


class NoClusterError(Exception):
    """kubectl can't tell; the message says why."""


def stages_of(pool: str) -> Mapping[str, str]:
    """Each lane's stage in words, from the status of a pool `namespace/name`. Raises `NoClusterError`."""
    namespace, _, name = pool.partition("/")
    command = ["kubectl", "get", f"{PLURAL}.{GROUP}", name, "--namespace", namespace, "--output", "json"]
    try:
        done = subprocess.run(command, capture_output=True, timeout=PATIENCE_SECONDS, check=False)
    except FileNotFoundError:
        raise NoClusterError("there is no kubectl on this machine: leave out --cluster") from None
    except subprocess.TimeoutExpired:
        raise NoClusterError(f"kubectl has not answered for {PATIENCE_SECONDS} s: leave out --cluster") from None
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]  # it logs each of its tries before
        raise NoClusterError(f"kubectl can't read pool {pool}: {on_one_line(last)}")
    return read_stages(done.stdout)


def read_stages(document: bytes) -> dict[str, str]:
    """From the pool as JSON; a newer operator may have stages that we don't know."""
    lanes = json.loads(document).get("status", {}).get("lanes", [])
    return {each["name"]: WORDS.get(each["stage"], on_one_line(each["stage"])) for each in lanes if each.get("stage")}
