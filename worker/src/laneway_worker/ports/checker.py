"""Whether answers meet their schemas: told apart from the worker, as a schema is a program of the sender's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

STEP_SECONDS = 8.0  # for looking a schema through, and for each answer; on a machine that is busy


class Checking(Protocol):
    """One job's schema."""

    @property
    def asked(self) -> dict[str, Any]:
        """The schema as Ollama gets it."""

    def check(self, text: str) -> None:
        """Raises `JobError` where a text of JSON does not meet the schema, or where to tell takes too much."""


class Checker(Protocol):
    """Runs schemas where they harm nobody."""

    def open(self, schema: dict[str, Any]) -> AbstractContextManager[Checking]:
        """Look a schema through. Raises `JobError` where it can't be used, `Interrupted` where nobody can tell."""
