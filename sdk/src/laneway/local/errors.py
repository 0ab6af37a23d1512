"""What can keep a pool from running here."""

from __future__ import annotations


class LocalError(Exception):
    """The message says what to change."""


class BadInputError(LocalError):
    """Of what was typed or written: the pool's file, an option."""
