"""Who is measured: the worker, the worker without some of its parts, and other queues that do the same work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import psutil

from bench.worker.emulator import BUCKET
from bench.worker.lanes import TESTS, WORKER, job, lane_documents, worker
from laneway.schema.pool.queues.queue import QueueURLs
from support.aws.moto import CREDENTIALS, REGION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from bench.worker.emulator import Emulator

PEERS_PYTHON = os.environ.get("BENCH_PEERS", "")
"""The interpreter of an environment with the dependency group `bench`; without it the peers are left out."""
PEERS = "bench.worker.peers"
CELERY = ("-m", "celery", "-A", f"{PEERS}.celery_peer", "worker", "--pool=threads", "--loglevel=warning", "-c")
DRAMATIQ = ("-m", "dramatiq", f"{PEERS}.dramatiq_peer", "--processes=1", "--threads")
CUT = (sys.executable, "-m", "bench.worker.cut_worker")
RESULTS = "results/"
STOP_SECONDS = 10.0
MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Setting:
    """What all that are compared have in common."""

    emulator: Emulator
    endpoint: str
    """The emulator's own, or that of a recorder before it."""
    engine: str
    folder: Path
    slots: int
    visibility_seconds: int = 60
    tokens: int = 1
    work_seconds: float = 0.0
    """How long a peer's task takes, where the worker's job has `tokens`."""


@dataclass(frozen=True)
class Running:
    """A process that works off a queue."""

    process: psutil.Process
    queue: str
    prefix: str
    """Of the keys of its results."""
    send: Callable[[int], None]
    """Send so many jobs."""

    def cpu_seconds(self) -> float:
        """User and system time of the process and its children."""
        times = [each.cpu_times() for each in self._family()]
        return sum(each.user + each.system for each in times)

    def megabytes(self) -> float:
        """Resident sets of the process and its children."""
        return float(sum(each.memory_info().rss for each in self._family()) / MEGABYTE)

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Nothing of it runs meanwhile."""
        os.killpg(self.process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(self.process.pid, signal.SIGCONT)

    def kill(self) -> None:
        """SIGKILL, to all of it at once."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def _family(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]


class Contender(Protocol):
    """Starts one; without a queue on a new one."""

    def __call__(
        self, setting: Setting, queue: str | None = None, prefix: str | None = None
    ) -> AbstractContextManager[Running]: ...


@dataclass(frozen=True)
class Laneway:
    """The worker, less the parts that `cut` names."""

    cut: Sequence[str] = ()
    topic: bool = False

    @contextmanager
    def __call__(self, setting: Setting, queue: str | None = None, prefix: str | None = None) -> Iterator[Running]:
        emulator = setting.emulator
        changes: dict[str, Any] = {"queue": QueueURLs(url=queue, dead_letter_url=queue)} if queue else {}
        changes |= {"results": {"bucket": BUCKET, "prefix": prefix.removesuffix(RESULTS)}} if prefix else {}
        documents = lane_documents(
            emulator,
            endpoint=setting.endpoint,
            ollama_url=setting.engine,
            parallel=setting.slots,
            visibility_seconds=setting.visibility_seconds,
            topic_arn=emulator.topic() if self.topic else None,
            **changes,
        )
        command = [*CUT, ",".join(self.cut)] if self.cut else WORKER

        def send(count: int) -> None:
            emulator.fill(documents.config.queue.url, [job(number, setting.tokens) for number in range(count)])

        with worker(documents, setting.folder, command) as lane:
            yield Running(lane.process, lane.queue, documents.config.results.prefix + RESULTS, send)


@dataclass(frozen=True)
class Peer:
    """A module of `peers`."""

    module: str
    command: Sequence[str] = ()
    """Arguments of the interpreter; the slots are added. Without: the module itself."""
    interpreter: str = PEERS_PYTHON
    prefetch: int = 1
    """What Celery calls the prefetch multiplier."""

    @contextmanager
    def __call__(self, setting: Setting, queue: str | None = None, prefix: str | None = None) -> Iterator[Running]:
        queue = queue or setting.emulator.queue(setting.visibility_seconds)
        prefix = prefix or f"{uuid.uuid4().hex}/"
        environment = _environment(setting, queue, prefix) | {"BENCH_PREFETCH": str(self.prefetch)}

        def send(count: int) -> None:
            direct = environment | {"BENCH_ENDPOINT": setting.emulator.endpoint}
            subprocess.run([self.interpreter, "-m", f"{PEERS}.{self.module}", str(count)], env=direct, check=True)

        arguments = [*self.command, str(setting.slots)] if self.command else ["-m", f"{PEERS}.{self.module}"]
        with _process([self.interpreter, *arguments], environment, setting.folder / f"{self.module}.log") as process:
            yield Running(process, queue, prefix, send)


PLAIN = Peer("plain_peer", interpreter=sys.executable)
CELERY_PEER = Peer("celery_peer", CELERY)
CELERY_BY_DEFAULT = replace(CELERY_PEER, prefetch=4)
OTHERS: dict[str, Peer] = {
    "Celery over SQS": CELERY_PEER,
    "dramatiq-sqs": Peer("dramatiq_peer", DRAMATIQ),
}


def others() -> dict[str, Peer]:
    """The other queues, where they are installed."""
    return OTHERS if PEERS_PYTHON else {}


def _environment(setting: Setting, queue: str, prefix: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(setting.folder),
        "PYTHONPATH": TESTS,
        **CREDENTIALS,
        "AWS_DEFAULT_REGION": REGION,
        "BENCH_ENDPOINT": setting.endpoint,
        "BENCH_REGION": REGION,
        "BENCH_QUEUE": queue,
        "BENCH_BUCKET": BUCKET,
        "BENCH_PREFIX": prefix,
        "BENCH_SLOTS": str(setting.slots),
        "BENCH_VISIBILITY": str(setting.visibility_seconds),
        "BENCH_WORK_SECONDS": str(setting.work_seconds),
    }


@contextmanager
def _process(command: Sequence[str], environment: dict[str, str], log: Path) -> Iterator[psutil.Process]:
    """A child that leads its own session; at the end nothing of it is left."""
    with (
        log.open("ab") as output,
        subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        ) as child,
    ):
        try:
            yield psutil.Process(child.pid)
        finally:
            child.terminate()
            with suppress(subprocess.TimeoutExpired):
                child.wait(STOP_SECONDS)
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
