"""Something is killed under real workers while jobs flow: every job has one result, and none is charged an attempt."""

from __future__ import annotations

import json
import subprocess
import time
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from laneway.schema.shared.names import ENGINE_NOT_READY, ENGINE_READY, JOB_COMMITTED
from support.cluster.node.node import KUBELET, NODE
from support.images.contents.stub_engine import PACE_SECONDS
from support.inputs.profiles import profile_with
from support.ollama.real import GEMMA
from support.pods.containers import container, kill, kill_all, main_process
from support.pods.flow import Flow, flowing, keep_versions, versioned_pool
from support.pods.killed import Blow, committed, recovery, struck
from support.pods.leaving import Stopwatch, Workers, assert_drained, evict, followed, tell
from support.pods.load import stub_engines, stub_pool
from support.pods.memory import Memory, bounded_by_version_1
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.pods.installed import Installed

NAME = "struck"
SERVING = 2
SECONDS = 180.0
LOOK_SECONDS = 1.0
TOKENS = 160  # seconds
LANE: dict[str, Any] = {
    "name": "steady",
    "limits": {"timeout": "5m", "maxTokens": 512},
    "scaling": {"minReplicas": SERVING, "maxReplicas": SERVING},
    "placement": {"profiles": ["cpu"]},
    "drainTimeout": "30s",
}
Starts = dict[str, Counter[str]]
"""How often the containers of pods were started anew."""
NOTICE_SECONDS = 120.0  # EC2: from the notice to the end of the instance
SPOT_GRACE_SECONDS = 110
SPOT_DRAIN_SECONDS = 80
COMMIT_SECONDS = 10.0
STUB_SHORT, STUB_FINISHES, STUB_GIVEN_BACK = (round(seconds / PACE_SECONDS) for seconds in (5, 60, 130))
"""Words: what a stub engine says in so many seconds."""
DISRUPTED = "karpenter.sh/disrupted"
"""The taint that Karpenter gives to a node that goes; then it evicts its pods, each with its own grace period."""


@pytest.fixture(scope="module")
def pool(installed: Installed) -> Iterator[Installed]:
    with versioned_pool(installed, NAME, {"name": GEMMA, "contextLength": 1024}, [LANE]) as made:
        yield made


@pytest.fixture
def steady(pool: Installed) -> Workers:
    """Two workers that serve."""
    return Workers.serving(pool.cluster, NAME, "steady", SERVING)


def restarts(pod: dict[str, Any]) -> dict[str, int]:
    """How often each container was started anew."""
    return {name: container(pod, name)["restartCount"] for name in ("worker", "ollama")}


def by_name(workers: Workers) -> Starts:
    return {each["metadata"]["name"]: Counter(restarts(each)) for each in workers.until_ready(SERVING)}


def started(before: Starts, after: Starts) -> dict[str, dict[str, int]]:
    """How often the containers of the same pods were started in the meantime."""
    assert before.keys() == after.keys()
    more = {name: dict(after[name] - before[name]) for name in before}
    return {name: counts for name, counts in more.items() if counts}


def test_a_killed_worker_and_a_killed_ollama_cost_no_job_an_attempt(pool: Installed, steady: Workers) -> None:
    before = by_name(steady)
    first, second = steady.ready()
    with flowing(pool, NAME, "steady", TOKENS, "killed") as flow:
        flow.until_busy(SERVING)
        worker, ollama = struck(steady, first, "worker"), struck(steady, second, "ollama")
        times = {each: each.times() for each in (worker, ollama)}
        flow.all_answered()
    assert started(before, by_name(steady)) == {worker.pod: {"worker": 1}, ollama.pod: {"ollama": 1}}
    lines = committed(steady, flow)
    [hit] = [line for line in lines if line["receives"] > 1]
    recovery("SIGKILL to a worker", flow, lines, (*times[worker], worker.after(hit)))
    recovery("SIGKILL to an Ollama, in the same run", flow, lines, (*times[ollama], times[ollama][1]))
    assert not {"draining", "worker stopped"} & {line["message"] for line in steady.log(worker.pod, "--previous")}
    assert ollama.readiness()[0] == ("warning", ENGINE_NOT_READY)
    assert ollama.readiness()[-1] == ("info", ENGINE_READY)
    pool.wait_for(NAME, "Serving")


@pytest.mark.soak
@pytest.mark.skipif(not bounded_by_version_1(), reason="written for cgroup version 1")
def test_memory_that_is_out_costs_no_job_an_attempt(pool: Installed, steady: Workers, tmp_path: Path) -> None:
    """Of the first container the kernel kills what is largest, Ollama's runner; of the second we end the rest, as a
    kernel with cgroup version 2 would.
    """
    before = by_name(steady)
    first, second = steady.ready()
    with flowing(pool, NAME, "steady", TOKENS, "memory") as flow, told(pool, tmp_path) as reasons:
        flow.until_busy(SERVING)
        part, whole = run_out(steady, first), run_out(steady, second)
        kill(second, "ollama")
        times = {each: each.times() for each in (part, whole)}
        flow.all_answered()
        pool.wait_for(NAME, "Serving")
        eventually(lambda: reasons.read_text().rstrip().endswith("Serving"), SECONDS)
    lines = committed(steady, flow)
    for what, blow in (("runner", part), ("container", whole)):
        row = recovery(f"out of memory, the {what} of Ollama killed", flow, lines, (*times[blow], times[blow][1]))
        assert row.came_again == 0
        assert blow.readiness()[0] == ("warning", ENGINE_NOT_READY)
        assert blow.readiness()[-1] == ("info", ENGINE_READY)
    assert started(before, by_name(steady)) == {whole.pod: {"ollama": 1}}
    assert container(steady.pod(whole.pod), "ollama")["lastState"]["terminated"]["reason"] == "OOMKilled"
    assert "OutOfMemory" in reasons.read_text().split()


def run_out(workers: Workers, pod: dict[str, Any]) -> Blow:
    """Ollama's container of a worker that works runs out of memory."""
    memory = Memory(main_process(pod, "ollama"))
    workers.until_busy(pod)
    return Blow(workers, pod["metadata"]["name"], memory.until_killed())


@contextmanager
def told(installed: Installed, folder: Path) -> Iterator[Path]:
    """The reasons of the pool's condition `Ready`, one after another, in a file."""
    reason = '{.status.conditions[?(@.type=="Ready")].reason}{"\\n"}'
    get = ("kubectl", "get", "llmworkerpool", NAME, "--watch", f"--output=jsonpath={reason}")
    path = folder / "reasons"
    with path.open("wb") as out:
        command = installed.cluster.command(*get)
        watching = subprocess.Popen(command, env=installed.cluster.full_environment(), stdout=out)
    try:
        yield path
    finally:
        watching.kill()
        watching.wait()


@pytest.mark.soak
def test_a_killed_kubelet_is_not_missed_by_jobs(pool: Installed, steady: Workers) -> None:
    before = by_name(steady)
    watch = Stopwatch()
    with flowing(pool, NAME, "steady", TOKENS, "kubelet") as flow:
        flow.until_busy(SERVING)
        blows = [Blow(steady, name, datetime.now(UTC)) for name in before]
        with pool.cluster.dead(KUBELET):
            eventually(lambda: node_ready(pool) == "Unknown", SECONDS, LOOK_SECONDS)
            timed("the node is lost to Kubernetes", watch)
            flow.until_more(SERVING)
            timed("kubelet is started again", watch)
        eventually(lambda: node_ready(pool) == "True", SECONDS, LOOK_SECONDS)
        timed("the node is known to Kubernetes again", watch)
        assert by_name(steady) == before
        timed("both workers are ready to Kubernetes again", watch)
        flow.until_more(SERVING)
        flow.all_answered()
    lines = committed(steady, flow)
    answered = min(each.seconds_until(JOB_COMMITTED) for each in blows)
    row = recovery("SIGKILL to the kubelet, away until the node is lost", flow, lines, (None, answered, None))
    assert row.came_again == 0
    assert [each.readiness() for each in blows] == [[], []]
    pool.wait_for(NAME, "Serving")


def node_ready(installed: Installed) -> str:
    """What Kubernetes knows of the node; nothing where there is none."""
    conditions = installed.cluster.get("node", NODE).get("status", {}).get("conditions", [])
    return next((str(each["status"]) for each in conditions if each["type"] == "Ready"), "")


@pytest.fixture
def spot(installed: Installed) -> Iterator[Installed]:
    """Pools that are made meanwhile have stub engines, and a profile of spot nodes."""
    keep_versions(installed)
    with stub_engines(installed):
        installed.cluster.apply(profile_with("spot", interruption="spot"))
        try:
            yield installed
        finally:
            installed.cluster.kubectl("delete", "placementprofile", "spot")


@pytest.mark.soak
def test_a_spot_node_is_left_before_it_goes(spot: Installed, tmp_path: Path) -> None:
    """The notice as it arrives on EKS: a taint and evictions; two minutes later the instance is gone, then its node."""
    scaling = {"maxReplicas": SERVING, "jobsPerReplica": 1, "cooldown": "1m"}
    lane = {"name": "spot", "scaling": scaling, "placement": {"profiles": ["spot"]}, "drainTimeout": "5m"}
    with stub_pool(spot, "spot", lane) as lanes:
        workers, flow = Workers(spot.cluster, "spot", "spot"), Flow(spot, "spot", "spot", STUB_SHORT, "spot")
        flow.send(STUB_FINISHES, STUB_GIVEN_BACK)
        eventually(lambda: lanes["spot"].depth().running == SERVING, SECONDS, LOOK_SECONDS)
        flow.send(*[STUB_SHORT] * 4)
        old = workers.until_ready(SERVING)
        assert {each["spec"]["terminationGracePeriodSeconds"] for each in old} == {SPOT_GRACE_SECONDS}
        names = {each["metadata"]["name"] for each in old}
        watch = Stopwatch()
        with followed(workers, sorted(names), tmp_path) as logs:
            spot.cluster.kubectl("taint", "node", NODE, f"{DISRUPTED}:NoSchedule")
            for pod in running_pods(spot):
                evict(spot.cluster, pod["metadata"]["name"], pod["metadata"]["namespace"])
            eventually(lambda: not names & workers.names(), NOTICE_SECONDS, LOOK_SECONDS)
            timed("the last worker has left the spot node", watch)
        assert_drained(logs)
        assert SPOT_DRAIN_SECONDS <= logs.longest() < SPOT_DRAIN_SECONDS + COMMIT_SECONDS
        eventually(lambda: time.monotonic() - watch.began >= NOTICE_SECONDS, NOTICE_SECONDS, LOOK_SECONDS)
        with spot.cluster.dead(KUBELET):
            assert [kill_all(pod) for pod in old] == [[], []], "the instance took processes of workers with it"
            for pod in running_pods(spot):
                kill_all(pod)
            spot.cluster.kubectl("delete", "node", NODE)
        eventually(lambda: node_ready(spot) == "True", SECONDS, LOOK_SECONDS)  # another instance, to Kubernetes
        workers.until_ready(SERVING)
        watch.stop()
        flow.all_answered()
        row = tell("spot notice, 120 s later no instance, then another", watch, workers, logs, flow)
        assert (row.finished, row.given_back, row.came_again) == (1, 1, 1)


def running_pods(installed: Installed) -> list[dict[str, Any]]:
    """Of the node, in every namespace."""
    where = ("--all-namespaces", f"--field-selector=spec.nodeName={NODE},status.phase=Running")
    return list(json.loads(installed.cluster.kubectl("get", "pods", *where, "--output=json"))["items"])


def timed(what: str, watch: Stopwatch) -> None:
    print(f"\n{what} after {time.monotonic() - watch.began:.1f} s")  # noqa: T201 - the figure is the point
