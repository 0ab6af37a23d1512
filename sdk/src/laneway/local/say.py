"""What a person sees of long steps: a line each, and on a terminal a spinner with the newest detail."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from rich.console import Console


SIGN_OF_LIFE_SECONDS = 30.0


class Say(Protocol):
    """Tells a person."""

    def line(self, text: str) -> None:
        """One line."""

    def step(self, title: str) -> AbstractContextManager[Callable[[str], None]]:
        """A long step; the context gives a function that shows the newest detail."""


class ConsoleSay:
    """Tells on a rich console; without a terminal it prints one line a step, when it ends."""

    def __init__(self, console: Console) -> None:
        """Usually standard error: standard output is for results."""
        self._console = console

    def line(self, text: str) -> None:
        """One line."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    @contextmanager
    def step(self, title: str) -> Iterator[Callable[[str], None]]:
        """A spinner while it lasts, then a line with the seconds it took."""
        began = time.monotonic()
        if self._console.is_terminal:
            from rich.text import Text  # noqa: PLC0415 - only a terminal needs it

            with self._console.status(Text(title)) as status:  # what is built or pulled prints brackets of its own
                yield lambda detail: status.update(Text(f"{title} ({time.monotonic() - began:.0f} s) {detail[:80]}"))
        else:
            self.line(f"{title} …")
            yield self._now_and_then(began)
        self.line(f"{title}: done in {time.monotonic() - began:.1f} s")

    def _now_and_then(self, began: float) -> Callable[[str], None]:
        """A pipe gets a sign of life every half minute."""
        said = began

        def detail(text: str) -> None:
            nonlocal said
            now = time.monotonic()
            if now - said >= SIGN_OF_LIFE_SECONDS:
                said = now
                self.line(f"  after {now - began:.0f} s: {text[:80]}")

        return detail
