"""`make bench-local`: what the queue path costs on this machine. Prints figures; asserts nothing.

With `COLD=1` it also starts with empty caches: Ollama is built and models are fetched, which takes minutes.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from laneway.schema.job.job import Job
from laneway.schema.pool.documents.lane_config import LaneConfig
from laneway.schema.pool.documents.live_config import LiveConfig
from laneway_worker.request.request import ollama_request
from support.local.pool import LANEWAY, LocalPool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from laneway import Result

POOL = """
apiVersion: laneway.dev/v1alpha1
kind: LLMWorkerPool
metadata: {name: bench}
spec:
  model: {name: "smollm2:135m", contextLength: 1024}
  results: {s3: {bucket: bench}}
  lanes:
  - name: one
  - {name: two, parallel: 2}
"""
PAIRS = 40
WAITING = 12  # jobs that wait while occupancy is measured
LONG_TOKENS = {"2 s": 80, "5 s": 200}
HELPS = 10
MEGABYTE = 1024 * 1024
NANOSECONDS = 1e9
STEP = re.compile(r"^(.+): done in ([0-9.]+) s$")
AIMS = {"RSS of a worker, MB": "≤ 90", "laneway --help, s": "≤ 0.3", "laneway --help / import typer": "≤ 2.5"}

Figures = dict[str, str]


def main() -> None:
    """Measure, and print a table and JSON."""
    figures: Figures = {"when": datetime.now(UTC).date().isoformat(), "cores": str(os.cpu_count())}
    if os.environ.get("COLD"):
        with tempfile.TemporaryDirectory() as cache:
            figures |= {f"cold: {name}": value for name, value in first_result(LANEWAY_CACHE=cache).items()}
    figures |= {f"warm: {name}": value for name, value in first_result().items()}
    with serving() as pool:
        figures |= memory(pool) | added_latency(pool) | occupancy(pool, "one", 1) | occupancy(pool, "two", 2)
    figures |= command_start()
    width = max(map(len, figures))
    for name, value in figures.items():
        aim = f"   (aim {AIMS[name]})" if name in AIMS else ""
        print(f"{name:<{width}}  {value}{aim}")
    print(json.dumps(figures, ensure_ascii=False))


@contextmanager
def serving(**variables: str) -> Iterator[LocalPool]:
    """A pool on a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        pool = LocalPool(Path(folder), POOL)
        try:
            pool.start(**variables)
            pool.wait_until_serving(1800)
            yield pool
        finally:
            pool.end()


def first_result(**variables: str) -> Figures:
    """From nothing to the first result, and what it is spent on."""
    began = time.monotonic()
    with serving(**variables) as pool:
        ready = time.monotonic() - began
        pool.pool.submit("Hello", options={"num_predict": 1}).result(timeout=60)
        total = time.monotonic() - began
        steps = [match.groups() for line in pool.words.splitlines() if (match := STEP.match(line))]
    spent = {f"  {name}": f"{seconds} s" for name, seconds in steps}
    return {"start to first result": f"{total:.1f} s", **spent, "  the job itself": f"{total - ready:.2f} s"}


def memory(pool: LocalPool) -> Figures:
    """Resident sets after the first jobs."""
    for lane in ("one", "two"):
        pool.pool.submit("Hello", lane=lane, options={"num_predict": 4}).result(timeout=60)
    sizes = [(" ".join(each.cmdline()), each.memory_info().rss / MEGABYTE) for each in pool.processes()]
    workers = [size for words, size in sizes if "laneway_worker" in words]
    engines = [size for words, size in sizes if "ollama" in words.split(" ")[0]]
    return {
        "RSS of a worker, MB": " and ".join(f"{size:.0f}" for size in workers),
        "RSS of up in all, MB": f"{sum(size for _, size in sizes):.0f}",
        "  of it Ollama with models": f"{sum(engines):.0f}",
    }


def added_latency(pool: LocalPool) -> Figures:
    """One short job at a time, directly and through the queue, in turn."""
    config = LaneConfig.model_validate_json((pool.state / "lanes" / "one.json").read_bytes())
    live = LiveConfig.model_validate_json((pool.state / "live" / "one.json").read_bytes())
    direct, queued, parts = [], [], []
    for number in range(PAIRS):
        job = Job(id=f"latency-{number}", prompt=f"Number {number}", options={"num_predict": 8, "temperature": 0})  # type: ignore[arg-type] # because pydantic makes Options of it
        body = ollama_request(job, config.model, live.limits, job.format).body | {"stream": False}
        began = time.monotonic()
        answer = httpx.post(f"{config.ollama_url}/api/generate", json=body, timeout=60, trust_env=False).json()
        direct.append(time.monotonic() - began - answer["total_duration"] / NANOSECONDS)
        began = time.monotonic()
        result = pool.pool.submit(job, lane="one").result(timeout=60)
        queued.append(time.monotonic() - began - result.timing.run_seconds)
        parts.append(result)
    return {
        "outside the engine, direct call": spread(direct),
        "outside the engine, through the queue": spread(queued),
        "  message sent to received": spread([seconds(each, "submitted_at", "received_at") for each in parts]),
        "  received to request": spread([seconds(each, "received_at", "started_at") for each in parts]),
    }


def occupancy(pool: LocalPool, lane: str, slots: int) -> Figures:
    """Share of time that the slots are busy while jobs wait."""
    figures: Figures = {}
    for name, tokens in LONG_TOKENS.items():
        jobs = [
            {"prompt": f"Tell story {number} of {name}.", "options": {"num_predict": tokens, "temperature": 1}}
            for number in range(WAITING)
        ]
        handles = pool.pool.submit_all(jobs, lane=lane)
        results = sorted((each.result(timeout=600) for each in handles), key=started)
        last_start = started(results[-1])
        busy = sum(min(seconds(each, "started_at", "finished_at"), last_start - started(each)) for each in results)
        share = busy / (slots * (last_start - started(results[0])))
        median = statistics.median(each.timing.run_seconds for each in results)
        figures[f"slots busy while jobs wait, {slots} slot(s), jobs of {median:.1f} s"] = f"{share:.1%}"
    return figures


def command_start() -> Figures:
    """`laneway --help`, and beside it in turns what its library alone takes."""
    both = [(timed(run_help), timed(import_typer)) for _ in range(HELPS)]
    ratio = statistics.median(ours for ours, _ in both) / statistics.median(theirs for _, theirs in both)
    return {
        "laneway --help, s": spread([ours for ours, _ in both], "s", 1),
        "import typer, s": spread([theirs for _, theirs in both], "s", 1),
        "laneway --help / import typer": f"{ratio:.1f}",
    }


def run_help() -> None:
    """One start of the command."""
    subprocess.run([*LANEWAY, "--help"], stdout=subprocess.DEVNULL, check=True)


def import_typer() -> None:
    """One start of Python with typer and nothing else."""
    subprocess.run([sys.executable, "-c", "import typer"], check=True)


def timed(action: Callable[[], Any]) -> float:
    """Seconds of a call."""
    began = time.monotonic()
    action()
    return time.monotonic() - began


def started(result: Result) -> float:
    """When its request went to Ollama."""
    assert result.timing.started_at is not None
    return result.timing.started_at.timestamp()


def seconds(result: Result, first: str, second: str) -> float:
    """Between two times of a result."""
    return float((getattr(result.timing, second) - getattr(result.timing, first)).total_seconds())


def spread(values: list[float], unit: str = "ms", factor: float = 1000) -> str:
    """Median, 95th percentile and range."""
    ordered = sorted(value * factor for value in values)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    digits = 2 if unit == "s" else 0
    p50 = statistics.median(ordered)
    return f"p50 {p50:.{digits}f}, p95 {p95:.{digits}f}, {ordered[0]:.{digits}f} to {ordered[-1]:.{digits}f} {unit}"


if __name__ == "__main__":
    main()
