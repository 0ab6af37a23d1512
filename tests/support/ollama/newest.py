"""Today's Ollama: a server in Go that starts `llama-server` for each model, built once into the user's cache.

`python -m support.ollama.newest` builds it: Ollama from its Go module (tools/ollama), and `llama-server` from the
source that comes in a Python package; both are pinned by their hashes.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tarfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import uv

from laneway.local.errors import LocalError
from laneway.local.ollama.cache import Cache
from laneway.local.ollama.find import has_simd, missing_build_tools
from support.processes import ended
from support.toolchain.toolbox import GO_SETTINGS, HASH_LETTERS, ToolMissing, ToolSet, toolbox
from support.tools import missing

if TYPE_CHECKING:
    from support.toolchain.toolbox import Toolbox

VERSION = "0.32.15"
NAME = f"Ollama {VERSION}"
OLLAMA = ToolSet(
    "ollama",
    module="ollama",
    packages={"ollama": "github.com/ollama/ollama"},
    programs=(),  # one on PATH may be any version
    ldflags=f"-s -w -X github.com/ollama/ollama/version.Version={VERSION}",
    settings=GO_SETTINGS | {"CGO_ENABLED": "1"},
    minutes="1 to 3",
)
HERE = Path(__file__).parent
BUILDERS, SOURCE = HERE / "newest-tools.txt", HERE / "newest-source.txt"
CMAKE = {
    "CMAKE_BUILD_TYPE": "Release",
    "BUILD_SHARED_LIBS": "OFF",
    "GGML_NATIVE": "OFF",
    "LLAMA_BUILD_APP": "OFF",
    "LLAMA_BUILD_EXAMPLES": "OFF",
    "LLAMA_BUILD_TESTS": "OFF",
    "LLAMA_OPENSSL": "OFF",
    "LLAMA_USE_PREBUILT_UI": "OFF",  # it would be downloaded
}
SERVER, LLAMA_SERVER = PROGRAMS = ("bin/ollama", "lib/ollama/llama-server")  # the one looks there for the other
SIMD = ("GGML_AVX2", "GGML_BMI2", "GGML_F16C", "GGML_FMA")
SPACE_BYTES = 3 * 1024**3
TAIL_LINES = 8


@cache
def newest_ollama() -> Path:
    """Its binary, with `llama-server` where it looks for it; without it the test is skipped, or in CI fails."""
    try:
        return build() / SERVER
    except ToolMissing as error:
        what, how = error.what, error.how
    except LocalError as error:
        what, how = NAME, str(error)
    return missing(what, how)


def build() -> Path:
    """The folder that holds it, built where it is missing; raises `ToolMissing` or `LocalError`."""
    tools, target = toolbox(), folder()
    if not target.exists():
        with tools.locked("llama-server"):
            if not target.exists():
                _build(tools, target)
    return target


def folder() -> Path:
    """Where the build is, or will be: its name changes with everything that it depends on."""
    return Cache(os.environ).root / f"ollama-{VERSION}-{_key()}"


def _key() -> str:
    digest = hashlib.sha256(f"{OLLAMA.key()} {_settings()}".encode())
    for file in (BUILDERS, SOURCE):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:HASH_LETTERS]


def _settings() -> list[str]:
    simd = dict.fromkeys(SIMD, "ON") if has_simd() else {}
    return [f"-D{name}={value}" for name, value in (CMAKE | simd).items()]


def _build(tools: Toolbox, target: Path) -> None:
    if lacking := missing_build_tools(os.environ.get("PATH")):
        raise ToolMissing(NAME, f"install {' and '.join(lacking)}: `make cache` builds it")
    Cache(os.environ).require_space(SPACE_BYTES, f"building {NAME}")
    server = tools.built(OLLAMA) / "ollama"
    with tools.scratch() as scratch, tools.say.step(f"building llama-server for {NAME} (once; 5 to 15 min)"):
        programs = {SERVER: server, LLAMA_SERVER: _llama_server(scratch.with_name("source"))}
        for place, program in programs.items():
            (scratch / place).parent.mkdir(parents=True)
            shutil.copy2(program, scratch / place)
        scratch.rename(target)


def _llama_server(folder: Path) -> Path:
    """The binary, made in this folder; CMake and all else that it takes come from PyPI, too."""
    python = folder / "tools" / "bin" / "python"
    _run(uv.find_uv_bin(), "venv", "--quiet", "--no-config", "--python", sys.executable, str(folder / "tools"))
    hashes = ("--require-hashes", "--requirement")
    _run(uv.find_uv_bin(), "pip", "install", "--quiet", "--no-config", "--python", str(python), *hashes, str(BUILDERS))
    only_source = ("--no-deps", "--no-binary=:all:", "--no-build-isolation", "--quiet", "--dest", str(folder))
    _run(str(python), "-m", "pip", "download", *only_source, *hashes, str(SOURCE))
    with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
        archive.extractall(folder, filter="data")
    source, made = next(folder.glob("llama_cpp_python-*/vendor/llama.cpp")), folder / "made"
    cmake = str(python.with_name("cmake"))
    ninja = f"-DCMAKE_MAKE_PROGRAM={python.with_name('ninja')}"
    _run(cmake, "-G", "Ninja", ninja, "-S", str(source), "-B", str(made), *_settings())
    _run(cmake, "--build", str(made), "--target", "llama-server")
    return made / "bin" / "llama-server"


def _run(*command: str) -> None:
    environment = {**os.environ, "PATH": f"{Path(command[0]).parent}{os.pathsep}{os.environ['PATH']}"}
    done = ended(command, environment)
    if done.returncode != 0:
        tail = "\n  ".join(f"{done.stdout}\n{done.stderr}".strip().splitlines()[-TAIL_LINES:])
        raise ToolMissing(NAME, f"`make cache` builds it, but here `{Path(command[0]).name}` failed:\n  {tail}")


def main() -> int:
    """`make cache`: build it before tests ask for it; what can't be had only fails in CI."""
    try:
        build()
    except (ToolMissing, LocalError) as error:
        sys.stderr.write(f"the tests with {NAME} can't run: {error}\n")
        return int(os.environ.get("CI") == "true")
    return 0


if __name__ == "__main__":
    sys.exit(main())
