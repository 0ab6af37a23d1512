"""Whether answers meet their schemas: told apart from the worker, as a schema is a program of the sender's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager


STEP_SECONDS = 8.0  # for looking a schema through, and for each answer; on a machine that is busy


class Checker(Protocol):
    """Runs schemas where they harm nobody."""

    def open(self, schema: dict[str, Any]) -> AbstractContextManager[Callable[[str], None]]:
        """Look a schema through; raises `JobError` where it can't be used. The function then raises `JobError` where a
        text of JSON does not meet it, or where to tell takes too much.
        """
