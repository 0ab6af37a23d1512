"""The jobs that somebody waits for here, and the streams in which workers tell of them."""

from __future__ import annotations

import asyncio
import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from laneway_gateway.held.stream.telling import Telling
from laneway_gateway.ports.streams import UnknownStream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from laneway.schema.job.reply import ReplyLine
    from laneway_gateway.held.records.documents import Owner
    from laneway_gateway.held.records.results import Found, Lost
    from laneway_gateway.ports.streams import Order
    from laneway_gateway.rooms import Memory, Share


@dataclass
class Entry:
    """A job that somebody waits for, or may come back to."""

    owner: Owner
    memory: Share
    """What was told of it, and its result, take so much."""
    telling: Telling = field(default_factory=Telling)
    end: Found | Lost | None = None
    waiting: int = 0
    """How many requests wait for it here."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    """Set at the next change; to be taken before looking."""
    writer: StreamWriter | None = None
    sent: bool = False
    """Whether it was surely sent."""
    kept: bool = False
    """Whether it goes on when nobody waits for it."""
    abandoned: bool = False
    """Whether a client of it has hung up, and none has come back to ask for the same."""
    cancelling: bool = False
    """Whether the workers are asked to cancel it as nobody waited for it: too late to join."""
    leaving: asyncio.Task[None] | None = None
    """What becomes of it when nobody comes back."""

    @property
    def id(self) -> str:
        """The job's."""
        return self.owner.id

    def finish(self, end: Found | Lost) -> None:
        """Tell the end. The first one counts."""
        self.end = self.end or end
        self.hang_up()
        self.tell()

    def tell(self) -> None:
        """Wake whoever waits for a change."""
        self.memory.become(self.telling.size + (self.end.size if self.end else 0))
        before, self.changed = self.changed, asyncio.Event()
        before.set()

    def hang_up(self) -> None:
        """Listen to no worker any more."""
        if self.writer is not None:
            self.writer.dismiss()


class StreamWriter:
    """One worker's stream of one job."""

    def __init__(self, entry: Entry, ended: Callable[[Entry], None]) -> None:
        """`ended` is called when the worker says that the result is there."""
        self.unwanted = asyncio.Event()
        self._entry = entry
        self._ended = ended
        self._listened_to = True

    def add(self, lines: Sequence[ReplyLine]) -> None:
        """Take what was told, as long as somebody listens."""
        for line in lines:
            if self._listened_to:
                self._take(line)
        self._entry.tell()

    def _take(self, line: ReplyLine) -> None:
        telling = self._entry.telling
        if line.started is not None:
            telling.started(line.started.attempt)
        elif line.record is not None:
            telling.record(line.record)
        elif line.again is not None:
            telling.again()
            self.close()
        elif line.ended is not None:
            self.close()
            self._ended(self._entry)

    def close(self) -> None:
        """The connection is gone, or nothing more may come."""
        if self._listened_to:
            self._listened_to = False
            self._entry.telling.close()

    def dismiss(self) -> None:
        """Nobody waits for the job any more. Who has told all ends by itself, and is not cut off."""
        if self._listened_to:
            self.close()
            self.unwanted.set()

    def give_way(self) -> None:
        """A newer worker writes."""
        self._listened_to = False
        self.unwanted.set()


class Registry:
    """The jobs of this process. It implements `laneway_gateway.ports.streams.Streams`."""

    def __init__(self, key: bytes, memory: Memory, ended: Callable[[Entry], None]) -> None:
        """`key` is this process's alone, `memory` what may be taken of it, `ended` as for `StreamWriter`."""
        self._key = key
        self._memory = memory
        self._ended = ended
        self._entries: dict[str, Entry] = {}

    def token(self, owner: Owner) -> str:
        """What opens the stream of one job and of no other."""
        return hmac.new(self._key, f"{owner.id}\n{owner.request_hash}".encode(), "sha256").hexdigest()

    def open(self, job_id: str, token: str, order: Order) -> StreamWriter:
        """Let a worker tell; raises `UnknownStream` and `OlderWriter`."""
        entry = self._entries.get(job_id)
        if entry is None or entry.end or not hmac.compare_digest(self.token(entry.owner).encode(), token.encode()):
            raise UnknownStream
        entry.telling.open(order)
        if entry.writer is not None:
            entry.writer.give_way()
        entry.writer = StreamWriter(entry, self._ended)
        return entry.writer

    @property
    def streams(self) -> int:
        """Of how many jobs a worker tells now."""
        return sum(each.telling.writing for each in self._entries.values())

    def find(self, job_id: str) -> Entry | None:
        """A job that is known here."""
        return self._entries.get(job_id)

    def add(self, owner: Owner) -> Entry:
        """The job's entry, a new one where there is none."""
        return self._entries.setdefault(owner.id, Entry(owner, self._memory.share(owner.tenant), kept=owner.kept))

    def drop(self, entry: Entry) -> None:
        """Nobody comes back to it."""
        entry.hang_up()
        entry.memory.release()
        if self._entries.get(entry.id) is entry:
            del self._entries[entry.id]

    def waited_for(self) -> Iterable[Entry]:
        """Jobs that somebody waits for."""
        return [each for each in self._entries.values() if each.end is None and each.waiting]

    def all(self) -> Iterable[Entry]:
        """Every job that is known here."""
        return list(self._entries.values())
