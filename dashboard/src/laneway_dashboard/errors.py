"""What can go wrong, in words for who looks."""

from __future__ import annotations


class Unavailable(Exception):
    """It can't be had now: AWS, a database or a right is missing. The message says which, and what to do."""


class Refused(Exception):
    """It will not be done; the message says why."""
