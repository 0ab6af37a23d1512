"""One run of the whole thing: jobs through workers, AWS and engines that all fail, until every job has its result."""

from __future__ import annotations

import math
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from laneway.schema.pool.documents.dead_letters import DeadLettersConfig
from support.chaos.actors import ACT_SECONDS, Every, Feeder, Inbox, Monkey, act_until
from support.chaos.between.faults import Faults
from support.chaos.between.proxy import proxies
from support.chaos.engine import engines
from support.chaos.judge.checks import Findings
from support.chaos.judge.ledger import Ledger
from support.chaos.plan import Script, deadly, planned
from support.chaos.processes import Process, running, worker_of
from support.chaos.world import CALM_SECONDS, DEADLY, MAIN, world
from support.processes import free_port
from support.wire.loop import running_loop

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from support.chaos.actors import Actor
    from support.chaos.engine import Engine
    from support.chaos.plan import Planned
    from support.chaos.world import World
    from support.wire.loop import Loop


@dataclass(frozen=True)
class Weather:
    """How large a run is, and what is done to it."""

    jobs: int
    workers: int
    storm_seconds: float
    """How long it lasts at most; then everything works, and every job must come to its end all the same."""
    jobs_per_second: float = math.inf
    """How fast they are sent."""
    parallel: int = 4
    poison: int = 3
    deadly: int = 1
    fault_rate: float = 0.05
    kill_seconds: float = 2.0
    stop_seconds: float = 45.0
    crash_seconds: float = 20.0
    spoil_seconds: float = 25.0
    """How long an engine is a black hole, and how long none is."""
    seed: int = 1


@dataclass(frozen=True)
class Storm:
    """What came of it, and what was seen."""

    found: Findings
    wall_seconds: float
    """From the first job sent to the last result."""
    monkey: Monkey
    scene: Scene


@dataclass
class Scene:
    """The parts of a run."""

    loop: Loop
    world: World
    ledger: Ledger
    faults: Faults
    script: Script
    engines: Sequence[Engine]
    """One a worker."""
    workers: Sequence[Process]
    """Those of the main lane, the one of the deadly lane, the dead-letter handler."""


def storm(weather: Weather, folder: Path) -> Storm:
    """Run it."""
    jobs, killers = planned(weather.jobs, weather.poison, weather.seed), deadly(weather.deadly)
    with _scene(weather, folder) as scene:
        began = time.monotonic()

        def room(sent: int) -> int:
            return int(min(len(jobs), (time.monotonic() - began) * weather.jobs_per_second)) - sent

        inbox = Inbox(scene.world)
        feeder = Feeder(scene.world, MAIN, jobs, room)
        monkey = Monkey(scene.workers[: weather.workers], scene.engines[: weather.workers], scene.ledger, weather.seed)
        scene.world.send(DEADLY, killers)
        quiet: list[Actor] = [
            Every(ACT_SECONDS, feeder.feed),
            Every(ACT_SECONDS, inbox.read),
            _Undertaker(scene, weather.workers),
        ]
        everything = len(jobs) + len(killers)
        act_until(
            lambda: scene.ledger.stored() == everything,
            weather.storm_seconds,
            [*quiet, *_pests(monkey, weather, scene)],
        )
        _calm(scene, monkey)
        act_until(lambda: scene.ledger.stored() == everything, CALM_SECONDS, quiet)
        wall = time.monotonic() - began
        act_until(lambda: not any(scene.world.left().values()), CALM_SECONDS, quiet)
        inbox.read()
        return Storm(_findings([*jobs, *killers], scene, inbox), wall, monkey, scene)


def _pests(monkey: Monkey, weather: Weather, scene: Scene) -> list[Actor]:
    return [
        monkey,
        Every(weather.kill_seconds, monkey.kill, after=weather.kill_seconds),
        Every(weather.stop_seconds, monkey.stop, after=3 * weather.kill_seconds),
        Every(weather.crash_seconds, lambda: monkey.crash(scene.loop), after=weather.crash_seconds / 2),
        Every(weather.spoil_seconds, monkey.spoil, after=1.0),
    ]


def _calm(scene: Scene, monkey: Monkey) -> None:
    """No more faults."""
    scene.faults.rate, scene.script.faulty = 0.0, False
    for each in scene.engines:
        each.broken = False
    monkey.tend(math.inf)


class _Undertaker:
    """Kills the worker of the deadly lane whenever it begins one of its jobs, and starts it again."""

    def __init__(self, scene: Scene, number: int) -> None:
        """`number` of that worker."""
        self._scene = scene
        self._number = number
        self._killed = 0

    def tend(self, _: float) -> None:
        begun = self._scene.engines[self._number].killers
        if begun > self._killed:
            self._killed = begun
            self._scene.workers[self._number].kill()
            self._scene.ledger.killed(self._number)
            self._scene.workers[self._number].start()


@contextmanager
def _scene(weather: Weather, folder: Path) -> Iterator[Scene]:
    ledger, faults = Ledger(), Faults(weather.fault_rate, weather.seed)
    script = Script(weather.seed, faulty=True)
    with (
        running_loop() as loop,
        world(folder, weather.parallel) as made,
        engines(loop, weather.workers + 1, script) as served,
        proxies(loop, weather.workers + 2, urlsplit(made.endpoint), faults, ledger) as ways,
    ):
        lanes = [MAIN] * weather.workers + [DEADLY]
        configs = [
            made.documents(lane, way, f"http://127.0.0.1:{engine.port}")
            for lane, way, engine in zip(lanes, ways, served, strict=False)
        ]
        workers = [worker_of(config, folder, f"worker-{n}") for n, config in enumerate(configs)]
        served_lanes = tuple(made.documents(lane, ways[-1], "http://127.0.0.1:1") for lane in (MAIN, DEADLY))
        handler = DeadLettersConfig(health_address=f"127.0.0.1:{free_port()}", lanes=served_lanes)
        workers.append(worker_of(handler, folder, "dead-letters"))
        with running(workers):
            yield Scene(loop, made, ledger, faults, script, served, workers)


def _findings(jobs: list[Planned], scene: Scene, inbox: Inbox) -> Findings:
    versions = scene.world.versions()
    return Findings(
        jobs=jobs,
        results={job: scene.world.result(job) for job in versions.results},
        versions=versions,
        told=inbox.told,
        left=scene.world.left(),
        ended_alone=[each.log.stem for each in scene.workers if each.ended() is not None],
    )
