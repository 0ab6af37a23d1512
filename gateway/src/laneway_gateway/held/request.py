"""One request that waits. It implements `laneway_gateway.desk.Held`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from laneway.translate.pieces import answer_of
from laneway_gateway.desk import Broken, Ended, Record
from laneway_gateway.held.records.results import Found, Lost
from laneway_gateway.held.stream.said import START, record_of
from laneway_gateway.held.stream.telling import Differs, Heard

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from laneway_gateway.desk import Event
    from laneway_gateway.held.registry import Entry
    from laneway_gateway.rooms import Room


@dataclass
class HeldRequest:
    """A request that waits for its job's result."""

    entry: Entry
    room: Room
    joined: bool
    let_go: Callable[[Entry, bool], None]
    """What becomes of a job when it is left; the flag says whether the client hung up."""
    _heard: Heard = field(default_factory=Heard)
    _left: bool = False

    @property
    def job_id(self) -> str:
        """The job's id."""
        return self.entry.id

    async def events(self) -> AsyncIterator[Event]:
        """What happens, until the end."""
        while True:
            changed = self.entry.changed
            try:
                for news in self.entry.telling.news(self._heard):
                    yield news
                last = self._last()
            except Differs:
                yield self._differs()
                return
            for each in last:
                yield each
            if last:
                return
            await changed.wait()

    async def ended(self) -> Ended | Broken:
        """The end alone."""
        while True:
            changed = self.entry.changed
            try:
                last = self._last()
            except Differs:
                return self._differs()
            if last:
                end = last[-1]
                assert not isinstance(end, Record)  # noqa: S101 - the last one is an end
                return end
            await changed.wait()

    async def leave(self, *, hung_up: bool) -> None:
        """Hold it no longer; what comes after the first time is nothing."""
        if not self._left:
            self._left = True
            self.room.release()
            self.let_go(self.entry, hung_up)

    def _last(self) -> list[Record | Ended | Broken]:
        """What there is to say at the end, or nothing before it."""
        match self.entry.end:
            case None:
                return []
            case Lost(message):
                return [Broken(message)]
            case Found(result, etag):
                streamed = self._heard.position != START
                if not streamed or result.status != "succeeded":
                    return [Ended(result, etag, streamed=streamed)]
                rest = self.entry.telling.rest(self._heard, answer_of(result))
                more = [Record(record_of(rest, chat=result.message is not None))] if rest else []
                return [*more, Ended(result, etag, streamed=True)]

    def _differs(self) -> Broken:
        return Broken(
            f"what was streamed of job {self.job_id} is not what its result begins with, as another attempt answered "
            "otherwise: discard it, and send the request again, or read the result under the job's id"
        )
