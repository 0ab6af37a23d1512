"""The images of the tests as OCI archives, built on this machine from the repository's Dockerfile, without a registry.

`PYTHONPATH=tests python -m support.images` builds them all and says what it took; `archives()` does the same for code.
Everything stands in `<cache>/images`: archives named after the hash of all that went in, and the storage of buildah,
in which the slow layers (the base, the locked dependencies) last from one build to the next.

An unchanged tree needs a look at the archives; a changed one needs mmdebstrap and buildah;
the two Debian packages are installed here only by root and only in CI (CI=true) or with `--install`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from rich.console import Console

from laneway.local.errors import LocalError
from laneway.local.ollama.cache import Cache
from laneway.local.say import ConsoleSay
from support.images.contents.base import base
from support.images.contents.distributions import distribution
from support.images.contents.ollama import ollama
from support.images.contents.stub import stub
from support.images.store import Store
from support.tools import missing

if TYPE_CHECKING:
    from pathlib import Path

    from support.images.store import Image


@dataclass(frozen=True)
class Built:
    """An image's archive, and how long it took to have it."""

    name: str
    reference: str
    path: Path
    seconds: float


def archives(*, install: bool = False) -> list[Path]:
    """The archives of all images, built where they are missing; raises `LocalError`."""
    return [each.path for each in build(install=install)]


def required() -> dict[str, Path]:
    """The archives by name, for a test: skipped where they can't be built, failed in CI."""
    try:
        return {each.name: each.path for each in build()}
    except LocalError as error:
        missing("an image of the tests", str(error))


def build(*, install: bool = False) -> list[Built]:
    """As `archives`, with what it took."""
    store = Store(Cache(os.environ).root / "images", ConsoleSay(Console(stderr=True)), may_install=install)
    images = _images()
    if all(store.has(image) for image in images):
        return [_get(store, image) for image in images]
    with store.locked():
        return [_get(store, image) for image in images]


def _images() -> list[Image]:
    rootfs = base()
    ours = [distribution(name, rootfs) for name in ("worker", "operator", "gateway", "projector", "dashboard")]
    return [*ours, ollama(rootfs), stub(rootfs)]


def _get(store: Store, image: Image) -> Built:
    began = monotonic()
    path = store.get(image)
    return Built(image.name, image.reference, path, monotonic() - began)
