"""How busy the slots are while jobs wait, and how a lane's throughput compares with a bare load generator's."""

from __future__ import annotations

import json
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bench.worker.emulator import BUCKET
from bench.worker.engines import CONTEXT_LENGTH, MODEL, Run, hold_concurrency, load_model
from bench.worker.lanes import STUB, job, lane_documents, stub_engine, worker
from bench.worker.report import Spread
from laneway.schema.job.result import Result
from laneway.schema.pool.documents.lane_config import LaneModel
from support.ollama.real import ollama_server

if TYPE_CHECKING:
    from pathlib import Path

    from bench.worker.emulator import Emulator
    from bench.worker.report import Report
    from laneway.schema.pool.documents.lane_documents import LaneDocuments

LENGTHS = (0.2, 1.0, 2.0, 5.0)
REAL_SLOTS = (1, 2)
STUB_SLOTS = 8
STUB_TOKEN_SECONDS = 0.02
WINDOW_SECONDS = 10.0
"""About how long jobs wait in one measurement; long jobs run at least FEWEST times in each slot."""
FEWEST = 5
ROUNDS = 2
DRAINED_SECONDS = 600.0
READERS = 8
AIMED_FROM_SECONDS = 2.0
COLUMNS = (
    "engine",
    "slots",
    "job, s",
    "slots busy while jobs wait",
    "aim",
    "lane ÷ bare generator",
    "aim",
    "emulator, of a core",
    "jobs",
)
NOTE = (
    "Busy: the share of slots times seconds, from the first start to the last, that lies between a request to Ollama "
    "and its last token. The bare generator holds the same concurrency against the same Ollama with the same requests, "
    "without queue and worker, before and after in turn; both rates are starts per second while jobs wait. Median "
    "(range) of the rounds."
)


@dataclass
class Measured:
    """The rounds of one length."""

    busy: list[float] = field(default_factory=list)
    ratio: list[float] = field(default_factory=list)
    length: list[float] = field(default_factory=list)
    emulator: list[float] = field(default_factory=list)
    """Its share of a core; at 1 it is the bottleneck."""
    jobs: int = 0


def measure(emulator: Emulator, folder: Path, report: Report, window: float = WINDOW_SECONDS) -> None:
    """The real Ollama with 1 and 2 slots, the stub with 8."""
    for slots in REAL_SLOTS:
        with ollama_server(folder, slots) as running:
            _measure(emulator, folder, _config(emulator, running.url, MODEL, slots), window, report)
    with stub_engine(folder, STUB_TOKEN_SECONDS) as engine:
        _measure(emulator, folder, _config(emulator, engine, STUB, STUB_SLOTS), window, report)


def _measure(emulator: Emulator, folder: Path, documents: LaneDocuments, window: float, report: Report) -> None:
    rows = _lengths(emulator, folder, documents, window)
    config = documents.config
    title = f"Slot occupancy and throughput, {config.model.name}, {config.parallel} slots ({emulator.name})"
    report.table(title, COLUMNS, rows, NOTE)


def _config(emulator: Emulator, engine: str, model: str, slots: int) -> LaneDocuments:
    named = LaneModel(name=model, context_length=CONTEXT_LENGTH)
    return lane_documents(emulator, ollama_url=engine, model=named, parallel=slots, topic_arn=emulator.topic())


def _lengths(emulator: Emulator, folder: Path, documents: LaneDocuments, window: float) -> list[list[str]]:
    load_model(documents)
    token_seconds = _token_seconds(documents)
    rows = []
    for length in LENGTHS:
        jobs = documents.config.parallel * max(FEWEST, round(window / length))
        tokens = max(2, round(length / token_seconds))
        measured = Measured(jobs=jobs)
        for number in range(ROUNDS):
            _round(emulator, folder, documents, _bodies(jobs, tokens, number), measured, lane_first=bool(number % 2))
        rows.append(_row(documents, measured))
    return rows


def _token_seconds(documents: LaneDocuments) -> float:
    """What a token takes when every slot is busy."""
    tokens = 40
    runs = hold_concurrency(documents, _bodies(documents.config.parallel * 2, tokens, 0))
    return Spread([each.seconds for each in runs]).median / tokens


def _bodies(jobs: int, tokens: int, seed: int) -> list[str]:
    dice = random.Random(seed)  # noqa: S311 - prompts, not secrets
    options: dict[str, Any] = {"temperature": 1.0, "repeat_penalty": 1.3}
    return [job(each, tokens, f"Chapter {dice.randrange(10**6)}. It was", seed=each, **options) for each in range(jobs)]


def _round(
    emulator: Emulator,
    folder: Path,
    documents: LaneDocuments,
    bodies: list[str],
    measured: Measured,
    *,
    lane_first: bool,
) -> None:
    if lane_first:
        lane, bare = _through_lane(emulator, folder, documents, bodies, measured), hold_concurrency(documents, bodies)
    else:
        bare, lane = hold_concurrency(documents, bodies), _through_lane(emulator, folder, documents, bodies, measured)
    measured.busy.append(busy(lane, documents.config.parallel))
    measured.ratio.append(rate(lane, documents.config.parallel) / rate(bare, documents.config.parallel))
    measured.length += [each.seconds for each in lane]


def _through_lane(
    emulator: Emulator, folder: Path, documents: LaneDocuments, bodies: list[str], measured: Measured
) -> list[Run]:
    """Send all jobs, then start a worker; when each ran stands in its result."""
    emulator.fill(documents.config.queue.url, bodies)
    cpu = emulator.cpu_seconds()
    with worker(documents, folder):
        emulator.wait_until_empty(documents.config.queue.url, DRAINED_SECONDS)
    cpu = emulator.cpu_seconds() - cpu
    keys = [documents.config.results.result(json.loads(body)["id"]) for body in bodies]
    with ThreadPoolExecutor(READERS) as threads:
        runs = list(threads.map(lambda key: _run_of(emulator, key), keys))
    measured.emulator.append(cpu / (max(each.finished for each in runs) - min(each.started for each in runs)))
    return runs


def _run_of(emulator: Emulator, key: str) -> Run:
    timing = Result.model_validate_json(emulator.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()).timing
    assert timing.started_at is not None
    return Run(timing.started_at.timestamp(), timing.finished_at.timestamp())


def busy(runs: list[Run], slots: int) -> float:
    """The share of slots times seconds that is run time, between the first start and the last."""
    first, last = min(each.started for each in runs), max(each.started for each in runs)
    return sum(min(each.finished, last) - each.started for each in runs) / (slots * (last - first))


def rate(runs: list[Run], slots: int) -> float:
    """Starts per second while jobs wait; the first of each slot start at once and say nothing."""
    first, last = min(each.started for each in runs), max(each.started for each in runs)
    return (len(runs) - slots) / (last - first)


def _row(documents: LaneDocuments, measured: Measured) -> list[str]:
    length = Spread(measured.length)
    aimed = length.median >= AIMED_FROM_SECONDS
    return [
        documents.config.model.name,
        str(documents.config.parallel),
        f"{length.median:.2f}",
        Spread([each * 100 for each in measured.busy]).show() + " %",
        "≥ 98 %" if aimed else "",
        Spread(measured.ratio).show(3),
        "≥ 0.98" if aimed else "",
        Spread([each * 100 for each in measured.emulator]).show(0) + " %",
        f"{ROUNDS} x {measured.jobs}",
    ]
