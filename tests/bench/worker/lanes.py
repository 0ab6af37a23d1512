"""A lane's worker as a process of its own, started as in a cluster: `laneway-worker --config …`."""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.worker.emulator import BUCKET
from laneway.schema.job.keys import Place
from laneway.schema.pool.documents.lane_config import LaneModel
from laneway.schema.pool.documents.live_config import LaneLimits
from laneway.schema.pool.queues.queue import QueueURLs
from support.aws.moto import CREDENTIALS, REGION
from support.processes import free_port, server
from support.waiting import eventually
from support.worker.documents import documents_of, written

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import psutil

    from bench.worker.emulator import Emulator
    from laneway.schema.pool.documents.lane_config import LaneConfig
    from laneway.schema.pool.documents.lane_documents import LaneDocuments

TESTS = str(Path(__file__).parents[2])
STUB = "stub"
WORKER = (sys.executable, "-m", "laneway_worker")
READY_SECONDS = 60.0


@dataclass(frozen=True)
class Lane:
    """A running worker."""

    config: LaneConfig
    process: psutil.Process
    log: Path

    @property
    def queue(self) -> str:
        """The URL of its queue."""
        return self.config.queue.url


def lane_documents(emulator: Emulator, **changes: Any) -> LaneDocuments:
    """A lane on new queues; `changes` are fields of its documents."""
    fields: dict[str, Any] = {
        "pool": "bench/worker",
        "lane": "one",
        "model": LaneModel(name=STUB, context_length=1024),
        "parallel": 1,
        "limits": LaneLimits(
            timeout_seconds=600, token_gap_seconds=120, expires_after_seconds=7200, max_attempts=1, max_tokens=4096
        ),
        "queue": QueueURLs(url=emulator.queue(), dead_letter_url=emulator.queue()),
        "results": Place(bucket=BUCKET, prefix=f"{os.urandom(4).hex()}/"),
        "region": REGION,
        "endpoint": emulator.endpoint,
        "ollama_url": "http://127.0.0.1:9",
        "health_address": f"127.0.0.1:{free_port()}",
        "drain_seconds": 5,
        "visibility_seconds": 60,
        "poll_seconds": 5,
    }
    return documents_of(fields | changes)


@contextmanager
def worker(documents: LaneDocuments, folder: Path, command: Sequence[str] = WORKER) -> Iterator[Lane]:
    """A worker that is ready; `command` gets the worker's arguments behind its own."""
    config = documents.config
    name = f"worker-{os.urandom(4).hex()}"
    log = folder / f"{name}.log"
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": python_path(), **CREDENTIALS}
    port = int(config.health_address.rpartition(":")[2])
    with server([*command, *written(documents, folder, name)], environment, port, log) as process:
        eventually(lambda: _ready(config), READY_SECONDS)
        yield Lane(config, process, log)


@contextmanager
def stub_engine(folder: Path, token_seconds: float = 0.0) -> Iterator[str]:
    """The URL of an Ollama that costs next to nothing."""
    port = free_port()
    command = [sys.executable, "-m", "bench.worker.stub_engine", str(port), str(token_seconds)]
    with server(command, {"PYTHONPATH": TESTS}, port, folder / f"engine-{port}.log"):
        yield f"http://127.0.0.1:{port}"


def python_path() -> str:
    """For processes that import the benchmark's modules."""
    return os.pathsep.join([TESTS, *filter(None, [os.environ.get("PYTHONPATH")])])


def job(number: int, tokens: int = 1, prompt: str = "Once upon a time", **options: Any) -> str:
    """A message's body."""
    wanted = {"num_predict": tokens, **options}
    return json.dumps({"id": f"job-{number}-{os.urandom(3).hex()}", "prompt": prompt, "options": wanted})


def _ready(config: LaneConfig) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"http://{config.health_address}/readyz", timeout=3) as answer:
        return bool(answer.status == 200)
    return False
