"""What workers tell a listener, noted down in the place of held requests."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from laneway_gateway.ports.streams import OlderWriter, Order, UnknownStream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from laneway.schema.job.reply import ReplyLine

TOKEN = "right"  # noqa: S105 - of a stream that there is not


class Heard:
    """A stream that was opened."""

    def __init__(self, job_id: str, token: str, order: Order) -> None:
        self.opened = (job_id, token, order)
        self.unwanted = asyncio.Event()
        self.lines: list[ReplyLine] = []
        self.arrived = asyncio.Event()
        self.closed = asyncio.Event()

    def add(self, lines: Sequence[ReplyLine]) -> None:
        self.lines += lines
        self.arrived.set()

    def close(self) -> None:
        self.closed.set()


class Streams:
    """In the registry's place."""

    def __init__(self, token: str = TOKEN) -> None:
        self.heard: list[Heard] = []
        self.came = asyncio.Event()
        self._token = token

    def open(self, job_id: str, token: str, order: Order) -> Heard:
        if token != self._token:
            raise UnknownStream
        if order < Order(1, 1):
            raise OlderWriter
        self.heard.append(Heard(job_id, token, order))
        self.came.set()
        return self.heard[-1]
