"""The operator with a thousand pools (POOLS=…) on a real API server without nodes, beside what a bare client gets."""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bench.operator.pools import NAMESPACE, THREADS, Bench, bare_api, make_queues, quiet, until
from bench.worker.report import Report, Spread
from laneway_operator.cluster.kubernetes import KubernetesCluster
from support.cluster.cluster import api_alone
from support.operator.audit import mark, written
from support.operator.process import operated_by_process
from support.pods.installed import ROOT

if TYPE_CHECKING:
    from laneway_operator.cluster.api_server import ApiServer

POOLS = int(os.environ.get("POOLS", "1000"))
SINGLES = int(os.environ.get("SINGLES", "100"))
CEILING_SECONDS = 6.0
STEADY_SECONDS = 60.0
BARE_POOLS = 100
NOBODYS = 1_000_000  # the number from which on no pool is made
MEGABYTE = 2**20


def main() -> int:
    """Prints the tables of docs/reference/operator-figures.md."""
    report = Report()
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "operator").mkdir()
        with (
            api_alone(folder / "cluster") as cluster,
            operated_by_process(cluster, folder / "operator") as operated,
        ):
            operated.namespace(NAMESPACE)
            queues = make_queues(cluster.environment["AWS_ENDPOINT_URL"])
            bench = Bench(operated, operated.start(), bare_api(cluster), POOLS, queues)
            measure(bench, report)
    report.write(ROOT / ".laneway" / "bench-operator.json")
    return 0


def measure(bench: Bench, report: Report) -> None:
    """In this order: each builds on the one before."""
    until(bench.running.leads)
    ceiling = patches_a_second(bench.api)
    rows = [["a bare client's PATCHes a second", f"{ceiling:.0f}", ""]]
    rows += burst(bench, ceiling)
    rows += singles(bench)
    rows += steady(bench)
    rows += restart(bench)
    rows += bare_children(bench)
    report.table(f"{POOLS} pools of two lanes", ("what", "figure", "aim"), rows, "AWS is asked once for all pools")


def patches_a_second(api: ApiServer) -> float:
    """Server-side apply of a ConfigMap of 1.5 KB, by so many threads, through the same client as the operator's."""
    end = time.monotonic() + CEILING_SECONDS

    def patch(number: int) -> int:
        done = 0
        path = f"/api/v1/namespaces/{NAMESPACE}/configmaps/bare-{number}"
        while time.monotonic() < end:
            body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"bare-{number}"}}
            data = {"data": {"text": f"{done:08d}" + "x" * 1500}}
            api.call(
                "PATCH", path, {"fieldManager": "bare", "force": "true"}, body | data, "application/apply-patch+yaml"
            )
            done += 1
        return done

    with ThreadPoolExecutor(THREADS) as threads:
        return sum(threads.map(patch, range(THREADS))) / CEILING_SECONDS


def burst(bench: Bench, ceiling: float) -> list[list[str]]:
    """All pools at once."""
    began, cpu, calls = time.monotonic(), cpu_seconds(bench), all_calls(bench)
    passes = bench.figure("laneway_operator_reconcile_seconds_count")
    since = mark(bench.cluster)
    bench.create_all(0, bench.count)
    made = time.monotonic() - began
    until(
        lambda: bench.figure("laneway_operator_pools", condition="SpecAccepted", status="True") >= bench.count,
        pause=0.5,
    )
    took = time.monotonic() - began
    quiet(bench)
    asked = all_calls(bench) - calls
    writes = len(written(bench.cluster, since)) - bench.count  # the pools themselves are made by the same client
    passes = bench.figure("laneway_operator_reconcile_seconds_count") - passes
    cpu = cpu_seconds(bench) - cpu
    return [
        [f"{bench.count} pools created at once (by 8 threads in {made:.0f} s) → all applied", f"{took:.0f} s", ""],
        [
            "the operator's calls a second meanwhile",
            f"{asked / took:.0f}, {asked / took / ceiling:.0%} of a bare client's",
            "≥ 70 %",
        ],
        ["writes for a pool", f"{writes / bench.count:.1f}", ""],
        ["passes for a pool", f"{passes / bench.count:.1f}", ""],
        ["CPU of a pass", f"{1000 * cpu / passes:.1f} ms", ""],
        ["RSS with all pools", f"{rss(bench):.0f} MB", "< 200 MB"],
    ]


def singles(bench: Bench) -> list[list[str]]:
    """One after the other, with all pools there."""
    created, edited, mended = [], [], []
    for number in range(SINGLES):
        new = bench.count + number
        began = time.monotonic()
        bench.create(new)
        until(lambda new=new: bench.accepted(new))
        created.append(1000 * (time.monotonic() - began))
    quiet(bench)
    for number in range(SINGLES):
        began = time.monotonic()
        bench.edit(number, 7)
        until(lambda number=number: bench.workers(number) == 7)
        edited.append(1000 * (time.monotonic() - began))
    quiet(bench)
    for number in range(SINGLES):
        began = time.monotonic()
        bench.disturb(number, 99)
        until(lambda number=number: bench.workers(number, "fast") == 7)
        mended.append(1000 * (time.monotonic() - began))
    quiet(bench)
    return [
        [f"create → applied, {SINGLES} one after the other", tail(created), ""],
        ["edit → both lanes' children changed", tail(edited), ""],
        ["a child changed by somebody → mended", tail(mended), "< 5 s"],
    ]


def steady(bench: Bench) -> list[list[str]]:
    """Nothing happens."""
    calls, since = all_calls(bench), mark(bench.cluster)
    time.sleep(STEADY_SECONDS)
    asked = 60 * (all_calls(bench) - calls) / STEADY_SECONDS
    return [
        [
            "calls a minute when nothing happens, the Lease's in them",
            f"{asked:.0f}, {len(written(bench.cluster, since))} writes",
            "",
        ]
    ]


def restart(bench: Bench) -> list[list[str]]:
    """Nothing has changed."""
    bench.operated.stop()
    since, began = mark(bench.cluster), time.monotonic()
    bench.running = bench.operated.start()
    count = bench.count + SINGLES
    until(lambda: bench.figure("laneway_operator_reconciles_total", end="done") >= count, pause=0.2)
    took = time.monotonic() - began
    quiet(bench)
    writes = len(written(bench.cluster, since))
    return [
        [f"restart with nothing changed → all {count} pools looked at", f"{took:.1f} s", ""],
        ["writes but the Lease's meanwhile", str(writes), "0"],
        ["CPU of such a pass, the start in it", f"{1000 * cpu_seconds(bench) / count:.1f} ms", ""],
        ["RSS after it", f"{rss(bench):.0f} MB", "< 200 MB"],
        ["threads", str(bench.running.process.num_threads()), ""],
    ]


def bare_children(bench: Bench) -> list[list[str]]:
    """What the API server bears of the operator's own calls, from a client that watches nothing."""
    bench.operated.stop()
    calls: list[str] = []
    cluster = KubernetesCluster(bare_api(bench.cluster, lambda verb, _: calls.append(verb)), lambda: inf)
    children = [each for number in range(BARE_POOLS) for each in bench.children(NOBODYS + number)]
    began = time.monotonic()
    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(cluster.apply, children))
    took = time.monotonic() - began
    return [[f"{BARE_POOLS} pools' children applied by a bare client", f"{len(calls) / took:.0f} calls a second", ""]]


def all_calls(bench: Bench) -> float:
    return bench.figure("laneway_operator_api_calls_total")


def cpu_seconds(bench: Bench) -> float:
    times = bench.running.process.cpu_times()
    return float(times.user + times.system)


def rss(bench: Bench) -> float:
    return float(bench.running.process.memory_info().rss) / MEGABYTE


def tail(milliseconds: list[float]) -> str:
    spread = Spread(milliseconds)
    return f"p50 {spread.median:.0f} ms, p99 {spread.percentile(0.99):.0f} ms"


if __name__ == "__main__":
    sys.exit(main())
