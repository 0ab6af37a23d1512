"""A worker on an Ollama that loads its model and then answers every generation with an error."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from laneway_worker.adapters.clock import SystemClock
from laneway_worker.adapters.ollama.client import Ollama
from laneway_worker.answer.prepared import prepared
from laneway_worker.live import Live
from laneway_worker.serving import Worker
from laneway_worker.testing.checker import DirectChecker
from laneway_worker.testing.memory import MemoryEvents, MemoryNotifier, MemoryQueue, MemoryStore
from support.ollama.stub import error, records
from support.waiting import eventually
from support.worker.lane import BUCKET, documents_with

if TYPE_CHECKING:
    from support.ollama.stub import Asked, Reply, StubOllama

ERRORS = [
    "an error was encountered while running the model: CUDA error: uncorrectable ECC error encountered",
    "llama-server process has terminated: exit status 1",
    "llama-server reported out-of-memory during startup",
    "timed out waiting for llama-server to start",
    "no slots available after 10 retries",
    "model requires more system memory (9.9 GiB) than is available (1.2 GiB)",
    "CUDA error: operation not supported",
    "something that nobody has seen yet",
]


@pytest.mark.parametrize("parallel", [1, 2])  # from two on, the worker asks before it takes a job
@pytest.mark.parametrize("words", ERRORS)
def test_an_ollama_that_answers_everything_with_an_error_charges_no_job(
    stub: StubOllama, words: str, parallel: int
) -> None:
    def answer(asked: Asked) -> Reply:
        return error(500, words) if asked.body.get("prompt") else records({"done": True, "done_reason": "load"})

    lane = documents_with(parallel=parallel, poll_seconds=1)
    config, live = lane.config, Live(lane.live)
    stub.on("/api/version", records({"version": "0.30.0"}))
    stub.on("/api/tags", records({"models": [{"name": config.model.name, "digest": "a" * 64}]}))
    stub.on("/api/show", records({"capabilities": ["completion"]}))
    stub.answering("/api/generate", answer)
    clock = SystemClock()
    queue, store = MemoryQueue(clock, 60, 1), MemoryStore(clock)
    runtime = Ollama(stub.url, config.model, live, clock)
    hearers = MemoryNotifier(), MemoryEvents()
    worker = Worker(config, live, "w", queue, store, *hearers, runtime, DirectChecker(prepared), clock)
    for number in range(4):
        queue.send(json.dumps({"id": f"job-{number}", "prompt": "Why?"}).encode())
    told = {config.results.model_facts(config.lane)}  # what the worker knows of its model, whoever is to blame
    worker.start()
    try:
        eventually(lambda: worker.engine.unusable and worker.consumer.held == 0)
        assert [key for bucket, key in store.objects if bucket == BUCKET and key not in told] == []
        assert [each.attributes for each in queue.messages.values()] == [{}] * 4
        assert sum(each.receives for each in queue.messages.values()) <= parallel
    finally:
        worker.consumer.leave()
        assert worker.consumer.wait_until_done(10)
