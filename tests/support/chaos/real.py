"""A round with the real Ollama, whose runner is killed again and again."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from support.chaos.actors import ACT_SECONDS, Every, Inbox, act_until
from support.chaos.between.faults import Faults
from support.chaos.between.proxy import proxies
from support.chaos.judge.ledger import Ledger
from support.chaos.processes import running, worker_of
from support.chaos.world import CALM_SECONDS, MAIN, world
from support.ollama.real import GEMMA, ollama_server
from support.wire.loop import running_loop

if TYPE_CHECKING:
    from pathlib import Path

    from laneway.schema.job.result import Result
    from support.chaos.world import World
    from support.ollama.real import OllamaServer

TOKENS = 40
ATTEMPTS = 10  # what a kill does to a job costs it no attempt, a stall does
NUMBERS = 30
FAULT_RATE = 0.05
JOB_SECONDS = 30.0  # a generation on cores that much else shares took 14


@dataclass(frozen=True)
class Real:
    """What came of it."""

    jobs: dict[str, str]
    """What the answer of each begins with."""
    tokens: int
    """What every answer has."""
    results: dict[str, Result]
    versions: dict[str, int]
    left: dict[str, int]
    told: set[str]
    kills: int
    wall_seconds: float


class _Killer:
    """Kills what holds the model."""

    def __init__(self, ollama: OllamaServer) -> None:
        self.kills = 0
        self._ollama = ollama

    def kill(self) -> bool:
        """SIGKILL the runner; False where there is none yet."""
        runners = self._ollama.runners()
        for each in runners:
            each.kill()
        self.kills += len(runners)
        return bool(runners)


def real_round(jobs: int, kill_seconds: float, folder: Path, storm_seconds: float, seed: int = 1) -> Real:
    """So many jobs that count on from numbers of their own."""
    ledger = Ledger()
    with (
        running_loop() as loop,
        ollama_server(folder) as ollama,
        world(folder, 1, ATTEMPTS, GEMMA) as made,
        proxies(loop, 1, urlsplit(made.endpoint), Faults(FAULT_RATE, seed), ledger) as ways,
        running([worker_of(made.documents(MAIN, ways[0], ollama.url), folder, "worker")]),
    ):
        for number in range(jobs):
            made.sqs.send_message(QueueUrl=made.configs[MAIN].queue.url, MessageBody=_body(number))
        killer, inbox = _Killer(ollama), Inbox(made)
        began = time.monotonic()
        pests = [Every(kill_seconds, killer.kill, after=kill_seconds), Every(ACT_SECONDS, inbox.read)]
        act_until(lambda: ledger.stored() == jobs, storm_seconds, pests)
        act_until(lambda: ledger.stored() == jobs, CALM_SECONDS + jobs * JOB_SECONDS, pests[1:])
        wall = time.monotonic() - began
        act_until(lambda: not any(made.left().values()), CALM_SECONDS, pests[1:])
        inbox.read()
        return _outcome(jobs, made, inbox, killer.kills, wall)


def _outcome(jobs: int, made: World, inbox: Inbox, kills: int, wall: float) -> Real:
    versions = made.versions().results
    results = {job: made.result(job) for job in versions}
    expected = {_id(number): f"{_first(number)}, {_first(number) + 1}, " for number in range(jobs)}
    return Real(expected, TOKENS, results, versions, made.left(), {job for job, _ in inbox.told}, kills, wall)


def _id(number: int) -> str:
    return f"real-{number:05}"


def _first(number: int) -> int:
    """What the answer of a job begins with."""
    return 10 * number + NUMBERS


def _body(number: int) -> str:
    numbers = ", ".join(str(each) for each in range(_first(number) - NUMBERS, _first(number)))
    options = {"temperature": 0, "num_predict": TOKENS}
    return json.dumps({"id": _id(number), "prompt": f"{numbers},", "raw": True, "options": options})
