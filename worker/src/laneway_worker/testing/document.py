"""A document in memory."""

from __future__ import annotations

from laneway_worker.errors import Unavailable


class MemoryDocument:
    """What a test says that it holds."""

    def __init__(self, body: bytes | None) -> None:
        """Without a body it is not there."""
        self.body = body

    def read(self) -> bytes:
        """All of it; raises `Unavailable`."""
        if self.body is None:
            raise Unavailable("can't read the document: there is none")
        return self.body
