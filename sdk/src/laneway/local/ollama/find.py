"""Finds an Ollama to run: one that runs already, one on PATH, or one built here from its Go module."""

from __future__ import annotations

import platform
import shutil
import subprocess
import tempfile
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from laneway.local.errors import LocalError
from laneway.local.ollama.address import address_in
from laneway.local.processes.children import kill_group, without_aws
from laneway.local.processes.ports import LOOPBACK
from laneway.schema.pool.pods.ollama_variables import PROMPT_CACHE
from laneway.schema.shared.names import GATEWAY_SERVER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from laneway.local.ollama.cache import Cache
    from laneway.local.say import Say

VERSION = "0.11.4"  # the newest whose Go module builds with everything it needs and runs models by itself
MODULE = f"github.com/ollama/ollama@v{VERSION}"
LDFLAGS = f"-s -w -X=github.com/ollama/ollama/version.Version={VERSION}"
SIMD_FLAGS = {"avx2", "fma", "f16c", "bmi2"}
"""CPU features of x86-64-v3; without them prompt evaluation is 20 times slower."""
BUILT = f"built here, version {VERSION}"
DOWNLOAD = "https://ollama.com/download"
ANSWER_SECONDS = 5.0
ENGINE_VARIABLES = ("OLLAMA_", "LLAMA_", "GIN_", "GOMEMLIMIT", "GOGC")
"""How those begin of Ollama, of llama-server below it, and of gin and Go, of which Ollama is made."""
PROMPT_CACHE_MIB = 512  # a lane; from 0.30 on each would keep 8 GiB of prompts in the memory of one's own machine
BUILD_SPACE_BYTES = 2 * 1024**3


@dataclass(frozen=True)
class RunningServer:
    """An Ollama that somebody else runs."""

    url: str


@dataclass(frozen=True)
class Binary:
    """An Ollama to start."""

    path: Path
    origin: str


def find_ollama(environment: Mapping[str, str], cache: Cache, say: Say) -> RunningServer | Binary:
    """At `OLLAMA_HOST`, on PATH, in the cache, or built into it; raises `LocalError`, which says how to install it."""
    found = look_for_ollama(environment, cache)
    if found is not None:
        return _answering(found) if isinstance(found, RunningServer) else found
    with cache.locked(say):
        if not _built(cache).exists():
            _build(cache, environment, say)
    return Binary(_built(cache), BUILT)


def look_for_ollama(environment: Mapping[str, str], cache: Cache) -> RunningServer | Binary | None:
    """What is there without building anything; raises `LocalError`."""
    if url := address_in(environment):
        return RunningServer(url)
    if on_path := shutil.which("ollama", path=environment.get("PATH")):
        return Binary(Path(on_path), "on PATH")
    return Binary(_built(cache), BUILT) if _built(cache).exists() else None


def _built(cache: Cache) -> Path:
    return cache.root / f"ollama-{VERSION}" / "ollama"


def version_of(url: str) -> str:
    """What the Ollama at a URL says that it is; raises what httpx raises, and `ValueError`."""
    return _version_in(_asked(url))


def _asked(url: str) -> httpx.Response:
    return httpx.get(f"{url}/api/version", timeout=ANSWER_SECONDS, trust_env=False)


def _version_in(answer: httpx.Response) -> str:
    return str(answer.raise_for_status().json().get("version"))


def _answering(server: RunningServer) -> RunningServer:
    try:
        answer = _asked(server.url)
        if answer.headers.get("server") == GATEWAY_SERVER:
            raise LocalError(
                f"{server.url} (OLLAMA_HOST) is the gateway of a pool, whose workers would ask it in a circle: unset "
                "OLLAMA_HOST here, it is for the clients of the pool"
            )
        _version_in(answer)
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        raise LocalError(f"no Ollama answers at {server.url} (OLLAMA_HOST); start it, or unset OLLAMA_HOST") from None
    return server


def _build(cache: Cache, environment: Mapping[str, str], say: Say) -> None:
    path = environment.get("PATH")
    missing = missing_build_tools(path)
    if missing:
        raise LocalError(
            f"there is no Ollama at OLLAMA_HOST or on PATH, and none can be built without {' and '.join(missing)}; "
            f"install Ollama ({DOWNLOAD}), or Go 1.24+ and a C++ compiler, and run again"
        )
    cache.require_space(BUILD_SPACE_BYTES, "building Ollama")
    with tempfile.TemporaryDirectory(prefix="laneway-build-", dir=cache.root) as scratch:
        with say.step(f"building Ollama {VERSION} from its Go module (once; 2 to 10 minutes)") as detail:
            _go_install(Path(scratch), environment, detail)
        _built(cache).parent.mkdir(exist_ok=True)
        (Path(scratch) / "bin" / "ollama").replace(_built(cache))


def missing_build_tools(path: str | None) -> list[str]:
    """What building Ollama needs and PATH lacks."""
    compilers = ("c++", "g++", "clang++")
    there = {
        "Go (go)": shutil.which("go", path=path) is not None,
        "a C++ compiler (c++)": any(shutil.which(name, path=path) for name in compilers),
    }
    return [name for name, found in there.items() if not found]


def _go_install(scratch: Path, environment: Mapping[str, str], detail: Callable[[str], None]) -> None:
    flags = f"-O3{' -march=x86-64-v3' if has_simd() else ''}"
    build = {
        **without_aws(environment),
        "CGO_ENABLED": "1",
        "CGO_CFLAGS": flags,
        "CGO_CXXFLAGS": flags,
        "GOBIN": str(scratch / "bin"),
        "GOCACHE": str(scratch / "cache"),
        "GOPATH": str(scratch / "path"),
        "GOFLAGS": "-modcacherw",  # so that the scratch folder can be deleted
    }
    newest: deque[str] = deque(maxlen=12)
    process = subprocess.Popen(
        ["go", "install", "-x", "-ldflags", LDFLAGS, MODULE],
        env=build,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        with process:
            for line in process.stdout or ():
                newest.append(line.rstrip())
                if line.startswith("cd "):  # what -x tells before each compiler call
                    detail(f"compiling {line.strip().rpartition('/pkg/mod/')[2] or 'the last parts'}")
    finally:
        kill_group(process.pid)  # Ctrl-C leaves no compiler behind
    if process.returncode != 0:
        tail = "\n  ".join(line for line in newest if not line.startswith(("mkdir", "cd ", "rm ")))
        raise LocalError(f"Ollama could not be built; install it instead ({DOWNLOAD}). Go's last words:\n  {tail}")


def has_simd() -> bool:
    """Whether this machine's CPU has x86-64-v3."""
    if platform.machine() not in ("x86_64", "AMD64"):
        return False
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    flags = next((line for line in text.splitlines() if line.startswith("flags")), "")
    return set(flags.split()) >= SIMD_FLAGS


def server_environment(
    environment: Mapping[str, str], *, port: int, models: Path, home: Path, parallel: int, context: int
) -> dict[str, str]:
    """Every variable of Ollama's that matters, set: a server must not depend on who starts it, nor act as them."""
    kept = {name: value for name, value in without_aws(environment).items() if not name.startswith(ENGINE_VARIABLES)}
    return kept | {
        "HOME": str(home),
        PROMPT_CACHE: str(PROMPT_CACHE_MIB),
        "OLLAMA_HOST": f"{LOOPBACK}:{port}",
        "OLLAMA_MODELS": str(models),
        "OLLAMA_NUM_PARALLEL": str(parallel),
        "OLLAMA_CONTEXT_LENGTH": str(context),
        "OLLAMA_KEEP_ALIVE": "-1",
        "OLLAMA_MAX_LOADED_MODELS": "1",
        "OLLAMA_NOPRUNE": "1",
        "OLLAMA_NO_CLOUD": "1",
        "OLLAMA_LOAD_TIMEOUT": "10m",
    }
