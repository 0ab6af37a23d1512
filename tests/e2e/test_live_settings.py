"""A worker as a process whose live document is changed under it, as `laneway-worker --live FILE` reads it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from laneway.schema.job.result import Result
from support.aws.moto import moto_server
from support.inputs.pools import pool_with
from support.ollama.stub import records, stub_ollama
from support.waiting import eventually
from support.worker.process import WorkerProcess, worker_process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MODEL = "stub:latest"
POOL = pool_with(
    model={"name": MODEL, "contextLength": 512}, results={"s3": {"bucket": "acme-llm", "prefix": "documents/"}}
)
SAID = {"response": "Paris", "done": True, "done_reason": "stop", "prompt_eval_count": 1, "eval_count": 1}
SECONDS = 60.0  # five between two looks, on a machine of our own


class Running:
    """A worker, and the file that it reads again."""

    def __init__(self, worker: WorkerProcess, file: Path) -> None:
        self.worker = worker
        self._file = file

    def edit(self, **fields: Any) -> None:
        """As a person or the kubelet does: a whole new file in its place."""
        made = self._file.with_suffix(".new")
        made.write_text(json.dumps(json.loads(self.worker.live.model_dump_json()) | fields))
        made.rename(self._file)

    def break_off(self) -> None:
        self._file.write_text(self.worker.live.model_dump_json()[:50])

    def said(self, words: str, times: int = 1) -> None:
        """Wait until it has."""
        eventually(lambda: self.worker.log.count(words) >= times, SECONDS)

    def send(self, job_id: str) -> None:
        body = json.dumps({"id": job_id, "prompt": "Capital of France?"})
        self.worker.aws.sqs.send_message(QueueUrl=self.worker.config.queue.url, MessageBody=body)

    def result(self, job_id: str) -> Result:
        key = self.worker.config.results.result(job_id)

        def is_there() -> bool:
            return bool(self.worker.aws.s3.list_objects_v2(Bucket="acme-llm", Prefix=key)["KeyCount"])

        eventually(is_there, SECONDS)
        return Result.model_validate_json(json.dumps(self.worker.aws.object("acme-llm", key)))

    def waits(self) -> bool:
        """Whether a message may be received: nobody takes it."""
        url = self.worker.config.queue.url
        found = self.worker.aws.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
        return found["Attributes"]["ApproximateNumberOfMessages"] == "1"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    with moto_server(tmp_path) as endpoint, stub_ollama() as stub:
        stub.on("/api/version", records({"version": "0.24.0"}))
        stub.on("/api/tags", records({"models": [{"name": MODEL, "digest": "a" * 64}]}))
        stub.on("/api/show", records({"capabilities": ["completion"]}))
        stub.on("/api/generate", records(SAID))
        with worker_process(tmp_path, POOL, endpoint, stub.url) as worker:
            yield Running(worker, tmp_path / "lane.live.json")


def test_a_worker_obeys_what_its_file_says_now_and_outlives_what_it_cannot_read(running: Running) -> None:
    running.send("before")
    cost = running.result("before").cost
    assert cost is not None
    assert cost.usd is None

    running.edit(suspended=True, price_per_hour=36.0, weight=3)
    running.said("settings changed")
    running.said("fields that this worker is too old for")
    running.send("during")
    eventually(running.waits, SECONDS)

    running.break_off()
    running.said("can't be used, and what was read before holds")
    assert running.waits(), "it is still suspended"

    running.edit(price_per_hour=36.0)
    running.said("settings changed", 2)
    cost = running.result("during").cost
    assert cost is not None
    assert cost.usd is not None
