"""Why a door takes no job of a request, whichever door it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from laneway.schema.job.codes import ErrorCode


class Refused(ValueError):
    """A request that no job is made of; `str()` says what to change and holds no text of the request."""

    def __init__(self, code: ErrorCode, message: str, param: str | None = None) -> None:
        """`param` is the place in the request's body, such as `messages[0].content`."""
        super().__init__(message)
        self.code = code
        self.param = param
