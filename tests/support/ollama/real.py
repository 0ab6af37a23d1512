"""A real Ollama with two small models, as a child process."""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import psutil
from rich.console import Console

from laneway.local.errors import LocalError
from laneway.local.ollama.cache import Cache
from laneway.local.ollama.find import VERSION as BUILT
from laneway.local.ollama.find import Binary, find_ollama
from laneway.local.ollama.models import ModelStore
from laneway.local.say import ConsoleSay
from laneway.schema.pool.documents.lane_config import LaneModel
from laneway_worker.adapters.clock import SystemClock
from laneway_worker.adapters.ollama.client import Ollama
from support.inputs.requests import CONTEXT_LENGTH, live
from support.ollama import newest
from support.ollama.embedder import make_embedder
from support.processes import free_port, server
from support.tools import missing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

OBEYING = "-dac_override,-fowner"  # capabilities(7): by these root passes over modes
GEMMA = "gemma3:270m"
"""The base model: completes, does not chat."""
SMOLLM = "smollm2:135m"
"""Tuned for chat; knows no tools."""
ENGINES = (BUILT, newest.VERSION)
"""The Ollama that `laneway up` builds, or finds in its place, and the one that users run today."""
RUNNERS = ("runner", "llama-server")
"""What holds a model: an argument of Ollama's up to 0.24, a program of its own from 0.30 on."""


@cache
def ollama_files() -> tuple[Path, Path]:
    """The binary, and a models folder with GEMMA and SMOLLM."""
    try:
        return fill_cache()
    except LocalError as error:
        missing("Ollama with its test models", str(error))


def engine_files(engine: str) -> tuple[Path, Path]:
    """The binary of one of `ENGINES`, and the folder with the models, which all share."""
    binary, models = ollama_files()
    return (binary if engine == BUILT else newest.newest_ollama()), models


def fill_cache() -> tuple[Path, Path]:
    """Find or build Ollama and fetch the models, as `laneway up` does it; raises `LocalError`."""
    environment = {name: value for name, value in os.environ.items() if name != "OLLAMA_HOST"}
    say = ConsoleSay(Console(stderr=True))
    store = Cache(environment)
    found = find_ollama(environment, store, say)
    assert isinstance(found, Binary)
    with (
        TemporaryDirectory() as folder,
        _serve(found.path, store.models, Path(folder)) as running,
        closing(ModelStore(running.url, store, say)) as models,
    ):
        for name in (GEMMA, SMOLLM):
            models.ensure(name)
        with store.locked(say):
            make_embedder(running.url, store.models, SMOLLM)
    return found.path, store.models


class NoticingClock(SystemClock):
    """The system's clock, which tells that it was read: the adapter reads it at the first token."""

    def __init__(self) -> None:
        self.read = threading.Event()

    def now(self) -> datetime:
        self.read.set()
        return super().now()


@dataclass(frozen=True)
class OllamaServer:
    """A running Ollama."""

    url: str
    process: psutil.Process
    log: Path

    def adapter(
        self, model: str, digest: str | None = None, clock: SystemClock | None = None, volume: str | None = None
    ) -> Ollama:
        """The worker's adapter for a lane with this model, which a volume may hold."""
        lane_model = LaneModel(name=model, digest=digest, context_length=CONTEXT_LENGTH)
        return Ollama(self.url, lane_model, live(), clock or SystemClock(), volume)

    def runners(self) -> list[psutil.Process]:
        """The processes that hold a model."""
        return [child for child in self.process.children(recursive=True) if _runs_a_model(child)]


def _runs_a_model(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return any(Path(each).name in RUNNERS for each in process.cmdline()[:2])
    return False


@contextmanager
def ollama_server(folder: Path, slots: int = 1, engine: str = BUILT) -> Iterator[OllamaServer]:
    """Serve the test models until the end, so many requests at once."""
    with _serve(*engine_files(engine), folder, slots) as running:
        yield running


@contextmanager
def ollama_on(models: Path, folder: Path, engine: str, told: Mapping[str, str] | None = None) -> Iterator[OllamaServer]:
    """Serve what is in this folder of models, as somebody who obeys its modes: root would not; with more variables."""
    obeying = ("setpriv", f"--bounding-set={OBEYING}", f"--inh-caps={OBEYING}") if os.geteuid() == 0 else ()
    with _serve(engine_files(engine)[0], models, folder, prefix=obeying, told=told) as running:
        yield running


def copy_model(models: Path, name: str, target: Path) -> None:
    """One model of a folder into another."""
    manifest = Path("manifests", "registry.ollama.ai", "library", *name.split(":"))
    described = json.loads((models / manifest).read_text())
    digests = [each["digest"] for each in (described["config"], *described["layers"])]
    for path in (manifest, *(Path("blobs", each.replace(":", "-")) for each in digests)):
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(models / path, target / path)


@contextmanager
def _serve(
    binary: Path,
    models: Path,
    folder: Path,
    slots: int = 1,
    prefix: Sequence[str] = (),
    told: Mapping[str, str] | None = None,
) -> Iterator[OllamaServer]:
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "OLLAMA_HOST": f"127.0.0.1:{port}",
        "OLLAMA_MODELS": str(models),
        "OLLAMA_KEEP_ALIVE": "-1",
        "OLLAMA_NOPRUNE": "1",
        "OLLAMA_NUM_PARALLEL": str(slots),
        **(told or {}),
    }
    with server([*prefix, str(binary), "serve"], environment, port, folder / "ollama.log") as process:
        yield OllamaServer(f"http://127.0.0.1:{port}", process, folder / "ollama.log")


def main() -> int:
    """`make cache`: fill the cache before tests ask for it; what can't be had only fails in CI."""
    try:
        fill_cache()
    except LocalError as error:
        sys.stderr.write(f"the tests with a real Ollama can't run: {error}\n")
        return int(os.environ.get("CI") == "true")
    return 0


if __name__ == "__main__":
    sys.exit(main())
