"""Where `OLLAMA_HOST` says that an Ollama listens, read as Ollama reads it (its `envconfig`). Pure."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING

from laneway.local.errors import LocalError
from laneway.local.processes.ports import LOOPBACK
from laneway.schema.shared.base import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE = "OLLAMA_HOST"
DEFAULT_PORT = 11434
SCHEMES = {"http": 80, "https": 443}
"""With the port of an address that names its scheme and no port."""
MAX_PORT = 65_535
CLOUD = "ollama.com"
HOST_AND_PORT = re.compile(r"(?:\[(?P<bracketed>[^\[\]]*)\]|(?P<plain>[^:\[\]]*)):(?P<port>[^:]*)")
"""As Go's net.SplitHostPort splits; what it doesn't split is a host without a port, a bare IPv6 among them."""
EVERY = {"": LOOPBACK, "0.0.0.0": LOOPBACK, "::": "::1"}  # noqa: S104 - what a server binds to is no place to connect to


def address_in(environment: Mapping[str, str]) -> str | None:
    """The URL; None where the variable is not there, or blank. Raises `LocalError` for what no worker can use."""
    text = environment.get(VARIABLE, "").strip().strip("\"'").strip()
    if not text:
        return None
    scheme, separator, rest = text.partition("://")
    if not separator:
        scheme, rest = ("https", f"{CLOUD}:443") if text == CLOUD else ("http", text)
    if separator and scheme not in SCHEMES:
        raise LocalError(f"{VARIABLE} is {shown(text)!r}; an address begins with http:// or https://, or with its host")
    place, _, path = rest.partition("/")
    if path:
        raise LocalError(f"{VARIABLE} is {shown(text)!r}, with a path; workers ask an Ollama at the root alone")
    host, port = _split(place, SCHEMES[scheme] if separator else DEFAULT_PORT)
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def _split(place: str, default: int) -> tuple[str, int]:
    found = HOST_AND_PORT.fullmatch(place)
    host = place if found is None else found["bracketed"] or found["plain"] or ""
    port = "" if found is None else found["port"]
    bare = host.strip("[]")
    host = bare if _is_address(bare) else host
    return EVERY.get(host, host), int(port) if port.isdecimal() and int(port) <= MAX_PORT else default


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
