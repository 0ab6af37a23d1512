"""`python -m support.cluster up|shell|down`: a cluster with a real node, for use by hand."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from laneway.local.errors import LocalError
from laneway.local.ollama.cache import Cache
from support.aws.moto import FOREIGN
from support.cluster.cluster import Cluster, node_cluster
from support.cluster.namespace import TESTS
from support.cluster.node.node import NODE
from support.cluster.programs import ClusterError
from support.cluster.register import FolderInUse, living, sweep
from support.toolchain.toolbox import ToolMissing
from support.waiting import eventually

if TYPE_CHECKING:
    from support.cluster.register import Entry

READY = "ready.json"
START_SECONDS = 3600.0  # the first of all may build the tools
END_SECONDS = 60.0
INTERRUPTED = 130
COMMAND = "`shell -- COMMAND ARGUMENT…` runs a command instead of a shell."
NEXT = """\
  make cluster-shell                    a shell with kubectl, helm and AWS_ENDPOINT_URL set, in the cluster's network
  make cluster-shell DO="kubectl get pods -A"
  make cluster-down                     removes everything"""


def up(state: Path, images: list[Path]) -> int:
    """Start a detached owner, and wait until it has the cluster ready."""
    sweep()
    if _owner(state):
        return _is_up(state, images)
    owner = subprocess.Popen(
        [sys.executable, "-P", "-m", "support.cluster", "own", "--state", str(state), *_as_options(images)],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    ready = state / READY
    try:
        eventually(lambda: owner.poll() is not None or ready.exists(), START_SECONDS)
    except KeyboardInterrupt:
        owner.terminate()
        owner.wait()
        raise
    if owner.poll() is not None:
        return 1  # it has said why
    owner.returncode = 0  # it outlives us
    _describe(json.loads(ready.read_text()))
    return 0


def _is_up(state: Path, images: list[Path]) -> int:
    if json.loads((state / READY).read_text())["archives"] != [str(each) for each in images]:
        say(f"the cluster in {state} is up with other images than these: make cluster-down, then make cluster-up")
        return 1
    say(f"the cluster in {state} is up already\n{NEXT}")
    return 0


def own(state: Path, images: list[Path]) -> int:
    """Hold a cluster until SIGTERM; standard error is given up when it is ready."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with node_cluster(state, images) as cluster:
        _publish(cluster, state, images)
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (1, 2):
            os.dup2(null, descriptor)
        while True:
            signal.pause()


def shell(state: Path, command: list[str]) -> int:
    """Run a shell, or a command, in the cluster's network."""
    if not (state / READY).exists() or not _owner(state):
        say(f"there is no cluster in {state}; `make cluster-up` starts one")
        return 1
    ready = json.loads((state / READY).read_text())
    environment = {name: value for name, value in os.environ.items() if name not in FOREIGN} | ready["environment"]
    if not command:
        say("in the network of the test cluster; leave it with `exit`")
    argv = [*ready["prefix"], *(command or [os.environ.get("SHELL", "/bin/sh")])]
    return subprocess.run(argv, env=environment, check=False).returncode


def down(state: Path) -> int:
    """End the owner; remove what a killed one left."""
    owner = _owner(state)
    if owner:
        os.kill(owner.pid, signal.SIGTERM)
        eventually(lambda: not _owner(state), END_SECONDS)
    swept = sweep()
    if not owner and str(state) not in swept:
        say(f"there is no cluster in {state}")
    else:
        say(f"the cluster in {state} and everything of it is gone")
    return 0


def say(text: str) -> None:
    """To a person."""
    sys.stderr.write(f"{text}\n")


def _owner(state: Path) -> Entry | None:
    return next((entry for entry in living() if entry.folder == str(state)), None)


def _as_options(images: list[Path]) -> list[str]:
    return [word for image in images for word in ("--image", str(image.absolute()))]


def _publish(cluster: Cluster, state: Path, images: list[Path]) -> None:
    assert cluster.runtime is not None
    document = {
        "prefix": cluster.command(),
        "environment": dict(cluster.environment),
        "times": dict(cluster.times),
        "images": cluster.runtime.images(),
        "archives": [str(each) for each in images],
    }
    draft = state / f"{READY}.new"
    draft.write_text(json.dumps(document))
    draft.rename(state / READY)


def _describe(ready: dict[str, Any]) -> None:
    times = ", ".join(f"{name} {seconds:.1f}" for name, seconds in ready["times"].items())
    images = [each for each in ready["images"] if not each.startswith("sha256:")]
    say(f"ready, seconds until: {times}")
    say(f"node {NODE} with images {', '.join(images)}; AWS at {ready['environment']['AWS_ENDPOINT_URL']} (moto); KEDA")
    say(NEXT)


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="support.cluster", description=__doc__, epilog=COMMAND)
    default = Cache(os.environ).root / "cluster"
    parser.add_argument("action", choices=("up", "shell", "down", "own"))
    parser.add_argument("--state", type=Path, default=default, help=f"the cluster's folder, new or empty ({default})")
    parser.add_argument("--image", type=Path, action="append", default=[], help="an OCI archive; may be repeated")
    given = [*sys.argv[1:], "--"]
    options, command = given[: given.index("--")], given[given.index("--") + 1 : -1]
    asked = parser.parse_args(options)
    state = asked.state.absolute()
    actions = {
        "up": lambda: up(state, asked.image),
        "own": lambda: own(state, asked.image),
        "shell": lambda: shell(state, command),
        "down": lambda: down(state),
    }
    try:
        return actions[asked.action]()
    except (ToolMissing, ClusterError, LocalError, FolderInUse) as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
