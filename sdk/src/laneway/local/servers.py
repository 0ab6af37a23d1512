"""One Ollama server a lane, with the lane's model; and waiting for a server to answer."""

from __future__ import annotations

import time
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import httpx

from laneway.local.cache import Cache
from laneway.local.errors import LocalError
from laneway.local.models import ModelStore
from laneway.local.ollama import Binary, RunningServer, find_ollama, server_environment
from laneway.local.ports import LOOPBACK, free_port

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from laneway.local.processes import Child, Children
    from laneway.local.say import Say
    from laneway.local.state import StateFolder
    from laneway.schema.pool import Lane, LLMWorkerPool

START_SECONDS = 30.0
TICK_SECONDS = 0.05


def start_ollamas(
    pool: LLMWorkerPool,
    state: StateFolder,
    children: Children,
    environment: Mapping[str, str],
    say: Say,
    stack: ExitStack,
) -> dict[str, str]:
    """Lane → URL of its Ollama, which has the lane's model; stopped when the stack closes. Raises `LocalError`."""
    cache = Cache(environment)
    found = find_ollama(environment, cache, say)
    where = found.url if isinstance(found, RunningServer) else f"{found.path} ({found.origin})"
    say.line(f"Ollama: {where}")
    if isinstance(found, RunningServer):
        urls = {lane.name: found.url for lane in pool.spec.lanes}
    else:
        with say.step("starting Ollama, one server a lane"):
            urls = {
                lane.name: _start(pool, lane, found, cache, state, children, environment, stack)
                for lane in pool.spec.lanes
            }
    with cache.locked():
        for lane in pool.spec.lanes:
            with closing(ModelStore(urls[lane.name], cache.root, say)) as store:
                store.ensure(pool.model_of(lane).name)
    return urls


def _start(
    pool: LLMWorkerPool,
    lane: Lane,
    binary: Binary,
    cache: Cache,
    state: StateFolder,
    children: Children,
    environment: Mapping[str, str],
    stack: ExitStack,
) -> str:
    port = free_port()
    own = server_environment(
        environment,
        port=port,
        models=cache.models,
        home=state.home,
        parallel=lane.parallel,
        context=pool.model_of(lane).context_length,
    )
    log = state.logs / f"ollama-{lane.name}.log"
    child = children.start(f"ollama-{lane.name}", [str(binary.path), "serve"], own, log)
    stack.callback(child.stop)
    url = f"http://{LOOPBACK}:{port}"
    wait_for(f"{url}/api/version", child, log)
    return url


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
