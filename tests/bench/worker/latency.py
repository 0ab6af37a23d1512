"""What the queue path adds to a job's time, part by part, beside direct calls with the same prompts."""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from bench.worker.emulator import BUCKET
from bench.worker.engines import CONTEXT_LENGTH, MODEL, ask, load_model
from bench.worker.lanes import job, lane_documents, worker
from bench.worker.recorder import recording
from bench.worker.report import Spread
from laneway import Pool
from laneway.client.connection import CONNECTION_FILE, Connection
from laneway.schema.job.job import parse_job
from laneway.schema.pool.documents.lane_config import LaneModel
from laneway.schema.pool.documents.pool_document import pool_document
from support.aws.moto import CREDENTIALS, REGION
from support.ollama.real import ollama_server

if TYPE_CHECKING:
    from bench.worker.emulator import Emulator
    from bench.worker.recorder import Call, Recorder
    from bench.worker.report import Report
    from laneway import Result
    from laneway.schema.pool.documents.lane_documents import LaneDocuments

PAIRS = 40
TOKENS = 16
RESULT_SECONDS = 60.0
MILLISECONDS = 1000
COLUMNS = ("", "ms", "aim")
NOTE = (
    "One job at a time on an idle lane; each prompt is warmed up, then asked directly and through the queue, in turn. "
    "A recorder before the emulator writes down when each call was there and when it was answered; its own time counts "
    "as ours."
)


Parts = dict[str, float]
"""Seconds of one job: the keys of LABELS, and what `_pair` adds."""

LABELS = {
    "added": "**added: submit to visible, less the generation**",
    "beyond": "**of it beyond the emulator's own time**",
    "client": "· client: check, sign, send",
    "stored": "· emulator: PUT of the job's body",
    "delivery": "· emulator: SendMessage to the answer of the open ReceiveMessage",
    "before": "· worker: received to request on its way to Ollama",
    "after": "· worker: last token to PUT on its way",
    "put": "· emulator: PUT of the result",
    "seen": "visible to seen by `JobHandle.result()` (it looks every 30 ms at first); not in the sum",
    "direct": "direct call with the same prompt",
    "direct_outside": "· of it outside Ollama's own account",
    "whole": "through the queue: submit to visible",
    "longer": "· longer than the direct call by",
}


def measure(emulator: Emulator, folder: Path, report: Report, pairs: int = PAIRS) -> None:
    """Latency and calls of jobs through a real Ollama."""
    with ollama_server(folder) as running, recording(emulator, folder) as recorder:
        model = LaneModel(name=MODEL, context_length=CONTEXT_LENGTH)
        documents = lane_documents(
            emulator, endpoint=recorder.endpoint, ollama_url=running.url, model=model, topic_arn=emulator.topic()
        )
        load_model(documents)
        with worker(documents, folder):
            _jobs(emulator, recorder, documents, report, pairs)


def _jobs(emulator: Emulator, recorder: Recorder, documents: LaneDocuments, report: Report, pairs: int) -> None:
    pool = _connected(emulator, documents)
    measured = [_pair(pool, recorder, documents, number) for number in range(-2, pairs)][2:]
    rows = [
        [label, _milliseconds([each[name] for each in measured]), "p50 ≤ 15" if name == "beyond" else ""]
        for name, label in LABELS.items()
    ]
    report.table(f"Added latency, {MODEL}, {pairs} pairs ({emulator.name})", COLUMNS, rows, NOTE)
    counts = Counter(call.name for call in recorder.calls())
    jobs = len(measured) + 2
    calls = [[name, f"{count / jobs:.2f}"] for name, count in counts.most_common()]
    report.table("Calls per job, client and worker", ("call", "per job"), calls, "GetObject is the client's looking.")


def _connected(emulator: Emulator, documents: LaneDocuments) -> Pool:
    body = pool_document([documents]).model_dump_json().encode()
    emulator.s3.put_object(Bucket=BUCKET, Key=documents.config.results.pool_document(), Body=body)
    connection = Connection(
        place=documents.config.results,
        endpoint=documents.config.endpoint,
        region=REGION,
        access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, CONNECTION_FILE).write_text(connection.model_dump_json())
        return Pool(folder)


def _pair(pool: Pool, recorder: Recorder, documents: LaneDocuments, number: int) -> Parts:
    """The same prompt directly and through the queue, in turn; asked once before, so that both find it in the cache."""
    body = job(number, TOKENS, f"{number}. A story of the number {number} begins", temperature=0, seed=1)
    ask(documents, body)
    if number % 2:
        direct, parts = ask(documents, body), _through_queue(pool, recorder, body)
    else:
        parts, direct = _through_queue(pool, recorder, body), ask(documents, body)
    took = direct.run.seconds
    outside = took - direct.engine_seconds
    return parts | {"direct": took, "direct_outside": outside, "longer": parts["whole"] - took}


def _through_queue(pool: Pool, recorder: Recorder, body: str) -> Parts:
    submitted = time.time()
    result = pool.submit(parse_job(body.encode())).result(timeout=RESULT_SECONDS)
    seen = time.time()
    return _parts([each for each in recorder.calls() if each.answered >= submitted], submitted, result, seen)


def _parts(calls: list[Call], submitted: float, result: Result, seen: float) -> Parts:
    name = f"/{result.id}.json"
    stored, put = (each for each in calls if each.name == "PutObject" and each.path.endswith(name))
    send = next(each for each in calls if each.name == "SendMessage")
    receive = next(each for each in calls if each.name == "ReceiveMessage" and set(send.messages) & set(each.messages))
    assert result.timing.started_at is not None
    started, finished = result.timing.started_at.timestamp(), result.timing.finished_at.timestamp()
    emulators = {"stored": stored.seconds, "delivery": receive.answered - send.asked, "put": put.seconds}
    whole = put.answered - submitted
    added = whole - (finished - started)
    return emulators | {
        "added": added,
        "beyond": added - sum(emulators.values()),
        "client": send.asked - submitted - stored.seconds,
        "before": started - receive.answered,
        "after": put.asked - finished,
        "seen": seen - put.answered,
        "whole": whole,
    }


def _milliseconds(values: list[float]) -> str:
    return Spread([each * MILLISECONDS for each in values]).show_tail()
