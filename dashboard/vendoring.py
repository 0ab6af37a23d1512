"""The build's hook that brings what browsers run of others into the wheel: fetched, checked by hash, never committed.

A source distribution holds the files, so that whoever builds from one fetches nothing.
"""

from __future__ import annotations

import base64
import hashlib
import io
import shutil
import subprocess
import tarfile
import tempfile
import tomllib
import urllib.request
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
FOLDER = Path("src/laneway_dashboard/static/vendor")
REGISTRY = "https://registry.npmjs.org"
SECONDS = 120.0


class VendorError(Exception):
    """A file can't be had, or is another one than was pinned."""


class VendoringHook(BuildHookInterface):  # type: ignore[type-arg] # because its parameter is the builder's configuration
    """Hatchling calls it before each build, also of an editable one."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Fetch what is missing or of another version."""
        del version, build_data
        vendor(ROOT / "vendor.toml", ROOT / FOLDER)


def vendor(pins: Path, folder: Path) -> None:
    """The pinned files in a folder; nothing is fetched where a mark says that they are there."""
    wanted = pins.read_text()
    mark = folder / "vendor.toml"
    if mark.is_file() and mark.read_text() == wanted:
        return
    folder.mkdir(parents=True, exist_ok=True)
    for pin in tomllib.loads(wanted).values():
        taken = files_of(archive(pin["package"], pin["version"]), pin["sha512"], pin["files"])
        for name, content in taken.items():
            (folder / name).write_bytes(content)
    mark.write_text(wanted)  # last: whatever is cut short begins anew


def archive(package: str, version: str) -> bytes:
    """A package as its registry has it: by npm, with whatever registry its user has set, else from npm's own."""
    npm = shutil.which("npm")
    if npm is not None:
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                [npm, "pack", "--silent", f"{package}@{version}"],
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
            )
            found = list(Path(folder).glob("*.tgz"))
            if done.returncode or not found:
                raise VendorError(f"npm can't fetch {package} {version}: {done.stderr.strip()}")
            return found[0].read_bytes()
    url = f"{REGISTRY}/{package}/-/{package}-{version}.tgz"
    try:
        with urllib.request.urlopen(url, timeout=SECONDS) as answer:  # noqa: S310 - a constant of ours, by https
            return bytes(answer.read())
    except OSError as error:
        raise VendorError(
            f"{url} can't be fetched: {error}; install npm where a registry of your own is to be asked"
        ) from None


def files_of(content: bytes, sha512: str, files: dict[str, str]) -> dict[str, bytes]:
    """Our name → a file's bytes; raises `VendorError` where the archive is another one than was pinned."""
    found = base64.b64encode(hashlib.sha512(content).digest()).decode()
    if found != sha512:
        raise VendorError(f"the archive's SHA-512 is {found}, and {sha512} was pinned: it is not taken")
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        return {ours: _member(tar, theirs) for theirs, ours in files.items()}


def _member(tar: tarfile.TarFile, name: str) -> bytes:
    file = tar.extractfile(f"package/{name}")
    if file is None:
        raise VendorError(f"the archive has no file {name}")
    return file.read()
