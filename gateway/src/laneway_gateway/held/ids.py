"""Ids of gateways and of the jobs that they send."""

from __future__ import annotations

import re
import secrets
import string
from datetime import UTC, datetime

from laneway.client.compose import ALPHABET, TIME_CHARACTERS, checked_id, new_job_id
from laneway.schema.job.job import InvalidJob

GATEWAY_CHARACTERS = 16
RANDOM_BYTES = 8  # beside the 80 bits of the library's ids: 144 that nobody guesses
_JOB = re.compile(rf"[a-z0-9]{{{GATEWAY_CHARACTERS}}}-")


def new_gateway_id() -> str:
    """An id for a gateway's process."""
    return "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(GATEWAY_CHARACTERS))


def new_id(gateway: str) -> str:
    """An id for a job: all of a gateway's begin alike, and sort by time, so that one listing finds their results."""
    return f"{gateway}-{new_job_id()}{secrets.token_hex(RANDOM_BYTES)}"


def beginning_of(job_id: str) -> str:
    """What ids of the same gateway have in common."""
    found = _JOB.match(job_id)
    return found.group() if found else job_id


def is_id(job_id: str) -> bool:
    """Whether a text that came from outside may become part of a key."""
    try:
        return bool(checked_id(job_id))
    except InvalidJob:
        return False


def made_at(job_id: str) -> datetime | None:
    """When an id of a gateway's was made; None of another one."""
    found = job_id[GATEWAY_CHARACTERS + 1 :][:TIME_CHARACTERS]
    if not _JOB.match(job_id) or len(found) < TIME_CHARACTERS or not set(found) <= set(ALPHABET):
        return None
    milliseconds = sum(ALPHABET.index(each) << 5 * place for place, each in enumerate(reversed(found)))
    try:
        return datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (OverflowError, ValueError):
        return None
