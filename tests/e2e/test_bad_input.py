"""Everything that senders get wrong, sent to one worker among good jobs."""

from __future__ import annotations

import json
import re
import time
import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from laneway.schema.job.failed_job import FailedJob
from laneway.schema.job.result import Result
from support import canary
from support.aws.moto import moto_server
from support.inputs.bad_jobs import CASES, CONTEXT_LENGTH, Case
from support.inputs.pools import pool_with
from support.ollama.stub import Reply, error, records, stub_ollama
from support.waiting import eventually
from support.worker.process import WorkerProcess, worker_process

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.ollama.stub import Asked, StubOllama

MODEL = "stub:latest"
ALL_SECONDS = 180.0  # a minute is enough on a machine of our own
POOL = pool_with(
    model={"name": MODEL, "contextLength": CONTEXT_LENGTH},
    results={"s3": {"bucket": "acme-llm", "prefix": "documents/"}},
    destinations=[{"name": "legal", "s3": {"bucket": "acme-legal", "prefix": "llm/"}}],
    lane={"parallel": 4, "limits": {"timeout": "1m", "expiresAfter": "1h"}},
)


def echo(asked: Asked) -> Reply:
    """What a model would say that repeats its prompt; and what Ollama says to what it can't take."""
    prompt = str(asked.body.get("prompt") or asked.body.get("messages", [{}])[-1].get("content", ""))
    if asked.body.get("images"):
        return error(500, "Failed to create new sequence: failed to process inputs: unexpected EOF")
    if len(prompt) > 100_000:
        return error(400, "the input length exceeds the context length")
    said = {"message": {"role": "assistant", "content": prompt}} if asked.path == "/api/chat" else {"response": prompt}
    counts = {"prompt_eval_count": 1, "eval_count": 1}
    return records(said | counts | {"done": True, "done_reason": "stop" if prompt else "load"})


def serve(stub: StubOllama) -> None:
    stub.on("/api/version", records({"version": "0.24.0"}))
    stub.on("/api/tags", records({"models": [{"name": MODEL, "digest": "a" * 64}]}))
    stub.on("/api/show", records({"capabilities": ["completion", "vision"]}))
    stub.answering("/api/generate", echo)
    stub.answering("/api/chat", echo)


@dataclass(frozen=True)
class Run:
    """All cases, each after a good job, in one worker."""

    results: dict[str, Result]
    """Case or good job → result."""
    failed: dict[str, FailedJob]
    """Case → its failed job, where there is one."""
    survived: bool
    log: str
    metrics: str
    left: int
    """Messages in the queue and in the dead-letter queue."""
    notes: list[str]
    """What subscribers were told."""
    traces: bytes = b""
    """What the worker sent to a collector of traces."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folder = tmp_path_factory.mktemp("bad-input")
    with moto_server(folder) as endpoint, stub_ollama() as stub, stub_ollama() as collector:
        serve(stub)
        collector.on("/v1/traces", records({}))
        with worker_process(folder, POOL, endpoint, stub.url, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url) as worker:
            answered = sent_and_answered(worker)
        traces = b"".join(asked.body for asked in collector.asked)  # the last are sent when the worker leaves
        canary.saw(traces.decode(errors="replace"), "traces")
        yield replace(answered, traces=traces)


def sent_and_answered(worker: WorkerProcess) -> Run:
    """Everything is sent while the worker works, and answered within a minute."""
    pid, started = worker.process.pid, worker.process.create_time()
    told, began = worker.aws.subscribed(worker.live.topic_arn or ""), time.monotonic()
    ids = {name: sent(worker, case) for case in CASES for name, case in (good_job(case.name), (case.name, case))}
    place = worker.config.results
    try:
        eventually(lambda: finished(worker) >= len(set(ids.values())) and waiting(worker) == 0, ALL_SECONDS)
    except AssertionError as slow:
        missing = [name for name, job_id in ids.items() if not there(worker, place.result(job_id))]
        raise AssertionError(f"not answered within {ALL_SECONDS} s: {missing}; {worker.log[-2000:]}") from slow
    print(f"\n{len(ids)} jobs, half of them bad, took {time.monotonic() - began:.0f} s")  # noqa: T201 - shown by pytest -s
    failures = {name: place.failed(job_id) for name, job_id in ids.items() if there(worker, place.failed(job_id))}
    return Run(
        results={name: Result.model_validate_json(read(worker, place.result(job_id))) for name, job_id in ids.items()},
        failed={name: FailedJob.model_validate_json(read(worker, key)) for name, key in failures.items()},
        survived=psutil.pid_exists(pid) and psutil.Process(pid).create_time() == started,
        log=worker.log,
        metrics=worker.metrics(),
        left=waiting(worker),
        notes=worker.aws.notifications(told),
    )


def good_job(before: str) -> tuple[str, Case]:
    job_id = f"good-{uuid.uuid4().hex}"
    body = json.dumps({"id": job_id, "prompt": f"{canary.PROMPT} before {before}"})
    return f"before {before}", Case(f"before {before}", body, None, id=job_id)


def sent(worker: WorkerProcess, case: Case) -> str:
    """Send a case; returns the id that its result has."""
    place = worker.config.results
    if case.stored is not None and case.id is not None:
        worker.aws.s3.put_object(Bucket=place.bucket, Key=place.job(case.id), Body=case.stored)
    answer = worker.aws.sqs.send_message(
        QueueUrl=worker.config.queue.url, MessageBody=case.body, MessageAttributes=case.attributes
    )
    return case.id or answer["MessageId"]


def finished(worker: WorkerProcess) -> int:
    pages = worker.aws.s3.get_paginator("list_objects_v2").paginate(Bucket="acme-llm", Prefix="documents/results/")
    return sum(len(page.get("Contents", [])) for page in pages)


def waiting(worker: WorkerProcess) -> int:
    kinds: Any = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible")
    kinds += ("ApproximateNumberOfMessagesDelayed",)
    queues = (worker.config.queue.url, worker.config.queue.dead_letter_url)
    return sum(
        int(number)
        for url in queues
        for number in worker.aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=kinds)["Attributes"].values()
    )


def there(worker: WorkerProcess, key: str) -> bool:
    try:
        worker.aws.s3.head_object(Bucket="acme-llm", Key=key)
    except worker.aws.s3.exceptions.ClientError:
        return False
    return True


def read(worker: WorkerProcess, key: str) -> bytes:
    return worker.aws.s3.get_object(Bucket="acme-llm", Key=key)["Body"].read()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
def test_what_is_wrong_is_told(case: Case, run: Run) -> None:
    result = run.results[case.name]
    assert result.failures == ()  # no attempt is charged
    if case.code is None:
        assert (result.status, result.error) == ("succeeded", None)
        return
    assert result.error is not None
    told = f"{result.error.message} {result.error.fix}"
    assert (result.error.code, [word for word in case.words if word not in told]) == (case.code, []), told
    assert canary.PROMPT not in told
    assert len(told) < 2000


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
def test_a_failed_job_is_kept_with_its_body(case: Case, run: Run) -> None:
    status = run.results[case.name].status
    assert (case.name in run.failed) == (status == "failed")
    if status == "failed":
        assert run.failed[case.name].body == case.body


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name.replace(" ", "-"))
def test_the_next_good_job_is_answered(case: Case, run: Run) -> None:
    assert run.results[f"before {case.name}"].text == f"{canary.PROMPT} before {case.name}"


def test_nothing_crashes_and_nothing_comes_twice(run: Run) -> None:
    ends = re.findall(r'laneway_messages_total\{end="(\w+)"', run.metrics)
    assert run.survived
    assert ends == ["committed"]
    assert run.left == 0
    assert [line for line in run.log.splitlines() if '"level": "error"' in line or "Traceback" in line] == []


def test_subscribers_are_told_of_each(run: Run) -> None:
    assert len(run.notes) >= 2 * len(CASES)


def test_each_has_its_trace(run: Run) -> None:
    assert run.traces.count(b"process job") == 2 * len(CASES)
