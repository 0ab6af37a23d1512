"""The workers of a lane on the test cluster, and what their logs say of a drain."""

from __future__ import annotations

import json
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import httpx

from laneway.schema.shared.names import lane_selector
from laneway_operator.render.view import HEALTH_PORT
from support import canary
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from support.cluster.cluster import Cluster
    from support.pods.flow import Flow

SECONDS = 180.0
BEING_REPLACED = "unable to retrieve container logs"
"""What the kubelet answers for a container whose log it has just removed."""


class LogGone(Exception):
    """The container is just being replaced."""


@dataclass(frozen=True)
class Workers:
    """Of one lane in the namespace `default`."""

    cluster: Cluster
    pool: str
    lane: str

    @property
    def selector(self) -> str:
        """Of its pods."""
        return ",".join(f"{label}={value}" for label, value in lane_selector(self.pool, self.lane).items())

    def pods(self) -> list[dict[str, Any]]:
        """Leaving ones, too."""
        return self.cluster.pods(self.selector)

    def pod(self, name: str) -> dict[str, Any]:
        """One of them, as it is now."""
        return self.cluster.get("pod", name)

    def names(self) -> set[str]:
        """Of its pods."""
        return {each["metadata"]["name"] for each in self.pods()}

    def ready(self) -> list[dict[str, Any]]:
        """Those that serve and stay."""
        return [each for each in self.pods() if _is_ready(each) and "deletionTimestamp" not in each["metadata"]]

    def until_ready(self, count: int) -> list[dict[str, Any]]:
        """So many, and none besides."""

        def look() -> list[dict[str, Any]]:
            ready = self.ready()
            return ready if len(ready) == count == len(self.pods()) else []

        return eventually(look, SECONDS)

    @classmethod
    def serving(cls, cluster: Cluster, pool: str, lane: str, count: int) -> Self:
        """Those of a lane once so many of them serve."""
        workers = cls(cluster, pool, lane)
        workers.until_ready(count)
        return workers

    def until_replaced(self, names: set[str], count: int) -> list[dict[str, Any]]:
        """Until these are gone and so many others serve."""
        eventually(lambda: not names & self.names(), SECONDS)
        return self.until_ready(count)

    def until_busy(self, pod: dict[str, Any]) -> None:
        """Until it works on a job: whatever is done to it at once meets one."""
        eventually(lambda: self._gauge(pod, "laneway_slots_busy") > 0, SECONDS)

    def _gauge(self, pod: dict[str, Any], name: str) -> float:
        with self.cluster.inside():
            page = httpx.get(f"http://{pod['status']['podIP']}:{HEALTH_PORT}/metrics", trust_env=False).text
        return sum(float(line.split()[-1]) for line in page.splitlines() if line.startswith(f"{name}{{"))

    def log(self, pod: str, *more: str) -> list[dict[str, Any]]:
        """What a worker has said, line by line; raises `LogGone`."""
        text = self.cluster.kubectl("logs", pod, "--container=worker", "--tail=-1", *more)
        if text.startswith(BEING_REPLACED):
            raise LogGone(pod)
        return lines(text, pod)


def lines(text: str, pod: str) -> list[dict[str, Any]]:
    """A log's records; what is no JSON is of Python itself, and a defect."""
    return [json.loads(line) for line in canary.saw(text, f"pod {pod}").splitlines()]


def _is_ready(pod: dict[str, Any]) -> bool:
    conditions = pod["status"].get("conditions", [])
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


@dataclass
class Logs:
    """Of workers that leave; filled when they have left."""

    by_pod: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def drains(self) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """The first and the last line of each drain; raises AssertionError where one is missing, or all are."""
        assert self.by_pod, "no worker has left"
        found = []
        for pod, log in self.by_pod.items():
            [start] = [each for each in log if each["message"] == "draining"]
            assert log[-1]["message"] == "worker stopped", f"{pod}: {log[-3:]}"
            found.append((start, log[-1]))
        return found

    def sum(self, name: str) -> int:
        """Of a field of the last lines."""
        return sum(int(end[name]) for _, end in self.drains())

    def longest(self) -> float:
        """Seconds of the longest drain."""
        return max(float(end["after_seconds"]) for _, end in self.drains())


@contextmanager
def followed(workers: Workers, pods: Sequence[str], folder: Path) -> Iterator[Logs]:
    """The logs of pods that are going to be removed, complete at the end; the pods must be gone by then."""
    logs = Logs()
    running = [(pod, _follow(workers.cluster, pod, folder / f"{pod}.log")) for pod in pods]
    try:
        yield logs
        for pod, process in running:
            process.wait(SECONDS)
            logs.by_pod[pod] = lines((folder / f"{pod}.log").read_text(), pod)
    finally:
        for _, process in running:
            process.kill()
            process.wait()


def _follow(cluster: Cluster, pod: str, path: Path) -> subprocess.Popen[bytes]:
    command = cluster.command("kubectl", "logs", "--follow", pod, "--container=worker")
    with path.open("wb") as out:
        return subprocess.Popen(command, env=cluster.full_environment(), stdout=out)


@dataclass(frozen=True)
class Row:
    """One line of docs/reference/drains.md."""

    what: str
    seconds: float
    jobs: int
    finished: int
    given_back: int
    came_again: int
    attempts: int
    """That were charged."""
    failed: int

    def __str__(self) -> str:
        """The line."""
        counts = (self.jobs, self.finished, self.given_back, self.came_again, self.attempts, self.failed)
        return f"| {self.what} | {self.seconds:.1f} | {' | '.join(map(str, counts))} |"


@dataclass
class Stopwatch:
    """How long something took."""

    began: float = field(default_factory=time.monotonic)
    seconds: float = 0.0

    def stop(self) -> None:
        """Now it is over."""
        self.seconds = time.monotonic() - self.began


def came_again(workers: Workers, leaving: Logs, flow: Flow) -> int:
    """Messages of a flow that were received more than once before their results stood."""
    logs = [*leaving.by_pod.values(), *(workers.log(each["metadata"]["name"]) for each in workers.ready())]
    committed = [line for log in logs for line in log if line["message"] == "job committed"]
    ours = set(flow.sent)
    return sum(line["receives"] > 1 for line in committed if line["id"] in ours)


def tell(what: str, watch: Stopwatch, workers: Workers, logs: Logs, flow: Flow) -> Row:
    """Print the row, once every job is answered."""
    results = flow.results()
    row = Row(
        what,
        watch.seconds,
        jobs=len(flow.sent),
        finished=logs.sum("finished"),
        given_back=logs.sum("given_back"),
        came_again=came_again(workers, logs, flow),
        attempts=sum(len(each.failures) for each in results),
        failed=sum(each.status != "succeeded" for each in results),
    )
    print(f"\n{row}")  # noqa: T201 - the figure is the point
    return row


def assert_drained(logs: Logs) -> None:
    """They say that they drained: each finished or gave back what it held, and no lease was lost."""
    for start, end in logs.drains():
        assert end["finished"] + end["given_back"] >= start["held"]
        assert (end["retried"], end["lost"]) == (0, 0)


def evict(cluster: Cluster, pod: str, namespace: str = "default") -> None:
    """As everybody does who keeps to disruption budgets."""
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": namespace}}
    path = f"/api/v1/namespaces/{namespace}/pods/{pod}/eviction"
    cluster.kubectl("create", f"--raw={path}", "--filename=-", text=json.dumps(body))
