"""Doors without keys are for programs of this machine: no web page may use them. Pure."""

from __future__ import annotations

from http import HTTPStatus
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from laneway_gateway.doors.door import NO_RETRY, Denied

if TYPE_CHECKING:
    from collections.abc import Mapping

_HOST = "these doors are for this machine alone: use http://127.0.0.1 or http://localhost"
_ORIGIN = "these doors are for this machine's programs, and not for web pages"
_JSON = "send JSON as such: -H 'Content-Type: application/json'"


def check_local(method: str, headers: Mapping[str, str]) -> None:
    """Refuse what a web page may send: by a name that its own DNS points here, from its origin, or as a form. Raises
    `Denied`.
    """
    if not is_loopback(f"//{headers.get('host', '')}"):
        raise Denied(HTTPStatus.FORBIDDEN, _HOST, headers=NO_RETRY)
    origin = headers.get("origin")
    if origin is not None and not is_loopback(origin):
        raise Denied(HTTPStatus.FORBIDDEN, _ORIGIN, headers=NO_RETRY)
    if method == "POST" and not _is_json(headers):
        raise Denied(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, _JSON, headers=NO_RETRY)


def is_loopback(url: str) -> bool:
    """Whether a URL's host is this machine, by a name that no DNS gives away."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
        if parts.scheme not in ("", "http", "https") or parts.username is not None:
            return False
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _is_json(headers: Mapping[str, str]) -> bool:
    """A POST without any body, which pages can't send without their origin, needs no type."""
    kind = headers.get("content-type")
    if kind is None:
        return headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers
    return kind.partition(";")[0].strip().lower() == "application/json"
