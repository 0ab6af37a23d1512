"""What workers tell of one job, and what of it each of its clients has heard. Pure: a table of states, no waiting.

Several workers may hold one job's stream, one after the other and at once: attempts that follow each other, forks of a
retry, and who has lost a lease and does not know it yet. One writes at a time, the newest; who comes anew has to begin
with what clients have heard already.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from laneway.translate.pieces import Piece, piece_of
from laneway_gateway.desk import Record, Started
from laneway_gateway.held.stream.said import START, Position, Said, record_of
from laneway_gateway.ports.streams import OlderWriter, Order

if TYPE_CHECKING:
    from typing import Any

NOBODY = Order(0, 0)


class Differs(Exception):
    """What is told now, or the result, does not begin with what this client has heard."""


@dataclass
class Heard:
    """How far one client has heard."""

    position: Position = START
    telling: int = 0
    """Which of several tellings, where one did not begin with what was heard of another."""
    attempt: int | None = None


class Telling:
    """What is known of an answer before it has its result."""

    def __init__(self) -> None:
        """Nobody has written yet."""
        self.attempt: int | None = None
        """The one that runs, or ran last."""
        self.writing = False
        """Whether a worker's stream is open."""
        self._said = Said()
        self._before = Said()
        self._heard = START
        self._telling = 0
        self._newest = NOBODY
        self._chat = True

    @property
    def size(self) -> int:
        """About how many bytes of memory it takes."""
        return self._said.size + self._before.size

    def open(self, order: Order) -> None:
        """A worker begins to write, and any other one no longer does; raises `OlderWriter`. The same one may come again
        when its stream is closed.
        """
        if order < self._newest or (order == self._newest and self.writing):
            raise OlderWriter
        self._begin_anew()
        self._newest, self.writing = order, True

    def close(self) -> None:
        """Nobody writes."""
        self.writing = False

    def started(self, attempt: int) -> None:
        """The writer has begun an attempt."""
        self.attempt = attempt

    def again(self) -> None:
        """The writer's attempt comes to nothing. Whoever takes the job up may have received it more rarely."""
        self._begin_anew()
        self._newest = Order(self._newest.attempt, 0)

    def record(self, fields: dict[str, Any]) -> None:
        """The writer goes on."""
        start = self._said.position
        self._chat = "message" in fields
        self._said.add(piece_of(fields))
        if not self._said.agrees(self._before, start):
            self._telling += 1
            self._before, self._heard = Said(), START

    def news(self, heard: Heard) -> list[Started | Record]:
        """What a client has not heard yet; it has now. Raises `Differs`."""
        self._keep_up(heard)
        news: list[Started | Record] = []
        if self.attempt is not None and heard.attempt != self.attempt:
            heard.attempt = self.attempt
            news.append(Started(self.attempt))
        if piece := self._said.after(heard.position):
            heard.position = heard.position.further(self._said.position)
            self._heard = self._heard.further(heard.position)
            news.append(Record(record_of(piece, chat=self._chat)))
        return news

    def rest(self, heard: Heard, answer: Piece) -> Piece:
        """What a client has not heard of the committed answer; raises `Differs`."""
        self._keep_up(heard)
        whole = Said(answer)
        known = self._said.or_longer(self._before).until(heard.position)
        if not known.agrees(whole) or whole.position.further(heard.position) != whole.position:
            raise Differs
        return whole.after(heard.position)

    def _keep_up(self, heard: Heard) -> None:
        if heard.telling != self._telling and heard.position != START:
            raise Differs
        heard.telling = self._telling

    def _begin_anew(self) -> None:
        self._before = self._said.or_longer(self._before).until(self._heard)
        self._said = Said()
