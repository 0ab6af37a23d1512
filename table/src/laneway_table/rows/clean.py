"""Values that every database takes, made of what results may hold: a result is never too odd for a row."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_INTEGER = 2**63 - 1  # bigint
MOST_TOKENS = 10**12  # sums of a million such rows are still a bigint
MOST_SECONDS = 1e12  # 30,000 years; sums of a billion such rows are still a double
MOST_USD = 1e9
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(9999, 12, 31, tzinfo=UTC)  # what Python reads back in any zone
REPLACEMENT = "\ufffd"

_HALVES = re.compile("[\ud800-\udfff]")
_OBEYED = re.compile("[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def text(value: str) -> str:
    """PostgreSQL has no NUL, and UTF-8 no half of a surrogate pair."""
    return _HALVES.sub(REPLACEMENT, value.replace("\0", REPLACEMENT))


def line(value: str, most: int) -> str:
    """So many characters at most, none of which a terminal or a page would obey."""
    return _OBEYED.sub(REPLACEMENT, text(value[:most]))


def labels(given: Mapping[str, str]) -> dict[str, str]:
    """Results of before may have any characters in them."""
    return {line(name, len(name)): line(value, len(value)) for name, value in given.items()}


def whole(value: int, most: int) -> int:
    """JSON has numbers that no column holds."""
    return max(0, min(value, most))


def amount(value: float, most: float) -> float:
    """So that no sum of them overflows."""
    return max(0.0, min(value, most))


def moment(at: datetime) -> datetime:
    """In UTC, within what every database and Python's own datetime hold; senders may forge a first submission."""
    try:
        return max(EARLIEST, min(at.astimezone(UTC), LATEST))
    except OverflowError:  # the year 1 or 9999, and a zone that leads out of it
        return EARLIEST if at.year == 1 else LATEST
