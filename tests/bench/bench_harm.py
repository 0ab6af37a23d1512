"""`make bench-harm`: hostile messages on a lane of two slots, honest ones between them, and what these pay for it.

`CHECKOUT=folder` takes the `laneway` of another checkout's environment: so a version of before is measured by the same
messages. `MESSAGES` (200), `PACE` (3 s) and `SECONDS` (900) bound a run.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import psutil

from bench.harm.messages import hostile
from support.local.pool import MARK, environment, marked

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(os.environ.get("CHECKOUT") or Path(__file__).parents[2])
MESSAGES = int(os.environ.get("MESSAGES", "200"))
SECONDS = float(os.environ.get("SECONDS", "900"))
HONEST_EVERY = 4  # hostile messages between two honest ones
PACE_SECONDS = float(os.environ.get("PACE", "3"))  # slower than the lane can work, so that nobody waits for a line
LATE_SECONDS = 5.0
READY_SECONDS = 900.0
MEGABYTE = 1024 * 1024
POOL = """\
apiVersion: laneway.dev/v1alpha1
kind: LLMWorkerPool
metadata: {name: harm}
spec:
  model: {name: "smollm2:135m", contextLength: 2048}
  results: {s3: {bucket: harm}}
  lanes:
  - {name: one, parallel: 2, limits: {timeout: 60s, maxTokens: 128}}
"""
Results = dict[str, dict[str, Any]]
"""Message id → its result, empty where there is none."""
HONEST = {"prompt": "The capital of France is", "options": {"num_predict": 16, "temperature": 0}}


def main() -> None:
    """Run it, and print a table and JSON."""
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as lane:
        alone = [lane.ask() for _ in range(10)]
        watch = Watch(lane.mark)
        watch.start()
        began = time.monotonic()
        kinds, honest = send(lane)
        left = settle(lane, kinds, honest, began)
        watch.stop()
        results = {each: lane.result(each) or {} for each in (*honest, *kinds)}
    figures = figures_of(results, alone, kinds, honest, left) | watch.figures()
    figures |= {f"engine seconds, {kind}": spent for kind, spent in by_kind(results, kinds).items()}
    width = max(map(len, figures))
    for name, value in figures.items():
        print(f"{name:<{width}}  {value}")
    print(json.dumps(figures, ensure_ascii=False))


@dataclass
class Lane:
    """A running lane, by its queue and its bucket alone: so of any version."""

    state: Path
    mark: str
    sent: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        found = json.loads((self.state / "connection.json").read_text())
        options = {
            "endpoint_url": found["endpoint"],
            "region_name": found.get("region") or "us-east-1",
            "aws_access_key_id": found["access_key_id"],
            "aws_secret_access_key": found["secret_access_key"],
        }
        self.place = found["place"]
        self.s3, self.sqs = boto3.client("s3", **options), boto3.client("sqs", **options)
        self.url = json.loads(self.read("pool.json") or "{}")["lanes"][0]["queue"]["url"]

    def read(self, key: str) -> bytes | None:
        """An object of the pool."""
        with suppress(self.s3.exceptions.NoSuchKey):
            return bytes(
                self.s3.get_object(Bucket=self.place["bucket"], Key=f"{self.place['prefix']}{key}")["Body"].read()
            )
        return None

    def send(self, body: str) -> str:
        """A message; its id is that of its result."""
        found = str(self.sqs.send_message(QueueUrl=self.url, MessageBody=body)["MessageId"])
        self.sent[found] = time.time()
        return found

    def result(self, message: str) -> dict[str, Any] | None:
        """What became of it."""
        found = self.read(f"results/{message}.json")
        return None if found is None else dict(json.loads(found))

    def ask(self) -> float:
        """An honest job alone: seconds from sending to its result."""
        message, began = self.send(json.dumps(HONEST)), time.monotonic()
        while self.result(message) is None:
            time.sleep(0.05)
        return time.monotonic() - began


@contextmanager
def serving(folder: Path) -> Iterator[Lane]:
    """`laneway up` of the checkout."""
    state, file, mark = folder / "state", folder / "pool.yaml", uuid.uuid4().hex
    file.write_text(POOL)
    words = (folder / "words.txt").open("wb")
    command = [str(CHECKOUT / ".venv/bin/laneway"), "up", str(file), "--state", str(state), "--quiet"]
    up = subprocess.Popen(command, env=environment(**{MARK: mark}), stdout=words, stderr=words, start_new_session=True)
    try:
        deadline = time.monotonic() + READY_SECONDS
        while "ready: " not in (folder / "words.txt").read_text() and time.monotonic() < deadline:
            time.sleep(0.5)
        yield Lane(state, mark)
    except Exception:
        print((folder / "words.txt").read_text()[-2_000:], file=sys.stderr)
        raise
    finally:
        for each in marked(mark):
            with suppress(psutil.Error):
                each.kill()
        up.wait()


def send(lane: Lane) -> tuple[dict[str, str], list[str]]:
    """Hostile messages at a pace, an honest one after every few."""
    kinds, honest = {}, []
    for number, (kind, body) in enumerate(hostile(MESSAGES)):
        kinds[lane.send(body)] = kind
        if number % HONEST_EVERY == 0:
            honest.append(lane.send(json.dumps(HONEST)))
        time.sleep(PACE_SECONDS)
    return kinds, honest


def settle(lane: Lane, kinds: dict[str, str], honest: list[str], began: float) -> set[str]:
    """Wait until everything has its result; what has none in the end."""
    left = {*kinds, *honest}
    while left and time.monotonic() < began + SECONDS:
        left -= {each for each in left if lane.result(each) is not None}
        time.sleep(1)
    return left


def figures_of(
    results: Results, alone: list[float], kinds: dict[str, str], honest: list[str], left: set[str]
) -> dict[str, str]:
    """What the honest paid, and what the hostile got."""
    waits = sorted(seconds(results[each]) for each in honest if each not in left)
    late = sum(wait > max(alone) + LATE_SECONDS for wait in waits)
    charged = sum(bool(results[each].get("failures")) for each in honest)
    busy = [engine_seconds(results[each]) for each in kinds]
    tries = [len(results[each].get("failures") or ()) for each in kinds]
    return {
        "hostile messages, honest jobs": f"{len(kinds)}, {len(honest)}",
        "honest jobs without a result": str(len(left & set(honest))),
        "hostile messages without a result": str(len(left & kinds.keys())),
        "honest jobs that failed, or were charged": str(
            sum(results[each].get("status") == "failed" for each in honest) + charged
        ),
        "honest job alone, s": f"{statistics.median(alone):.1f}",
        "honest job between them, s": spread(waits),
        f"honest jobs more than {LATE_SECONDS:.0f} s later than alone": str(late + len(left & set(honest))),
        "attempts of a hostile message, most": str(max(tries, default=0)),
        "seconds of the engine for a hostile message": f"mean {statistics.mean(busy):.2f}, most {max(busy):.1f}",
    }


def by_kind(results: Results, kinds: dict[str, str]) -> dict[str, str]:
    """Mean and most seconds of the engine for a message of each kind; 0 for one without a result."""
    spent: dict[str, list[float]] = {}
    for message, kind in kinds.items():
        spent.setdefault(kind, []).append(engine_seconds(results[message]))
    return {kind: f"mean {statistics.mean(each):.2f}, most {max(each):.1f}" for kind, each in spent.items()}


def engine_seconds(result: dict[str, Any]) -> float:
    """From the start to the last token."""
    return float((result.get("timing") or {}).get("run_seconds") or 0)


def spread(waits: list[float]) -> str:
    """Median and longest."""
    return f"p50 {statistics.median(waits):.1f}, longest {waits[-1]:.1f}" if waits else "none"


def seconds(result: dict[str, Any]) -> float:
    """From submission to the last token."""
    timing = result.get("timing") or {}
    return float(timing.get("queued_seconds") or 0) + float(timing.get("run_seconds") or 0)


class Watch:
    """Counts processes that come anew, and the most memory that workers take."""

    def __init__(self, mark: str) -> None:
        self._mark = mark
        self._ended = threading.Event()
        self._seen: dict[str, set[int]] = {"worker": set(), "ollama": set(), "runner": set()}
        self._most = 0.0
        self._spun = 0.0
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        self._look()
        self._first = {kind: len(each) for kind, each in self._seen.items()}
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()
        self._spun = self._engine_cpu(5.0)

    def figures(self) -> dict[str, str]:
        """Of the whole run."""
        anew = {kind: len(each) - self._first[kind] for kind, each in self._seen.items()}
        return {
            "workers started anew": str(anew["worker"]),
            "Ollama servers and runners started anew": f"{anew['ollama']} and {anew['runner']}",
            "most memory of the worker and its children, MB": f"{self._most:.0f}",
            "cores that the engine takes when all is done": f"{self._spun:.1f}",
        }

    def _run(self) -> None:
        while not self._ended.wait(1.0):
            self._look()

    def _look(self) -> None:
        memory = 0.0
        for each in marked(self._mark):
            with suppress(psutil.Error):
                words = each.cmdline()
                kind = kind_of(words)
                if kind:
                    self._seen[kind].add(each.pid)
                if any("laneway_worker" in word for word in words):
                    memory += each.memory_info().rss / MEGABYTE
        self._most = max(self._most, memory)

    def _engine_cpu(self, span: float) -> float:
        engines = [each for each in marked(self._mark) if kind_of(each.cmdline()) in ("ollama", "runner")]
        before = sum(sum(each.cpu_times()[:2]) for each in engines)
        time.sleep(span)
        return (sum(sum(each.cpu_times()[:2]) for each in engines) - before) / span


def kind_of(words: list[str]) -> str | None:
    """Which part a process is."""
    if "--config" in words and any("laneway_worker" in word for word in words):
        return "worker"
    if words and Path(words[0]).name == "ollama":
        return "runner" if "runner" in words else "ollama"
    return None


if __name__ == "__main__":
    main()
