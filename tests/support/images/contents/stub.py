"""The test image of a sidecar that costs nothing, for many pods on a small machine: `stub_engine.py` as `ollama`."""

from __future__ import annotations

import tarfile
from functools import partial
from typing import TYPE_CHECKING

from support.images.builders.layers import add_data
from support.images.builders.oci import write_archive
from support.images.store import RECIPE, Image, key, reference

if TYPE_CHECKING:
    from pathlib import Path

    from support.images.store import Store

NAME = "stub-ollama"
PROGRAM = RECIPE / "contents/stub_engine.py"
ENTRYPOINT = "/usr/local/bin/ollama"
SOURCES = (PROGRAM, *(RECIPE / name for name in ("contents/stub.py", "builders/layers.py", "builders/oci.py")))
CONFIG = {
    "Env": ["PATH=/usr/local/bin:/usr/bin:/bin", "OLLAMA_HOST=0.0.0.0:11434"],
    "User": "65532:65532",
    "Entrypoint": [ENTRYPOINT],
    "Cmd": ["serve"],
}


def stub(base: Image) -> Image:
    """A layer of one file."""
    return Image(NAME, key([base.key], SOURCES), partial(_build, base=base), ("mmdebstrap",))


def _build(store: Store, target: Path, base: Image) -> None:
    layer = target.with_name("layer.tar")
    with tarfile.open(layer, "w") as out:
        add_data(out, PROGRAM.read_bytes(), ENTRYPOINT, 0o755)
    write_archive(target, reference(NAME), layer, CONFIG, below=store.get(base))
