"""What failures of one kind share: the error's message without what is the job's own. Pure."""

from __future__ import annotations

import re

MAX_CAUSE = 160  # characters
OWN = "…"
"""In the place of what is left out."""

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|`[^`]*`|“[^”]*”")
_HEXES = re.compile(r"\b(?=[0-9a-f-]*\d)[0-9a-f]{8}[0-9a-f-]*\b", re.IGNORECASE)
_NUMBERS = re.compile(r"\d[\d.,:]*\d|\d")


def cause_of(message: str, job_id: str) -> str:
    """On one line: without the job's id, quotations, digests and numbers; empty where the message says nothing."""
    text = "".join(each if each.isprintable() else " " for each in message).replace(job_id, OWN)
    for pattern in (_QUOTED, _HEXES, _NUMBERS):
        text = pattern.sub(OWN, text)
    return " ".join(text.split())[:MAX_CAUSE].strip()
