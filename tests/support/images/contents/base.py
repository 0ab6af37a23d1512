"""What stands in for the official Python image: Debian with Python, from Debian's packages."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from support.images.builders.oci import write_archive
from support.images.builders.tools import run
from support.images.store import RECIPE, Image, key

if TYPE_CHECKING:
    from pathlib import Path

    from support.images.store import Store

SUITE = "bookworm"
PACKAGES = (
    "python3-venv",
    "ca-certificates",
    "libgomp1",  # Ollama's, as the next
    "libstdc++6",
    "usr-is-merged",  # instead of usrmerge, which brings 50 MB of Perl
)
UNREAD = ("/usr/share/man/*", "/usr/share/locale/*", "/usr/share/doc/*")
OPTIONS = (
    "--quiet",
    "--variant=minbase",
    "--skip=output/dev",
    "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr",
    f"--include={','.join(PACKAGES)}",
    *(f"--dpkgopt=path-exclude={pattern}" for pattern in UNREAD),
    "--dpkgopt=path-include=/usr/share/doc/*/copyright",
)
ENVIRONMENT = {"SOURCE_DATE_EPOCH": "1700000000"}
CONFIG = {"Env": ["PATH=/usr/local/bin:/usr/bin:/bin"]}


def base() -> Image:
    """About 25 s and 130 MB, once: its key says nothing of this repository's sources."""
    return Image("base", key([SUITE, *OPTIONS, *CONFIG["Env"]], [RECIPE / "builders/oci.py"]), _build, ("mmdebstrap",))


def base_reference(image: Image) -> str:
    """Its name in buildah's storage."""
    return f"localhost/laneway-base:{image.key}"


def _build(store: Store, target: Path) -> None:
    layer = target.with_name("layer.tar")
    del store
    run(["mmdebstrap", *OPTIONS, SUITE, str(layer)], environment={**os.environ, **ENVIRONMENT})
    write_archive(target, base_reference(base()), layer, CONFIG)
