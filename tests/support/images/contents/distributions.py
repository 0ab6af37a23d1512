"""The images of worker, operator, gateway, projector and dashboard, from the repository's Dockerfile."""

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

PARTS = ("sdk", "worker", "operator", "gateway", "table", "dashboard")
FOLDERS = {"projector": "table"}
"""Images that are not called as their distribution."""
EXTRAS = {"projector": "postgres", "dashboard": "postgres"}
"""What an image has beyond its distribution, by its extra."""
BESIDE = {"dashboard": "table"}
"""On which distribution of ours an image's own stands, beside the library."""
HOOK = {"dashboard": ("vendor.toml", "vendoring.py")}
"""What an image's distribution is built by, beside its sources."""
PYPROJECTS = ("pyproject.toml", *(f"{part}/pyproject.toml" for part in PARTS))
SHARED = (".dockerignore", "LICENSE", "uv.lock", "requirements-uv.txt", *PYPROJECTS)
BUILD = ("bud", "--layers", "--force-rm", "--isolation", "chroot", "--network", "host", "--pull=never", "--quiet")


def distribution(name: str, base: Image) -> Image:
    """`worker`, `operator`, `gateway`, `projector` or `dashboard`."""
    part = part_of(name)
    files = [REPOSITORY / each for each in (*SHARED, "Dockerfile")]
    for each in {"sdk", BESIDE.get(name, "sdk"), part}:
        files += [REPOSITORY / each / "README.md", *tree(REPOSITORY / each / "src")]
    files += [*(REPOSITORY / part / each for each in HOOK.get(name, ())), RECIPE / "contents/distributions.py"]
    return Image(name, key([base.key], files), partial(_build, name=name, base=base), ("mmdebstrap", "buildah"))


def part_of(name: str) -> str:
    """The folder of an image's distribution, which is called `laneway-` and that."""
    return FOLDERS.get(name, name)


def build_arguments(name: str) -> dict[str, str]:
    """What the Dockerfile wants to know of an image."""
    named = {"PART": part_of(name), "BESIDE": BESIDE.get(name), "EXTRA": EXTRAS.get(name)}
    return {argument: value for argument, value in named.items() if value}


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
    given = {"PYTHON_IMAGE": base_reference(base), **build_arguments(name)}
    build = [part for argument, value in given.items() for part in ("--build-arg", f"{argument}={value}")]
    arguments = [*build, "--target", target]
    buildah.run(*BUILD, *volumes, *arguments, *more, "--file", "Dockerfile", "--tag", tag, ".", cwd=REPOSITORY)


def _version(name: str) -> str:
    text = (REPOSITORY / part_of(name) / "pyproject.toml").read_text()
    return str(tomllib.loads(text)["project"]["version"])
