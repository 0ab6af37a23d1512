"""The same Ollama behind itself, a pool's gateway, and LiteLLM's proxy."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

from bench.gateway.queue import BareQueue
from support.gateway.process import gateway_process
from support.local.pool import FIRST_READY_SECONDS, local_pool
from support.ollama.real import SMOLLM
from support.processes import free_port, server
from support.strangers.environments import LITELLM

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

START_SECONDS = 240.0  # LiteLLM imports for a minute on two busy cores
SLOTS = 8
OPEN = {"dangerously_permit_weak_or_unset_master_key": True}  # on loopback; the gateway asks for none there, either
POOL = f"""\
apiVersion: laneway.dev/v1alpha1
kind: LLMWorkerPool
metadata: {{name: bench}}
spec:
  model: {{name: "{SMOLLM}", contextLength: 2048}}
  results: {{s3: {{bucket: bench}}}}
  lanes:
  - name: only
    parallel: {SLOTS}
    limits: {{timeout: 10m, expiresAfter: 1h}}
"""


@dataclass(frozen=True)
class Contender:
    """A server, and the processes that it costs beside Ollama and AWS' emulator."""

    name: str
    url: str
    processes: Sequence[psutil.Process] = ()

    def cpu_seconds(self) -> float:
        """User and system time of them and their children, so far."""
        return sum(sum(each.cpu_times()[:2]) for each in self._all())

    def megabytes(self) -> float:
        """Resident memory."""
        return sum(each.memory_info().rss for each in self._all()) / 1e6

    def _all(self) -> list[psutil.Process]:
        return [one for each in self.processes for one in (each, *each.children(recursive=True))]


@contextmanager
def contenders(folder: Path) -> Iterator[tuple[tuple[Contender, ...], BareQueue]]:
    """All of them, ready, and a queue beside the one that the gateway sends through."""
    with local_pool(folder, POOL) as pool:
        pool.start()
        pool.wait_until_serving(FIRST_READY_SECONDS)
        engine = json.loads((pool.state / "lanes" / "only.json").read_text())["ollama_url"]
        with gateway_process(pool.state) as gateway, _litellm(folder, engine) as proxy:
            gateway.wait_until_ready()
            worker = psutil.Process(pool.pid_of("worker-only"))
            own = psutil.Process(gateway.process.pid)
            sides = (
                Contender("Ollama alone", engine),
                Contender("gateway", gateway.url, [own]),
                Contender("gateway, and its worker's CPU", gateway.url, [own, worker]),
                proxy,
            )
            yield sides, BareQueue(pool.aws.sqs)


@contextmanager
def _litellm(folder: Path, engine: str) -> Iterator[Contender]:
    port, found = free_port(), LITELLM.folder()
    parameters = {"model": f"ollama_chat/{SMOLLM}", "api_base": engine}
    settings = folder / "litellm.yaml"
    models = [{"model_name": SMOLLM, "litellm_params": parameters}]
    settings.write_text(json.dumps({"model_list": models, "general_settings": OPEN}))
    variables = {"PATH": os.environ["PATH"], "HOME": str(folder), "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    options = ["--config", str(settings), "--host", "127.0.0.1", "--port", str(port), "--telemetry", "False"]
    command = [str(found / "bin/litellm"), *options]
    with server(command, variables, port, folder / "litellm.log", START_SECONDS) as process:
        yield Contender("LiteLLM's proxy", f"http://127.0.0.1:{port}", [process])
