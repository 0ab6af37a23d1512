"""The parts of a round of requests: gateways behind a balancer, workers, their engines, and AWS."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from laneway.client.connection import CONNECTION_FILE
from laneway.schema.pool.documents.keys_file import hash_of
from support.aws.localstack import localstack_server
from support.chaos.asking.asks import KEYS
from support.chaos.between.balancer import balancer
from support.chaos.between.faults import Faults
from support.chaos.between.proxy import proxies
from support.chaos.engine import engines
from support.chaos.judge.ledger import Ledger
from support.chaos.plan import Play, Script
from support.chaos.processes import Process, running, worker_of
from support.chaos.world import MAIN, world
from support.local.pool import LANEWAY
from support.processes import free_port, listens
from support.wire.loop import running_loop

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from support.chaos.between.balancer import Balancer
    from support.chaos.engine import Engine
    from support.chaos.world import Emulator, World
    from support.wire.loop import Loop

LOOPBACK = "127.0.0.1"
ANSWER_SECONDS = (0.5, 2.5)
SECRETS = [f"lw-of-{name}" for name in KEYS]


@dataclass(frozen=True)
class Load:
    """How much is asked, of how much, and how much of it is killed."""

    requests: int
    kills: int
    per_second: float
    gateways: int = 2
    workers: int = 3
    parallel: int = 4
    emulator: Emulator = localstack_server
    seed: int = 1


class Gateway(Process):
    """One `laneway gateway`."""

    def __init__(self, folder: Path, name: str, port: int) -> None:
        """The folder leads to the pool, and has its keys."""
        options = ["--pool", str(folder), "--keys", str(folder / "keys.json"), "--listen", f"{LOOPBACK}:{port}"]
        command = [sys.executable, "-P", *LANEWAY[1:], "gateway", *options]
        super().__init__(command, folder / f"{name}.log", LANEWAY_GATEWAY_REPLIES_PORT="0")
        self._port = port
        self._serving_since = 0.0

    def serves(self) -> bool:
        """Whether it has taken connections since it was started."""
        if self._serving_since < self.started and listens(self._port):
            self._serving_since = self.started
        return self._serving_since == self.started


@dataclass
class Scene:
    """Everything runs."""

    loop: Loop
    world: World
    ledger: Ledger
    script: Script
    engines: Sequence[Engine]
    """One a worker."""
    workers: Sequence[Process]
    gateways: Sequence[Gateway]
    balancer: Balancer
    """Where clients go."""

    @property
    def processes(self) -> Sequence[Process]:
        """All that are killed, but for the engines."""
        return [*self.workers, *self.gateways]


@contextmanager
def scene(folder: Path, load: Load) -> Iterator[Scene]:
    """As many as the load has; they may be starting."""
    ledger, script = Ledger(), Script(load.seed, faulty=False, calm=Play.SLOW)
    with (
        running_loop() as loop,
        world(folder, load.parallel, emulator=load.emulator) as made,
        engines(loop, load.workers, script, ANSWER_SECONDS) as served,
        proxies(loop, load.workers, urlsplit(made.endpoint), Faults(0.0, load.seed), ledger) as ways,
    ):
        pairs = zip(ways, served, strict=True)
        configs = [made.documents(MAIN, way, f"http://{LOOPBACK}:{engine.port}") for way, engine in pairs]
        working = [worker_of(config, folder, f"worker-{n}") for n, config in enumerate(configs)]
        _lead(made, folder)
        ports = [free_port() for _ in range(load.gateways)]
        doors = [Gateway(folder, f"gateway-{n}", port) for n, port in enumerate(ports)]
        with running([*working, *doors]), balancer(loop, ports) as before:
            yield Scene(loop, made, ledger, script, served, working, doors, before)


def _lead(made: World, folder: Path) -> None:
    """Where gateways find the pool, and who may ask them."""
    (folder / CONNECTION_FILE).write_text(made.connection.model_dump_json())
    entries = [{"name": name, "sha256": hash_of(key)} for name, key in zip(KEYS, SECRETS, strict=True)]
    (folder / "keys.json").write_text(json.dumps({"keys": entries}))
