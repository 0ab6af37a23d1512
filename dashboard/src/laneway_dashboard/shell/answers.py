"""What a page's handler gives back: values, which the shell makes answers of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from http import HTTPStatus


@dataclass(frozen=True)
class View:
    """A template, and what it shows."""

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)
    pool: str | None = None
    """Of which pool."""
    tab: str = ""
    live: bool = True
    """Whether it is looked at again every five seconds."""


@dataclass(frozen=True)
class Notice:
    """A page that says one thing."""

    status: HTTPStatus
    title: str
    text: str
    retry: bool = False
    """Whether to offer the same page again."""


@dataclass(frozen=True)
class Elsewhere:
    """See another page, after something was done."""

    path: str


@dataclass(frozen=True)
class Download:
    """A file, line by line."""

    name: str
    kind: str
    lines: Iterable[str]


Answer = View | Notice | Elsewhere | Download
