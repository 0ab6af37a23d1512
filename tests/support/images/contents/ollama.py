"""The test image of the sidecar: the Ollama of the cache, with two small models to be linked into the models folder."""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from laneway.local.ollama.cache import Cache
from laneway.local.ollama.find import Binary, look_for_ollama
from support.images.builders.layers import add_data, add_file
from support.images.builders.oci import write_archive
from support.images.store import RECIPE, Image, key, reference
from support.ollama.real import GEMMA, SMOLLM, fill_cache

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
    """Its key is that of the binary and the models' manifests, so the cache is filled first; raises `LocalError`."""
    binary, models = _files()
    texts = [(models / manifest(each)).read_text() for each in MODELS]
    about = binary.stat()
    facts = [base.key, str(about.st_size), str(about.st_mtime_ns), *texts]
    build = partial(_build, base=base, binary=binary, models=models)
    return Image("ollama", key(facts, SOURCES), build, ("mmdebstrap",))


def manifest(model: str) -> Path:
    """Where a models folder has it; the hash of the file is the model's digest."""
    name, tag = model.split(":")
    return Path("manifests", "registry.ollama.ai", "library", name, tag)


def _files() -> tuple[Path, Path]:
    """Without the seconds that a look into a filled cache with a running Ollama takes."""
    environment = {name: value for name, value in os.environ.items() if name != "OLLAMA_HOST"}
    cache = Cache(environment)
    found = look_for_ollama(environment, cache)
    if isinstance(found, Binary) and all((cache.models / manifest(each)).exists() for each in MODELS):
        return found.path, cache.models
    return fill_cache()


def _build(store: Store, target: Path, base: Image, binary: Path, models: Path) -> None:
    layer = target.with_name("layer.tar")
    with tarfile.open(layer, "w") as out:
        add_file(out, binary.resolve(), "usr/local/bin/ollama", 0o755)
        add_data(out, SCRIPT.read_bytes(), ENTRYPOINT, 0o755)
        _add_models(out, models, MODELS, "seed/")
    write_archive(target, reference("ollama"), layer, CONFIG, below=store.get(base))


def model_image(target: Path, name: str, wanted: Sequence[str]) -> str:
    """An archive of an image that is a models folder and nothing else, as `FROM scratch` and one `COPY` make it.

    Returns the digest of the first model.
    """
    _, models = _files()
    layer = target.with_name("layer.tar")
    with tarfile.open(layer, "w") as out:
        _add_models(out, models, wanted, "")
    write_archive(target, name, layer, {})
    layer.unlink()
    return f"sha256:{hashlib.sha256((models / manifest(wanted[0])).read_bytes()).hexdigest()}"


def _add_models(out: tarfile.TarFile, models: Path, wanted: Sequence[str], below: str) -> None:
    manifests = [manifest(each) for each in wanted]
    for path in sorted({*manifests, *(blob for each in manifests for blob in _blobs(models / each))}):
        add_file(out, models / path, f"{below}{path}", 0o644)


def _blobs(manifest: Path) -> list[Path]:
    described = json.loads(manifest.read_text())
    return [Path("blobs", each["digest"].replace(":", "-")) for each in (described["config"], *described["layers"])]
