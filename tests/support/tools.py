"""What a test needs from outside the repository."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def missing(what: str, how: str) -> NoReturn:
    """Skip the test, saying how to get the tool; a CI has every tool, so there its absence is a failure."""
    message = f"{what} is missing; {how}"
    if os.environ.get("CI") == "true":
        pytest.fail(message, pytrace=False)
    pytest.skip(message)
