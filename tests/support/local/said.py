"""A person who listens to `laneway up`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager


class Said:
    """What a person was told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, text: str) -> None:
        self.lines.append(text)

    def step(self, title: str) -> AbstractContextManager[Callable[[str], None]]:
        raise AssertionError(title)
