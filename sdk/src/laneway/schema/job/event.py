"""What a worker tells of each result that stands, for whoever keeps results in a table."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import StringConstraints

from laneway.schema.job.history import MAX_ETAG
from laneway.schema.job.result import NO_OUTPUT, Result
from laneway.schema.shared.base import Record
from laneway.schema.shared.message_text import message_text

MAX_EVENT_BYTES = 256 * 1024  # of SQS's 1 MiB: a call is charged for each 64 KiB, and a row holds no more
MAX_URL = 2048  # characters: a bucket's name, and a key of at most 1,024 bytes


class ResultEvent(Record):
    """One message of a pool's events queue. It comes at least once, in any order: `result.revision` orders them."""

    version: Literal[1] = 1
    """Of this document's form."""
    etag: Annotated[str, StringConstraints(max_length=MAX_ETAG)]
    """The ETag of the result, with its quotes."""
    url: Annotated[str, StringConstraints(max_length=MAX_URL)]
    """Where the result is: `s3://bucket/key`."""
    result: Result
    """The result, never with `embeddings`; `text`, `thinking`, `message` and `parsed` only where the pool wants them in
    its table and they fit.
    """

    @classmethod
    def of(cls, result: Result, etag: str, url: str, *, output: bool = False) -> Self:
        """The event of a result that stands, with its output or without."""
        left_out = {"embeddings": None} if output else NO_OUTPUT
        return cls(etag=etag, url=url, result=result.model_copy(update=left_out))

    def to_message(self) -> str:
        """The message: compact JSON without empty fields, of characters that SQS takes; without the output where the
        whole would be larger than `MAX_EVENT_BYTES`.
        """
        text = _text(self)
        if len(text) <= MAX_EVENT_BYTES and len(text.encode()) <= MAX_EVENT_BYTES:
            return text
        return _text(self.of(self.result, self.etag, self.url))


def _text(event: ResultEvent) -> str:
    return message_text(event.model_dump_json(exclude_none=True))
