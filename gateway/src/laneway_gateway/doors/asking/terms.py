"""How the sender wants its request treated, by its headers. Pure."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from laneway_gateway.doors.door import NO_RETRY, Denied

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_RETRIES, MOST_DIGITS = 1000, 4
DEADLINES = ("x-stainless-read-timeout", "x-stainless-timeout")
"""Where OpenAI's clients say after how many seconds without a byte they give up: Python's, and JavaScript's."""
_NO_TASK = ("", "{{TASK}}")
"""Open WebUI fills in its header `X-Laneway-Task: {{TASK}}` where there is a task."""
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_NAME = re.compile(r"[a-z0-9-]{1,63}")


@dataclass(frozen=True)
class Terms:
    """How the sender wants its request treated."""

    retry: int = 0
    """Which repetition of the request this is."""
    idempotency_key: str | None = None
    kept: bool = False
    """Whether the job goes on when the client hangs up."""
    lane: str | None = None
    """The lane that the sender wants."""
    task: bool = False
    """Whether an interface asks for itself, and nobody waits for the answer."""
    later: bool = False
    """Whether the sender comes back for the answer."""
    deadline: float | None = None
    """After how many seconds without a byte the client gives up, where it says so."""


def terms_of(headers: Mapping[str, str]) -> Terms:
    """Of the headers, which are found in any case of their names. Raises `Denied`."""
    return Terms(
        retry=_retry(headers.get("x-stainless-retry-count", "0")),
        idempotency_key=_matching(_KEY, headers, "Idempotency-Key", "1 to 255 visible characters of ASCII"),
        kept=_kept(headers.get("x-laneway-on-disconnect")),
        lane=_matching(_NAME, headers, "X-Laneway-Lane", "the name of a lane"),
        task=headers.get("x-laneway-task", "").strip() not in _NO_TASK,
        later="respond-async" in {each.strip().lower() for each in headers.get("prefer", "").split(",")},
        deadline=min((each for name in DEADLINES if (each := _seconds(headers.get(name)))), default=None),
    )


def _retry(text: str) -> int:
    return min(int(text), MOST_RETRIES) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else 0


def _matching(pattern: re.Pattern[str], headers: Mapping[str, str], name: str, wanted: str) -> str | None:
    found = headers.get(name.lower())
    if found is not None and not pattern.fullmatch(found):
        raise Denied(HTTPStatus.BAD_REQUEST, f"{name}: should be {wanted}", headers=NO_RETRY)
    return found


def _kept(text: str | None) -> bool:
    if text not in (None, "cancel", "keep"):
        words = "X-Laneway-On-Disconnect: should be keep, or left out"
        raise Denied(HTTPStatus.BAD_REQUEST, words, headers=NO_RETRY)
    return text == "keep"


def _seconds(text: str | None) -> float | None:
    """Some clients write `None` or `NOT_GIVEN`."""
    try:
        found = float(text or "")
    except ValueError:
        return None
    return found if math.isfinite(found) and found > 0 else None
