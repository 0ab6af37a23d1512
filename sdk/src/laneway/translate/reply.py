"""An answer as HTTP has it, and a stream of one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from laneway.schema.job.result import Result


@dataclass(frozen=True)
class Reply:
    """A whole answer."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)


class Stream(Protocol):
    """The bytes of a streamed answer, in the order in which they are made."""

    def begin(self) -> bytes:
        """Before anything is known."""
        ...

    def add(self, record: dict[str, Any]) -> bytes:
        """What one of Ollama's stream records says; nothing where it says nothing."""
        ...

    def replay(self, result: Result) -> bytes:
        """All that a result says, for who comes when it is there."""
        ...

    def keep_alive(self) -> bytes:
        """What says nothing, and yet is something for each client."""
        ...

    def end(self, result: Result) -> bytes:
        """The end by the committed result, whose text may be missing: an answer's, or the error's."""
        ...

    def fail(self, message: str) -> bytes:
        """An end without a result."""
        ...
