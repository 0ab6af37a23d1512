"""A checker in this process, for schemas that harm nobody."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from laneway.schema.job.codes import ErrorCode
from laneway_worker.errors import JobError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class DirectChecker:
    """The port `Checker`."""

    def __init__(self, compiled: Callable[[Any], Callable[[str], None]]) -> None:
        """`compiled` is `laneway_worker.answer.checking.compiled`; its errors are ValueErrors."""
        self._compiled = compiled

    @contextmanager
    def open(self, schema: dict[str, Any]) -> Iterator[Callable[[str], None]]:
        """See the port."""
        try:
            check = self._compiled(schema)
        except ValueError as error:
            raise JobError(ErrorCode.INVALID_JOB, str(error)) from None

        def checked(text: str) -> None:
            try:
                check(text)
            except ValueError as error:
                raise JobError(ErrorCode.FORMAT_NOT_MET, str(error)) from None

        yield checked
