"""A real Ollama whose models can't be written, as those of an image volume can't."""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from typing import TYPE_CHECKING

import psutil
import pytest

from laneway_worker.adapters.clock import SystemClock
from laneway_worker.errors import ModelMissing, ModelPullFailed, ModelUnusable
from laneway_worker.ports.stop import Stop
from support.inputs.requests import request
from support.ollama.real import GEMMA, SMOLLM, copy_model, ollama_files, ollama_on
from support.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.ollama.real import OllamaServer

IMAGE = "registry.example/models/gemma3:270m"
OTHER_DIGEST = "sha256:" + "1" * 64
READ_ONLY, WRITABLE = 0o555, 0o755


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Gemma's files and no other, in folders in which nothing can be made."""
    made = tmp_path_factory.mktemp("image")
    copy_model(ollama_files()[1], GEMMA, made)
    _set_modes(made, READ_ONLY)
    yield made
    _set_modes(made, WRITABLE)


@pytest.fixture(scope="module")
def served(folder: Path, tmp_path_factory: pytest.TempPathFactory, engine: str) -> Iterator[OllamaServer]:
    with ollama_on(folder, tmp_path_factory.mktemp("home"), engine) as server:
        yield server


def _set_modes(folder: Path, mode: int) -> None:
    for each in [folder, *(path for path in folder.rglob("*") if path.is_dir())]:
        each.chmod(mode)


def files(folder: Path) -> dict[str, tuple[int, int]]:
    """Everything that is there, with size and time of its last change."""
    return {str(path.relative_to(folder)): (path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob("*")}


def digest_of(folder: Path) -> str:
    manifest = folder / "manifests/registry.ollama.ai/library" / GEMMA.replace(":", "/")
    return f"sha256:{hashlib.sha256(manifest.read_bytes()).hexdigest()}"


def test_a_model_that_can_not_be_written_serves_and_is_the_pinned_one(served: OllamaServer, folder: Path) -> None:
    before = files(folder)
    told: list[str] = []
    adapter = served.adapter(GEMMA, digest=digest_of(folder), volume=f"image {IMAGE}")
    assert adapter.prepare(told.append).digest == digest_of(folder)
    job = request(GEMMA, prompt="1, 2, 3, 4,", raw=True, options={"temperature": 0, "num_predict": 5})
    assert adapter.generate(job, Stop(SystemClock().condition())).completion_tokens == 5
    assert told == []
    assert files(folder) == before


def test_another_digest_than_the_pinned_one_names_both_and_the_image(served: OllamaServer, folder: Path) -> None:
    with pytest.raises(ModelUnusable) as caught:
        served.adapter(GEMMA, digest=OTHER_DIGEST, volume=f"image {IMAGE}").prepare()
    words = f"the pool pins {GEMMA} to {OTHER_DIGEST}; the image {IMAGE} has {digest_of(folder)}"
    assert str(caught.value) == words


def test_a_model_that_the_image_has_not_is_told_and_not_pulled(served: OllamaServer, folder: Path) -> None:
    before, pulled = files(folder), pulls(served)
    with pytest.raises(ModelMissing, match=f"^the image {IMAGE} has no {SMOLLM}; it holds {GEMMA}$"):
        served.adapter(SMOLLM, volume=f"image {IMAGE}").prepare()
    assert files(folder) == before
    assert pulls(served) == pulled


def test_nothing_could_be_pulled_into_it(served: OllamaServer, folder: Path, refused_url: str) -> None:
    """So the tests above would see a pull that was tried: this one does."""
    before, pulled = files(folder), pulls(served)
    with pytest.raises(ModelPullFailed):
        served.adapter(f"{refused_url.removeprefix('http://')}/team/other:1b").prepare()
    assert files(folder) == before
    eventually(lambda: pulls(served) == pulled + 1)


def test_an_image_that_is_no_model_folder_ends_ollama_with_the_words_that_the_operator_reads(
    tmp_path: Path, engine: str
) -> None:
    (tmp_path / "models").mkdir(mode=READ_ONLY)
    with (
        suppress(AssertionError),
        ollama_on(tmp_path / "models", tmp_path, engine) as server,
    ):  # it listens before it looks
        eventually(lambda: server.process.status() == psutil.STATUS_ZOMBIE)
    words = (tmp_path / "ollama.log").read_text().splitlines()[-1]
    assert re.match(rf"Error: mkdir {tmp_path}/models/blobs: ", words)


def pulls(server: OllamaServer) -> int:
    """Ollama writes a line for each request, once it is answered."""
    return server.log.read_text().count('"/api/pull"')
