"""One Ollama server a lane, restarted when it dies, with the lane's model; and waiting for a server to answer."""

from __future__ import annotations

import time
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import httpx

from laneway.local.errors import LocalError
from laneway.local.ollama.cache import Cache
from laneway.local.ollama.find import RunningServer, find_ollama, server_environment, version_of
from laneway.local.ollama.models import ModelStore
from laneway.local.processes.children import how_ended
from laneway.local.processes.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from laneway.local.processes.children import Child, Children
    from laneway.local.say import Say
    from laneway.local.state import StateFolder
    from laneway.schema.pool.pool import LLMWorkerPool

START_SECONDS = 120.0  # where others have the cores, an emulator takes more than 30 s to import itself
TICK_SECONDS = 0.05
RESTART_SECONDS = 1.0


class OllamaServer:
    """A lane's own Ollama. `tend` is called by the main thread, again and again."""

    def __init__(
        self, lane: str, program: Path, environment: Mapping[str, str], log: Path, children: Children, say: Say
    ) -> None:
        """Starts it; `environment` names its address."""
        self.lane = lane
        self.name = f"ollama-{lane}"
        self.url = f"http://{environment['OLLAMA_HOST']}"
        self._command = [str(program), "serve"]
        self._environment = environment
        self._log = log
        self._children = children
        self._say = say
        self._next_start = 0.0
        self._child = self._start()

    def _start(self) -> Child:
        return self._children.start(self.name, self._command, self._environment, self._log)

    def wait_until_answering(self) -> None:
        """Raises `LocalError` where it does not come up."""
        wait_for(f"{self.url}/api/version", self._child, self._log)

    def tend(self, now: float) -> None:
        """Start it again where it has died, at the same address; `now` is monotonic."""
        if self._child.process.poll() is None or now < self._next_start:
            return
        self._say.line(f"{self.name} ended with {how_ended(self._child)}, starting it again ({self._log})")
        self._child.stop()  # its runner may have outlived it
        self._next_start = now + RESTART_SECONDS
        self._child = self._start()

    def start_anew(self, why: str) -> None:
        """End it; the next `tend` starts it."""
        self._say.line(f"{self.name} is started anew: {why} ({self._log})")
        self._child.stop()

    def stop(self) -> None:
        """End it and its runner."""
        self._child.stop()


def start_ollamas(
    pool: LLMWorkerPool,
    state: StateFolder,
    children: Children,
    environment: Mapping[str, str],
    say: Say,
    stack: ExitStack,
) -> tuple[dict[str, str], list[OllamaServer]]:
    """Lane → URL of its Ollama, which has the lane's model, and the servers that are ours to tend.

    They are stopped when the stack closes. Raises `LocalError`.
    """
    cache = Cache(environment)
    found = find_ollama(environment, cache, say)
    say.line(f"Ollama: {found.url if isinstance(found, RunningServer) else f'{found.path} ({found.origin})'}")
    if pool.spec.engine:
        say.line(f"engine is for clusters: {pool.spec.engine} is left alone, this machine has one Ollama")
    if pool.model_volume:
        say.line(f"modelStore is for clusters: the {pool.model_volume.told} is left alone, Ollama pulls the models")
    servers: list[OllamaServer] = []
    if isinstance(found, RunningServer):
        urls = {lane.name: found.url for lane in pool.spec.lanes}
    else:
        with say.step("starting Ollama, one server a lane"):
            for lane in pool.spec.lanes:
                own = server_environment(
                    environment,
                    port=free_port(),
                    models=cache.models,
                    home=state.home,
                    parallel=lane.parallel,
                    context=pool.model_of(lane).context_length,
                )
                log = state.logs / f"ollama-{lane.name}.log"
                servers.append(OllamaServer(lane.name, found.path, own, log, children, say))
                stack.callback(servers[-1].stop)
            for server in servers:
                server.wait_until_answering()
        urls = {lane.name: server.url for lane, server in zip(pool.spec.lanes, servers, strict=True)}
    say.line(f"Ollama's version: {version_of(next(iter(urls.values())))}")
    for lane in pool.spec.lanes:
        with closing(ModelStore(urls[lane.name], cache, say)) as store:
            store.ensure(pool.model_of(lane).name)
    return urls, servers


def wait_for(url: str, child: Child, log: Path) -> None:
    """Wait until a child answers at a URL; raises `LocalError`, which names its log."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            httpx.get(url, trust_env=False, timeout=START_SECONDS)
        except httpx.HTTPError:
            if child.process.poll() is not None:
                raise LocalError(f"{child.name} ended at once; its last words are in {log}") from None
            time.sleep(TICK_SECONDS)
        else:
            return
    raise LocalError(f"{child.name} did not answer at {url} within {START_SECONDS:g} s; look into {log}")
