"""Who asks: read from the headers alone, before anything of the body."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from laneway_gateway.desk import Tenant
from laneway_gateway.doors.door import Denied

if TYPE_CHECKING:
    from collections.abc import Mapping

    from laneway_gateway.doors.exchange import Exchange
    from laneway_gateway.ports.keys import Keys

MOST_KEY = 512  # characters
ANYBODY = Tenant("")
"""Who has no key, and may look at the catalogue."""
CODE = "invalid_api_key"
HEADERS = {"WWW-Authenticate": "Bearer"}
_MISSING = "a key is needed: send it as Authorization: Bearer KEY, as the password of Basic, or as x-api-key"
_UNKNOWN = "this key is not known, or no longer: ask whoever runs the pool for one"


@dataclass(frozen=True)
class Caller:
    """Who asks."""

    tenant: Tenant
    key: str

    def stands(self, keys: Keys) -> bool:
        """Whether the key is still the same tenant's."""
        found = keys.find(self.key)
        return found is not None and found.name == self.tenant.name


def key_of(headers: Mapping[str, str]) -> str | None:
    """The key in a request's headers, which are found in any case of their names."""
    scheme, _, rest = headers.get("authorization", "").strip().partition(" ")
    found = {"bearer": rest.strip(), "basic": _password(rest)}.get(scheme.lower())
    found = found or headers.get("x-api-key", "").strip()
    return found if 0 < len(found) <= MOST_KEY else None


def _password(encoded: str) -> str:
    """The password, or the name where a client has put the key there."""
    try:
        name, _, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return ""
    return password or name


def caller_of(exchange: Exchange, *, catalogue: bool = False) -> Caller:
    """Who asks; raises `Denied`. A catalogue may be open to anybody."""
    keys, settings = exchange.inside.keys, exchange.inside.settings
    key = key_of(exchange.headers)
    if key is None and keys.needed:
        if catalogue and settings.anonymous_catalogue:
            return Caller(ANYBODY, "")
        raise Denied(HTTPStatus.UNAUTHORIZED, _MISSING, code=CODE, headers=HEADERS)
    tenant = keys.find(key or "")
    if tenant is None:
        raise Denied(HTTPStatus.UNAUTHORIZED, _UNKNOWN, code=CODE, headers=HEADERS)
    exchange.note.tenant = tenant.name
    exchange.tenant = tenant
    return Caller(tenant, key or "")
