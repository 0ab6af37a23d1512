"""Ids for jobs that bring none: sortable by time, as ULIDs are (https://github.com/ulid/spec)."""

from __future__ import annotations

import secrets
import time

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32
TIME_CHARACTERS = 10
RANDOM_CHARACTERS = 16


def new_job_id() -> str:
    """26 characters: milliseconds since 1970, then 80 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    shifts = range(5 * (TIME_CHARACTERS - 1), -1, -5)
    stamp = "".join(ALPHABET[(milliseconds >> shift) & 31] for shift in shifts)
    return stamp + "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_CHARACTERS))
