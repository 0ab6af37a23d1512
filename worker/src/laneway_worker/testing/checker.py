"""A checker in this process, for schemas that harm nobody."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from laneway.schema.job.codes import ErrorCode
from laneway_worker.errors import JobError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from laneway_worker.ports.checker import Checking


class Prepared(Protocol):
    """As `laneway_worker.answer.prepared` has it; errors are ValueErrors."""

    @property
    def asked(self) -> dict[str, Any]:
        """The schema as Ollama gets it."""

    @property
    def check(self) -> Callable[[str], None]:
        """The check of a text."""


class DirectChecker:
    """The port `Checker`."""

    def __init__(self, prepared: Callable[[dict[str, Any]], Prepared]) -> None:
        """`prepared` is `laneway_worker.answer.prepared.prepared`."""
        self._prepared = prepared

    @contextmanager
    def open(self, schema: dict[str, Any]) -> Iterator[Checking]:
        """See the port."""
        try:
            found = self._prepared(schema)
        except ValueError as error:
            raise JobError(ErrorCode.INVALID_JOB, str(error)) from None
        yield _Checking(found)


class _Checking:
    def __init__(self, found: Prepared) -> None:
        self.asked = found.asked
        self._check = found.check

    def check(self, text: str) -> None:
        try:
            self._check(text)
        except ValueError as error:
            raise JobError(ErrorCode.FORMAT_NOT_MET, str(error)) from None
