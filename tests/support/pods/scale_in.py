"""Scale-in while jobs run: who is taken, and what becomes of the jobs."""

from __future__ import annotations

import random
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from support.pods.load import SOON, change_scaler, stub_engines, stub_pool, without_operator
from support.pods.timeline import watching
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from laneway.schema.job.result import Result
    from support.pods.installed import Installed
    from support.pods.load import StubLane
    from support.pods.timeline import PodTimes

TOLD, UNTOLD = "told", "untold"
WORKERS = 5  # of each pool: more would start one after another where other suites share the cores
SHORT, LONG = 20.0, 85.0  # seconds; the short ones still run when the last worker comes
LOAD = (SHORT,) * 4 + (LONG,)  # so four leave while one runs
LANE = {"name": "default", "scaling": {"maxReplicas": WORKERS, "jobsPerReplica": 1, "cooldown": "1m"}}
QUICK = {
    "scaleDown": {
        # more than the worker takes to tell that it is idle, and one at a time, as it ships for so few; only 60 s are
        # too many here
        "stabilizationWindowSeconds": 35,
        "policies": [{"type": "Pods", "value": 1, "periodSeconds": 5}],
    }
}
ROUND_SECONDS = 600.0
LOOK_SECONDS = 1.0  # a look costs as much as a worker does
HEAD = "| pool | jobs | scale-ins | busy victims | jobs harmed |"


@dataclass(frozen=True)
class Victim:
    """A pod that scale-in took while its lane had jobs."""

    pod: str
    job: str | None
    """The one that ran on it."""


@dataclass(frozen=True)
class Taken:
    """What scale-in took from one lane."""

    lane: str
    jobs: tuple[Result, ...]
    victims: tuple[Victim, ...]

    @property
    def busy(self) -> int:
        """Victims that ran a job."""
        return sum(each.job is not None for each in self.victims)

    @property
    def harmed(self) -> list[str]:
        """Jobs that ended otherwise than well, or were charged an attempt."""
        return [each.id for each in self.jobs if each.status != "succeeded" or each.failures]


@contextmanager
def two_pools(installed: Installed) -> Iterator[list[StubLane]]:
    """A lane of each, without an operator: the workers of one may not write what their removal would cost."""
    with (
        stub_engines(installed),
        stub_pool(installed, TOLD, LANE) as told,
        stub_pool(installed, UNTOLD, LANE) as untold,
    ):
        lanes = [*told.values(), *untold.values()]
        with without_operator(installed):
            installed.cluster.kubectl("delete", "rolebinding", f"--selector=laneway.dev/pool={UNTOLD}")
            for each in lanes:
                change_scaler(each, SOON | {"advanced": {"horizontalPodAutoscalerConfig": {"behavior": QUICK}}})
            yield lanes


def one_round(lanes: Sequence[StubLane], seed: int) -> list[Taken]:
    """All lanes at once, from zero to zero, with the same jobs in the same order."""
    load = list(LOAD)
    random.Random(seed).shuffle(load)  # noqa: S311 - an order that can be had again
    pods = f"laneway.dev/pool in ({','.join(each.pool for each in lanes)})"
    with watching(lanes[0].installed.cluster, f"{pods},laneway.dev/lane=default") as watch:
        sent = {each: each.send(load) for each in lanes}
        eventually(
            lambda: all(len(each.results(ids)) == len(ids) for each, ids in sent.items()), ROUND_SECONDS, LOOK_SECONDS
        )
        eventually(lambda: all(each.replicas() == 0 for each in lanes), ROUND_SECONDS, LOOK_SECONDS)
    seen = list(watch.pods.values())
    return [taken(each.pool, each.deployment, tuple(each.results(ids).values()), seen) for each, ids in sent.items()]


def taken(lane: str, deployment: str, jobs: tuple[Result, ...], pods: Sequence[PodTimes]) -> Taken:
    """From what jobs and pods tell."""
    last = max(each.timing.finished_at for each in jobs)
    mine = [each for each in pods if each.name.startswith(f"{deployment}-") and "leaving" in each.seen]
    left = [each for each in mine if each.seen["leaving"] < last]
    return Taken(lane, jobs, tuple(Victim(each.name, _job_on(each, each.seen["leaving"], jobs)) for each in left))


def _job_on(pod: PodTimes, at: datetime, jobs: Sequence[Result]) -> str | None:
    """What ran on it then; an answer begins with its pod's name."""
    running = (each for each in jobs if each.timing.received_at <= at <= each.timing.finished_at)
    return next((each.id for each in running if (each.text or "").split()[:1] == [pod.name]), None)


def rows(rounds: Sequence[Sequence[Taken]]) -> str:
    """Of a Markdown table, one a lane."""
    found = []
    for lane in dict.fromkeys(each.lane for each in rounds[0]):
        mine = [each for one in rounds for each in one if each.lane == lane]
        victims, busy = sum(len(each.victims) for each in mine), sum(each.busy for each in mine)
        jobs, harmed = sum(len(each.jobs) for each in mine), sum(len(each.harmed) for each in mine)
        found.append(f"| {lane} | {jobs} | {victims} | {busy} ({busy / max(victims, 1):.0%}) | {harmed} |")
    return "\n".join(found)
