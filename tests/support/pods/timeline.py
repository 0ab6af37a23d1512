"""When each step from a message to its first token happened, as seen from outside."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median
from typing import TYPE_CHECKING, Any

from kubernetes import client, config, watch

from support.waiting import in_thread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from laneway.schema.job.result import Timing
    from support.cluster.cluster import Cluster

untyped_config: Any = config  # the client has types for its API, not for these two
untyped_watch: Any = watch

STREAM_SECONDS = 5
JOIN_SECONDS = 30
OLLAMA = "ollama"

Parts = list[tuple[str, float]]
"""What each step took, in seconds, in the order of the steps."""


@dataclass
class PodTimes:
    """The first time at which something was seen of a pod; key: what."""

    name: str
    seen: dict[str, datetime] = field(default_factory=dict)

    def note(self, pod: Any) -> None:
        """Look at one event."""
        now = datetime.now(UTC)
        status = pod.status
        conditions = {each.type for each in status.conditions or [] if each.status == "True"}
        found = {
            "created": True,
            "scheduled": "PodScheduled" in conditions,
            "ready": "Ready" in conditions,
            "leaving": pod.metadata.deletion_timestamp is not None,
        }
        for each in [*(status.init_container_statuses or []), *(status.container_statuses or [])]:
            found[f"{each.name} running"] = each.state.running is not None
            found[f"{each.name} started"] = bool(each.started)
            found[f"{each.name} ended"] = each.state.terminated is not None
        for what, is_so in found.items():
            if is_so:
                self.seen.setdefault(what, now)


class PodWatch:
    """Watches the pods of a namespace."""

    def __init__(self) -> None:
        """Filled by a thread."""
        self.pods: dict[str, PodTimes] = {}
        self.open = threading.Event()
        self.done = threading.Event()

    def run(self, cluster: Cluster, selector: str) -> None:
        """Until `done`; a stream is short, so that it is soon over."""
        with cluster.inside(), untyped_config.new_client_from_config(str(cluster.kubeconfig)) as connection:
            stream = untyped_watch.Watch().stream
            pods = client.CoreV1Api(connection).list_namespaced_pod
            while not self.done.is_set():
                self.open.set()
                for event in stream(pods, "default", label_selector=selector, timeout_seconds=STREAM_SECONDS):
                    pod = event["object"]
                    self.pods.setdefault(pod.metadata.name, PodTimes(pod.metadata.name)).note(pod)


@contextmanager
def watching(cluster: Cluster, selector: str) -> Iterator[PodWatch]:
    """What happens to pods in the meantime."""
    found = PodWatch()
    running = in_thread(lambda: found.run(cluster, selector))
    assert found.open.wait(JOIN_SECONDS)
    try:
        yield found
    finally:
        found.done.set()
        running.result(JOIN_SECONDS)


def parts(pod: PodTimes, log: list[dict[str, Any]], timing: Timing) -> Parts:
    """What each step from the message to the first token took, in seconds."""
    said = {each["message"]: datetime.fromisoformat(each["at"]) for each in reversed(log)}
    first_token = timing.first_token_at
    assert first_token is not None
    steps = (
        ("poll: KEDA sees the message and asks for a pod", pod.seen["created"]),
        ("schedule: the pod has a node", pod.seen["scheduled"]),
        ("image: the sandbox and Ollama's container run", pod.seen[f"{OLLAMA} running"]),
        ("sidecar: Ollama answers, the worker runs", said["worker started"]),
        ("model load: the worker is ready", said["engine ready"]),
        ("receive: the worker has the message", timing.received_at),
        ("prompt: the first token", first_token),
    )
    before = [timing.submitted_at, *(at for _, at in steps[:-1])]
    return [(name, (at - since).total_seconds()) for (name, at), since in zip(steps, before, strict=True)]


def table(runs: list[Parts]) -> str:
    """Rows of a Markdown table: the middle of several runs, and their lowest and highest."""
    rows = [(name, [dict(run)[name] for run in runs]) for name, _ in runs[0]]
    rows.append(("message to first token", [sum(seconds for _, seconds in run) for run in runs]))
    return "\n".join(f"| {name} | {median(each):.2f} | {min(each):.2f} to {max(each):.2f} |" for name, each in rows)
