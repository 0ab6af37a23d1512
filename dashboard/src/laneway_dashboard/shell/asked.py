"""What a handler is told of a request: values, bounded."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from laneway_dashboard.shell.answers import Notice

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from starlette.requests import Request

    from laneway_dashboard.ports.visitors import Visitor

MAX_FIELDS = 40
MAX_FORM_BYTES = 64 * 1024
MAX_VALUE = 512  # characters of a field


@dataclass(frozen=True)
class Asked:
    """One request."""

    visitor: Visitor
    now: datetime
    path: Mapping[str, str]
    """The variable parts of its path."""
    query: Mapping[str, str]
    form: Mapping[str, str]

    def words(self, name: str) -> str:
        """A field of the query, as it was typed; empty where there is none."""
        return self.query.get(name, "").strip()


def fields(text: str) -> dict[str, str]:
    """The last of each name; what is empty counts as not there."""
    try:
        found = parse_qsl(text, max_num_fields=MAX_FIELDS)
    except ValueError:
        return {}
    return {name: value[:MAX_VALUE] for name, value in found if value}


async def form_of(request: Request) -> dict[str, str] | Notice:
    """The fields of a form that was sent."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM_BYTES:
            return Notice(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Too much", "No form here is that long.")
    return fields(body.decode(errors="replace"))
