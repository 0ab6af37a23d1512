"""How this machine's package clients reach their registries, for a build that sees nothing of this machine."""

from __future__ import annotations

import os
import ssl
from configparser import RawConfigParser
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
PIP_KEYS = ("index-url", "extra-index-url", "trusted-host", "timeout", "proxy")
PIP_FILES = ("/etc/pip.conf", "~/.pip/pip.conf", "~/.config/pip/pip.conf")
UV_SYSTEM = Path("/etc/uv/uv.toml")
UV_USER = "~/.config/uv/uv.toml"
UV_SETTING = "system-certs"


def mounts(folder: Path, environment: Mapping[str, str] | None = None) -> list[str]:
    """Files to mount read-only, as `-v` takes them; those that have to be written go into `folder`.

    They are seen by `RUN` and stay out of the image. Proxies need no help: buildah hands their variables on.
    """
    environment = os.environ if environment is None else environment
    (folder / "pip.conf").write_text(_pip_conf(environment))
    (folder / "uv.toml").write_text(_uv_toml())
    pairs = [(folder / "pip.conf", "/etc/pip.conf"), (folder / "uv.toml", str(UV_SYSTEM)), (_bundle(), str(BUNDLE))]
    user = Path(environment.get("UV_CONFIG_FILE") or UV_USER).expanduser()
    if user.is_file():
        pairs.append((user, "/root/.config/uv/uv.toml"))
    return [f"{source}:{target}:ro" for source, target in pairs if source]


def _bundle() -> Path | None:
    """What `SSL_CERT_FILE` says, else what OpenSSL was built with, else Debian's."""
    named = ssl.get_default_verify_paths().cafile
    found = Path(named) if named else BUNDLE
    return found if found.is_file() else None


def _pip_conf(environment: Mapping[str, str]) -> str:
    """pip's settings of the system, the user and the environment in one file, without paths of this machine."""
    parser = RawConfigParser(strict=False)
    files = [Path(name).expanduser() for name in (*PIP_FILES, environment.get("PIP_CONFIG_FILE") or os.devnull)]
    parser.read(path for path in files if path.is_file())
    found = dict(parser.items("global")) if parser.has_section("global") else {}
    found |= {name: environment[variable] for name in PIP_KEYS if (variable := _variable(name)) in environment}
    lines = [f"{name} = {value}" for name, value in found.items() if name in PIP_KEYS]
    return "\n".join(["[global]", f"cert = {BUNDLE}", *lines, ""])


def _variable(name: str) -> str:
    return f"PIP_{name.upper().replace('-', '_')}"


def _uv_toml() -> str:
    """The system's own, and the mounted certificates rather than those that uv brings."""
    own = UV_SYSTEM.read_text() if UV_SYSTEM.is_file() else ""
    return own if UV_SETTING in own else f"{UV_SETTING} = true\n{own}"
