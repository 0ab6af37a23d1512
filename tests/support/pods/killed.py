"""What the logs say of workers that something was killed under, and how long it took until jobs were answered again."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from laneway.schema.shared.names import ENGINE_NOT_READY, ENGINE_READY, JOB_COMMITTED
from support.pods.containers import main_process
from support.pods.leaving import LogGone
from support.waiting import eventually

if TYPE_CHECKING:
    from support.pods.flow import Flow
    from support.pods.leaving import Workers

Line = dict[str, Any]
SECONDS = 180.0
LOOK_SECONDS = 1.0  # a look starts a kubectl


@dataclass(frozen=True, eq=False)
class Blow:
    """Something that was done to a worker's pod while it worked on a job."""

    workers: Workers
    pod: str
    at: datetime

    def since(self) -> list[Line]:
        """What the worker has said since then, a started one too; nothing while it is being replaced."""
        with suppress(LogGone):
            return [line for line in self.workers.log(self.pod) if datetime.fromisoformat(line["at"]) > self.at]
        return []

    def seconds_until(self, message: str) -> float:
        """It says this for the first time after the blow, or once more."""

        def look() -> list[Line]:
            return [line for line in self.since() if line["message"] == message]

        return self.after(eventually(look, SECONDS, LOOK_SECONDS)[0])

    def times(self) -> tuple[float, float]:
        """Until its model is loaded again, and until it has answered a job."""
        return self.seconds_until(ENGINE_READY), self.seconds_until(JOB_COMMITTED)

    def after(self, line: Line) -> float:
        """Seconds from the blow to a line of any worker's."""
        return (datetime.fromisoformat(line["at"]) - self.at).total_seconds()

    def readiness(self) -> list[tuple[str, str]]:
        """What it has said of its engine since then: level and message, without what repeats itself."""
        lines = [line for line in self.since() if line["message"] in {ENGINE_READY, ENGINE_NOT_READY}]
        said = [(str(line["level"]), str(line["message"])) for line in lines]
        return [each for each, before in zip(said, [None, *said], strict=False) if each != before]


def struck(workers: Workers, pod: dict[str, Any], container: str) -> Blow:
    """Kill a container of a worker that works."""
    pid = main_process(pod, container)
    workers.until_busy(pod)
    blow = Blow(workers, pod["metadata"]["name"], datetime.now(UTC))
    os.kill(pid, signal.SIGKILL)
    return blow


def committed(workers: Workers, flow: Flow) -> list[Line]:
    """The lines about the results of a flow, of all workers that are there."""
    logs = [workers.log(each["metadata"]["name"]) for each in workers.ready()]
    ours = set(flow.sent)
    return [line for log in logs for line in log if line["message"] == JOB_COMMITTED and line["id"] in ours]


@dataclass(frozen=True)
class Recovery:
    """One line of docs/reference/drains.md."""

    what: str
    ready: float | None
    """Seconds until the worker has its model loaded again; nothing where it never lost it."""
    answered: float
    """Until it has answered a job."""
    hit: float | None
    """Until the job that it worked on is answered, by whomever."""
    jobs: int
    came_again: int
    attempts: int
    """That were charged."""
    failed: int

    def __str__(self) -> str:
        """The line."""
        times = ("-" if each is None else f"{each:.1f}" for each in (self.ready, self.answered, self.hit))
        counts = map(str, (self.jobs, self.came_again, self.attempts, self.failed))
        return f"| {' | '.join((self.what, *times, *counts))} |"


def recovery(what: str, flow: Flow, lines: list[Line], times: tuple[float | None, float, float | None]) -> Recovery:
    """Print the row, once every job is answered."""
    results = flow.results()
    row = Recovery(
        what,
        *times,
        jobs=len(flow.sent),
        came_again=sum(line["receives"] > 1 for line in lines),
        attempts=sum(len(each.failures) for each in results),
        failed=sum(each.status != "succeeded" for each in results),
    )
    print(f"\n{row}")  # noqa: T201 - the figure is the point
    return row
