"""Requests through gateways, while what has them in hand is killed."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING

import httpx

from support.chaos.actors import act_until
from support.chaos.asking.application import GIVES_UP_SECONDS, Application
from support.chaos.asking.asks import asks
from support.chaos.asking.clients import Clients
from support.chaos.asking.hunter import Hunter
from support.chaos.asking.scene import SECRETS, scene
from support.chaos.judge.answers import Found
from support.chaos.world import CALM_SECONDS
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from support.chaos.asking.asks import Ask
    from support.chaos.asking.ends import Outcome
    from support.chaos.asking.scene import Load, Scene

MOST_AT_ONCE = 96
START_SECONDS = 120.0  # workers, gateways and this process import at once, and the machine may have other work
SLOWEST = 6.0  # times the pace that is wanted: a gateway takes 0.6 s of CPU to start, and kills wait for it
PROBED = 20  # ids that another key asks for


class _Crowd:
    """Applications that begin one after the other, as fast as they should and as the hunter can follow."""

    def __init__(self, clients: Sequence[Clients], given: Sequence[Ask], per_second: float, hunter: Hunter) -> None:
        self.running: list[Future[Outcome]] = []
        self._clients = clients
        self._asks = given
        self._pause = 1 / per_second
        self._next = time.monotonic()
        self._hunter = hunter
        self._pool = ThreadPoolExecutor(MOST_AT_ONCE)

    def tend(self, now: float) -> None:
        while now >= self._next and (left := self._asks[len(self.running) :]):
            if not self._hunter.ready_for(left[0], now):
                return
            self.running.append(self._pool.submit(Application(self._clients[left[0].key], left[0]).run))
            self._next = max(self._next, now - 1) + self._pause

    @property
    def done(self) -> bool:
        """Whether nobody waits any more."""
        return len(self.running) == len(self._asks) and all(each.done() for each in self.running)

    def outcomes(self) -> list[Outcome]:
        """What became of each."""
        self._pool.shutdown()
        return [each.result() for each in self.running]


def asked(load: Load, folder: Path) -> Found:
    """Ask everything, and look at what came of it."""
    given = asks(load.requests, load.kills, load.seed)
    with scene(folder, load) as made:
        eventually(lambda: _answers(made.balancer.url), START_SECONDS)
        clients = [Clients(made.balancer.url, key) for key in SECRETS]
        hunter = Hunter(made, given, load.seed)
        crowd = _Crowd(clients, given, load.per_second, hunter)
        began = time.monotonic()
        seconds = SLOWEST * load.requests / load.per_second + GIVES_UP_SECONDS
        in_time = act_until(lambda: crowd.done and hunter.done, seconds, [crowd, hunter])
        assert in_time, f"{len(crowd.running)} of {load.requests} were asked in {seconds:.0f} s"
        wall = time.monotonic() - began
        outcomes = crowd.outcomes()
        act_until(lambda: not any(made.world.left().values()), CALM_SECONDS, [])
        found = _found(outcomes, made, hunter, wall, _seen_by_others(outcomes, clients))
        for each in clients:
            each.close()
        return found


def _answers(url: str) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(url, trust_env=False).is_success
    return False


def _seen_by_others(outcomes: Sequence[Outcome], clients: Sequence[Clients]) -> list[str]:
    """Ids of which another key is told something."""
    some = [(each.ask.key, job_id) for each in outcomes[:PROBED] for job_id in each.ids]
    others = [(clients[(key + 1) % len(clients)], job_id) for key, job_id in some]
    return [
        job_id for client, job_id in others if client.http.get(f"/jobs/{job_id}").status_code != httpx.codes.NOT_FOUND
    ]


def _found(outcomes: list[Outcome], made: Scene, hunter: Hunter, wall: float, seen: list[str]) -> Found:
    versions = made.world.versions()
    return Found(
        outcomes=outcomes,
        results={job: made.world.result(job) for job in versions.results},
        written=versions.results,
        sent=set(made.world.names("owners")),
        left=made.world.left(),
        begun=sorted((each for engine in made.engines for each in engine.begun), key=lambda each: each.at),
        seen_by_others=seen,
        ended_alone=[each.log.stem for each in made.processes if each.ended() is not None],
        kills=hunter.kills,
        wall_seconds=wall,
    )
