"""Ids of gateways and of the jobs that they send."""

from __future__ import annotations

import re
import secrets
import string

from laneway.client.compose import checked_id, new_job_id
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
