"""The test image of the sidecar: today's Ollama, with two small models to be linked into the models folder."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tarfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from laneway.local.errors import LocalError
from laneway.local.ollama.cache import Cache
from support.images.builders.layers import add_data, add_file
from support.images.builders.oci import write_archive
from support.images.store import RECIPE, Image, key, reference
from support.ollama import newest
from support.ollama.real import GEMMA, SMOLLM, fill_cache
from support.toolchain.toolbox import ToolMissing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from support.images.store import Store

ENTRYPOINT = "/usr/local/bin/ollama-seeded"
SCRIPT = RECIPE / "contents/ollama-seeded.sh"
SOURCES = (SCRIPT, *(RECIPE / name for name in ("contents/ollama.py", "builders/layers.py", "builders/oci.py")))
MODELS = (GEMMA, SMOLLM)
CONFIG = {
    "Env": ["PATH=/usr/local/bin:/usr/bin:/bin", "OLLAMA_HOST=0.0.0.0:11434"],  # as in the official image
    "User": "65532:65532",
    "Entrypoint": [ENTRYPOINT],
    "Cmd": ["serve"],
    "ExposedPorts": {"11434/tcp": {}},
}


def ollama(base: Image) -> Image:
    """Its key is that of the binaries and the models' manifests, so the cache is filled first; raises `LocalError`."""
    models = _models()
    texts = [(models / manifest(each)).read_text() for each in MODELS]
    build = partial(_build, base=base, models=models)
    return Image("ollama", key([base.key, newest.folder().name, *texts], SOURCES), build, ("mmdebstrap",))


def manifest(model: str) -> Path:
    """Where a models folder has it; the hash of the file is the model's digest."""
    name, tag = model.split(":")
    return Path("manifests", "registry.ollama.ai", "library", name, tag)


def _models() -> Path:
    """Without the seconds that a look into a filled cache with a running Ollama takes."""
    environment = {name: value for name, value in os.environ.items() if name != "OLLAMA_HOST"}
    cache = Cache(environment)
    if all((cache.models / manifest(each)).exists() for each in MODELS):
        return cache.models
    return fill_cache()[1]


def _engine() -> Path:
    try:
        return newest.build()
    except ToolMissing as error:
        raise LocalError(str(error)) from error


def _build(store: Store, target: Path, base: Image, models: Path) -> None:
    engine = _engine()
    layer = target.with_name("layer.tar")
    with tarfile.open(layer, "w") as out:
        for program in newest.PROGRAMS:
            add_file(out, engine / program, f"usr/local/{program}", 0o755)
        add_data(out, SCRIPT.read_bytes(), ENTRYPOINT, 0o755)
        _add_models(out, models, MODELS, "seed/")
    write_archive(target, reference("ollama"), layer, CONFIG, below=store.get(base))


def model_image(target: Path, name: str, wanted: Sequence[str]) -> str:
    """An archive of an image that is a models folder and nothing else, as `FROM scratch` and one `COPY` make it.

    Returns the digest of the first model.
    """
    models = _models()
    layer = target.with_name("layer.tar")
    with tarfile.open(layer, "w") as out:
        _add_models(out, models, wanted, "")
    write_archive(target, name, layer, {})
    layer.unlink()
    return _digest(models, wanted[0])


def add_to_folder(folder: Path, model: str) -> str:
    """Put a model into a models folder, for everybody to read; returns its digest."""
    models = _models()
    for path in _paths(models, (model,)):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(models / path, folder / path)
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return _digest(models, model)


def _digest(models: Path, model: str) -> str:
    return f"sha256:{hashlib.sha256((models / manifest(model)).read_bytes()).hexdigest()}"


def _add_models(out: tarfile.TarFile, models: Path, wanted: Sequence[str], below: str) -> None:
    for path in _paths(models, wanted):
        add_file(out, models / path, f"{below}{path}", 0o644)


def _paths(models: Path, wanted: Sequence[str]) -> list[Path]:
    """What the models are made of; the manifest comes last, as what makes a model be there."""
    manifests = [manifest(each) for each in wanted]
    return [*sorted({blob for each in manifests for blob in _blobs(models / each)}), *manifests]


def _blobs(manifest: Path) -> list[Path]:
    described = json.loads(manifest.read_text())
    return [Path("blobs", each["digest"].replace(":", "-")) for each in (described["config"], *described["layers"])]
