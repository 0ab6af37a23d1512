"""Strangers' programs, each in an environment of its own in the user's cache: Python's, node's, and Ollama's own tests.

`python -m support.strangers.environments` gets all; finished ones are found by what they were made of.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tarfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import uv

from laneway.local.errors import LocalError
from laneway.local.ollama.cache import Cache
from support.ollama.newest import OLLAMA
from support.processes import ended
from support.toolchain.toolbox import GO_SETTINGS, HASH_LETTERS, TOOLS, ToolMissing, toolbox
from support.tools import missing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PINS = Path(__file__).with_name("pins")
BUILD = 1  # counts the changes of how environments are made
SPACE_BYTES = 2 * 1024**3
TAIL_LETTERS = 400
PYTHON = Path("bin/python")
SUITE = "github.com/ollama/ollama/integration"
TAGS = "integration,fast"


@dataclass(frozen=True)
class Environment:
    """What is made once, of these pins."""

    name: str
    pins: tuple[str, ...]
    make: Callable[[Path], None]
    """Fills an empty folder; raises `ToolMissing`."""

    def folder(self) -> Path:
        """Where it is, made where it is missing; raises `ToolMissing` or `LocalError`."""
        tools = toolbox()
        target = tools.folder / f"{self.name}-{self._key()}"
        if not target.exists():
            with tools.locked(self.name):
                if not target.exists():
                    Cache(os.environ).require_space(SPACE_BYTES, f"installing {self.name}")
                    with tools.scratch() as scratch, tools.say.step(f"installing {self.name} (once; up to a minute)"):
                        self.make(scratch)
                        scratch.rename(target)
        return target

    def _key(self) -> str:
        digest = hashlib.sha256(f"{BUILD} {sys.implementation.cache_tag} {sys.base_prefix} {TAGS}".encode())
        for pin in self.pins:
            digest.update((PINS / pin).read_bytes())
        return digest.hexdigest()[:HASH_LETTERS]


def _python(requirements: str) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        with_python = ("--python", sys.executable, str(folder))
        _run([uv.find_uv_bin(), "venv", "--quiet", "--no-config", "--relocatable", "--allow-existing", *with_python])
        into = ("--python", str(folder / PYTHON), "--require-hashes", "--requirement", str(PINS / requirements))
        _run([uv.find_uv_bin(), "pip", "install", "--quiet", "--no-config", *into])

    return make


def _openai(folder: Path) -> None:
    """The library, and its tests, which come in its source alone."""
    _python("openai.txt")(folder)
    only_source = ("--no-deps", "--no-binary=:all:", "--no-build-isolation", "--quiet", "--require-hashes")
    wanted = ("--dest", str(folder), "--requirement", str(PINS / "openai-source.txt"))
    _run([str(folder / PYTHON), "-m", "pip", "download", *only_source, *wanted])
    archive = next(folder.glob("openai-*.tar.gz"))
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    archive.unlink()
    next(folder.glob("openai-*")).rename(folder / "source")


def _node(folder: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy2(PINS / name, folder)
    if shutil.which("npm") is None:
        raise ToolMissing("npm", "install Node.js 20 or newer (https://nodejs.org)")
    _run(["npm", "ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"], folder)


def _ollama(folder: Path) -> None:
    """Ollama's integration tests as a program, and what they read; of the same module as its newest server."""
    if shutil.which("go") is None:
        raise ToolMissing("Ollama's own tests", "install Go 1.26 or newer (https://go.dev/dl)")
    where = TOOLS / OLLAMA.module
    _run(["go", "test", "-c", "-tags", TAGS, "-o", str(folder / "integration.test"), SUITE], where)
    source = _run(["go", "list", "-tags", TAGS, "-f", "{{.Dir}}", SUITE], where).strip()
    (folder / "testdata").mkdir()
    for file in (Path(source) / "testdata").iterdir():
        if file.is_file():  # not `copytree`: the module cache is read-only, and so would be the copy
            shutil.copyfile(file, folder / "testdata" / file.name)


OPENAI = Environment("strangers-openai", ("openai.txt", "openai-source.txt"), _openai)
LANGCHAIN = Environment("strangers-langchain", ("langchain.txt",), _python("langchain.txt"))
LANGFLOW = Environment("strangers-langflow", ("langflow.txt",), _python("langflow.txt"))
LANGFLOW_SERVER = Environment("strangers-langflow-server", ("langflow-server.txt",), _python("langflow-server.txt"))
NODE = Environment("strangers-node", ("package-lock.json",), _node)
LITELLM = Environment("strangers-litellm", ("litellm.txt",), _python("litellm.txt"))
"""Only `make bench-gateway` wants it."""
OLLAMA_SUITE = Environment(f"strangers-ollama-{OLLAMA.key()}", (), _ollama)
ALL = (NODE, OPENAI, LANGCHAIN, LANGFLOW, LANGFLOW_SERVER, OLLAMA_SUITE)


@cache
def environment(wanted: Environment) -> Path:
    """Its folder; without it the test is skipped, or in CI fails."""
    try:
        return wanted.folder()
    except ToolMissing as error:
        what, how = error.what, error.how
    except LocalError as error:
        what, how = wanted.name, str(error)
    return missing(what, how)


def _run(command: Sequence[str], folder: Path | None = None) -> str:
    settings = GO_SETTINGS if command[0] == "go" else {}
    done = ended(command, {**os.environ, **settings}, folder)
    if done.returncode != 0:
        words = f"{done.stdout}\n{done.stderr}".strip()[-TAIL_LETTERS:]
        raise ToolMissing(Path(command[0]).name, f"`make cache-strangers` uses it, but here it failed: {words}")
    return done.stdout


def main() -> int:
    """`make cache-strangers`; what can't be had only fails in CI."""
    for each in ALL:
        try:
            each.folder()
        except (ToolMissing, LocalError) as error:
            sys.stderr.write(f"{each.name} can't be had: {error}\n")
            if os.environ.get("CI") == "true":
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
