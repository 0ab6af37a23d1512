"""The pause image: what holds a pod's namespaces."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

from support.images.layers import add_file
from support.images.oci import write_archive
from support.images.store import RECIPE, Image, key, reference
from support.images.tools import run

if TYPE_CHECKING:
    from pathlib import Path

    from support.images.store import Store

SOURCES = [RECIPE / name for name in ("pause.c", "pause.py", "layers.py", "oci.py")]
CONFIG = {"User": "65535:65535", "Entrypoint": ["/pause"]}


def pause() -> Image:
    """A static binary and nothing else."""
    return Image("pause", key([], SOURCES), _build, ("gcc",))


def _build(store: Store, target: Path) -> None:
    del store
    binary = target.with_name("pause")
    run(["gcc", "-static", "-Os", "-s", "-o", str(binary), str(RECIPE / "pause.c")])
    layer = target.with_name("layer.tar")
    with tarfile.open(layer, "w") as out:
        add_file(out, binary, "pause", 0o755)
    write_archive(target, reference("pause"), layer, CONFIG)
