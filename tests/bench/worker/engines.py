"""A real Ollama with its own number of slots, and a load generator that asks it without any queue."""

from __future__ import annotations

import json
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from laneway.schema.job.job import Job
from laneway_worker.adapters.clock import SystemClock
from laneway_worker.adapters.ollama.client import Ollama
from laneway_worker.errors import JobError
from laneway_worker.live import Live
from laneway_worker.ports.stop import Stop
from laneway_worker.request.request import ollama_request
from support.ollama.real import GEMMA

if TYPE_CHECKING:
    from collections.abc import Sequence

    from laneway.schema.pool.documents.lane_documents import LaneDocuments

MODEL = GEMMA
CONTEXT_LENGTH = 1024
NANOSECONDS = 1e9


@dataclass(frozen=True)
class Run:
    """When one generation ran, by the system's clock."""

    started: float
    finished: float

    @property
    def seconds(self) -> float:
        """How long."""
        return self.finished - self.started


@dataclass(frozen=True)
class Direct:
    """One direct call."""

    run: Run
    engine_seconds: float
    """What Ollama accounts for."""


def ask(documents: LaneDocuments, body: str) -> Direct:
    """Ask Ollama for a job as the worker would, stream and all."""
    request = ollama_request(Job.model_validate_json(body), documents.config.model, documents.live.limits, None)
    started, final = time.time(), b"{}"
    url, seconds = f"{documents.config.ollama_url}{request.path}", httpx.Timeout(600)
    with httpx.stream("POST", url, json=request.body, timeout=seconds, trust_env=False) as answer:
        for line in answer.iter_lines():
            final = line.encode() or final
    record: dict[str, Any] = json.loads(final)
    return Direct(Run(started, time.time()), record.get("total_duration", 0) / NANOSECONDS)


def load_model(documents: LaneDocuments) -> None:
    """Have the model loaded."""
    Ollama(documents.config.ollama_url, documents.config.model, Live(documents.live), SystemClock()).prepare()


def hold_concurrency(documents: LaneDocuments, bodies: Sequence[str]) -> list[Run]:
    """The bare load generator: as many requests at once as there are slots, the next as soon as one ends."""
    clock = SystemClock()
    adapter = Ollama(documents.config.ollama_url, documents.config.model, Live(documents.live), clock)
    adapter.prepare()
    waiting, runs, lock = iter(bodies), list[Run](), threading.Lock()

    def work() -> None:
        while True:
            with lock:
                body = next(waiting, None)
            if body is None:
                return
            started = time.time()
            with suppress(JobError):  # small models repeat themselves: the time counts all the same
                adapter.generate(
                    ollama_request(Job.model_validate_json(body), documents.config.model, documents.live.limits, None),
                    Stop(clock.condition()),
                )
            runs.append(Run(started, time.time()))

    threads = [threading.Thread(target=work) for _ in range(documents.config.parallel)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return runs
