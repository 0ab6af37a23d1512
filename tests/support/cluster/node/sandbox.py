"""The image that a node needs before any other."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

from support.images.builders.layers import add_file
from support.images.builders.oci import write_archive
from support.toolchain.toolbox import PAUSE

if TYPE_CHECKING:
    from pathlib import Path

    from support.toolchain.toolbox import Toolbox

SANDBOX_IMAGE = "laneway.local/sandbox:test"
"""Holds the namespaces of every pod; as a container it prints its argument and waits for SIGTERM."""
CONFIG = {"User": "65532:65532", "Entrypoint": ["/pause"]}


def sandbox_archive(tools: Toolbox, folder: Path) -> Path:
    """An OCI archive of one program."""
    layer, archive = folder / "sandbox-layer.tar", folder / "sandbox.tar"
    with tarfile.open(layer, "w") as files:
        add_file(files, tools.built(PAUSE) / "pause", "pause", 0o755)
    write_archive(archive, SANDBOX_IMAGE, layer, CONFIG)
    return archive
