"""The images of worker, operator and gateway, from the repository's Dockerfile."""

from __future__ import annotations

import tomllib
from functools import partial
from typing import TYPE_CHECKING

from support.images.builders.buildah import Buildah
from support.images.builders.host import mounts
from support.images.contents.base import base_reference
from support.images.store import RECIPE, REPOSITORY, Image, key, reference, tree

if TYPE_CHECKING:
    from pathlib import Path

    from support.images.store import Store

PARTS = ("sdk", "worker", "operator", "gateway", "table")
PYPROJECTS = ("pyproject.toml", *(f"{part}/pyproject.toml" for part in PARTS))
SHARED = (".dockerignore", "LICENSE", "uv.lock", "requirements-uv.txt", *PYPROJECTS)
BUILD = ("bud", "--layers", "--force-rm", "--isolation", "chroot", "--network", "host", "--pull=never", "--quiet")


def distribution(name: str, base: Image) -> Image:
    """`worker`, `operator` or `gateway`."""
    files = [REPOSITORY / each for each in (*SHARED, "Dockerfile", "sdk/README.md", f"{name}/README.md")]
    files += [*tree(REPOSITORY / "sdk" / "src"), *tree(REPOSITORY / name / "src"), RECIPE / "contents/distributions.py"]
    return Image(name, key([base.key], files), partial(_build, name=name, base=base), ("mmdebstrap", "buildah"))


def _build(store: Store, target: Path, name: str, base: Image) -> None:
    archive = store.get(base)
    buildah = Buildah(store.root / "storage")
    buildah.run("rm", "--all")  # what a killed build left
    if not buildah.has(base_reference(base)):
        buildah.run("rmi", "--all", "--force")  # all of it stands on another base
        buildah.run("pull", "--quiet", f"oci-archive:{archive}:{base_reference(base)}")
    _bud(buildah, target.parent, name, base, f"localhost/laneway-{name}-dependencies", "dependencies")
    tag = reference(name)
    _bud(buildah, target.parent, name, base, tag, name, "--build-arg", f"VERSION={_version(name)}")
    buildah.run("push", "--quiet", tag, f"oci-archive:{target}:{tag}")
    buildah.run("rmi", "--prune")  # what no name leads to; the named dependencies keep the slow layers


def _bud(buildah: Buildah, scratch: Path, name: str, base: Image, tag: str, target: str, *more: str) -> None:
    volumes = [argument for mount in mounts(scratch) for argument in ("--volume", mount)]
    arguments = [
        "--build-arg",
        f"PYTHON_IMAGE={base_reference(base)}",
        "--build-arg",
        f"PART={name}",
        "--target",
        target,
    ]
    buildah.run(*BUILD, *volumes, *arguments, *more, "--file", "Dockerfile", "--tag", tag, ".", cwd=REPOSITORY)


def _version(name: str) -> str:
    text = (REPOSITORY / name / "pyproject.toml").read_text()
    return str(tomllib.loads(text)["project"]["version"])
