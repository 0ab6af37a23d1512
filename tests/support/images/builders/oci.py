"""OCI archives, written by hand: for images that are a layer or two of files."""

from __future__ import annotations

import hashlib
import io
import json
import platform
import shutil
import subprocess
import tarfile
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
COPY_BYTES = 1 << 20
MACHINES = {"x86_64": "amd64", "AMD64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True)
class Contents:
    """What an archive says of its only image."""

    name: str
    config: dict[str, Any]
    layers: list[dict[str, Any]]


def write_archive(
    target: Path, name: str, layer: Path, config: Mapping[str, Any], *, below: Path | None = None
) -> None:
    """An archive with one layer, on top of those of the archive `below`."""
    with tarfile.open(target, "w") as out:
        under = _copy_layers(below, out) if below else []
        layers = [*under, _add_layer(out, layer)]
        image = {
            "architecture": MACHINES[platform.machine()],
            "os": "linux",
            "config": dict(config),
            "rootfs": {"type": "layers", "diff_ids": [each["digest"] for each in layers]},
            "history": [{"created_by": "support.images"} for _ in layers],  # buildah counts them
        }
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": _add_json(out, CONFIG, image)}
        described = _add_json(out, MANIFEST, {**manifest, "layers": layers})
        described["annotations"] = {"org.opencontainers.image.ref.name": name}
        index = {"schemaVersion": 2, "manifests": [described]}
        _add(out, "oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
        _add(out, "index.json", json.dumps(index).encode())


def read_archive(archive: Path) -> Contents:
    """The image of an archive that was written here or by buildah."""
    with tarfile.open(archive) as source:
        described = _json(source, "index.json")["manifests"][0]
        manifest = _json(source, _blob(described["digest"]))
        config = _json(source, _blob(manifest["config"]["digest"]))
    return Contents(described["annotations"]["org.opencontainers.image.ref.name"], config, manifest["layers"])


def unpack(archive: Path, folder: Path) -> None:
    """The image's files as a container sees them; with their owners where root asks."""
    layers = read_archive(archive).layers
    with tarfile.open(archive) as source:
        for layer in layers:
            unzip = ["--gzip"] if layer["mediaType"].endswith("gzip") else []
            command = [
                "tar",
                "--extract",
                "--preserve-permissions",
                "--numeric-owner",
                *unzip,
                "--directory",
                str(folder),
            ]
            with _opened(source, layer) as content:
                _feed(command, content)


def members(archive: Path) -> dict[str, tarfile.TarInfo]:
    """The image's files and folders by path, layer over layer."""
    found: dict[str, tarfile.TarInfo] = {}
    layers = read_archive(archive).layers
    with tarfile.open(archive) as source:
        for layer in layers:
            with _opened(source, layer) as content, tarfile.open(fileobj=content) as files:
                found |= {f"/{each.name.removeprefix('./')}": each for each in files}
    return found


def _feed(command: list[str], content: IO[bytes]) -> None:
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        shutil.copyfileobj(content, process.stdin, COPY_BYTES)
    assert process.returncode == 0, command


def _copy_layers(archive: Path, out: tarfile.TarFile) -> list[dict[str, Any]]:
    layers = read_archive(archive).layers
    with tarfile.open(archive) as source:
        for layer in layers:
            with _opened(source, layer) as content:
                out.addfile(source.getmember(_blob(layer["digest"])), content)
    return layers


def _add_layer(out: tarfile.TarFile, layer: Path) -> dict[str, Any]:
    with layer.open("rb") as content:
        digest = f"sha256:{hashlib.file_digest(content, 'sha256').hexdigest()}"
    out.add(layer, _blob(digest))
    return {"mediaType": LAYER, "digest": digest, "size": layer.stat().st_size}


def _add_json(out: tarfile.TarFile, media_type: str, value: Mapping[str, Any]) -> dict[str, Any]:
    data = json.dumps(value).encode()
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    _add(out, _blob(digest), data)
    return {"mediaType": media_type, "digest": digest, "size": len(data)}


def _add(out: tarfile.TarFile, path: str, data: bytes) -> None:
    member = tarfile.TarInfo(path)
    member.size = len(data)
    out.addfile(member, io.BytesIO(data))


@contextmanager
def _opened(source: tarfile.TarFile, layer: Mapping[str, Any]) -> Iterator[IO[bytes]]:
    content = source.extractfile(_blob(layer["digest"]))
    assert content is not None
    with content:
        yield content


def _json(source: tarfile.TarFile, path: str) -> Any:
    content = source.extractfile(path)
    assert content is not None
    with content:
        return json.load(content)


def _blob(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"
