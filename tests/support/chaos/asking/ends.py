"""How one call of a client ended, and what became of the request. Pure."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from support.chaos.asking.asks import EMBEDS
from support.chaos.plan import answer, vector

if TYPE_CHECKING:
    from laneway.schema.job.result import Result
    from support.chaos.asking.asks import Ask

JOB_ID = re.compile(r"\b[a-z0-9]{16}-[0-9A-Za-z]{26}[0-9a-f]{16}\b")
"""Of a job that a gateway has sent."""


class End(Enum):
    """How one call ended."""

    ANSWERED = "answered"
    ACCEPTED = "accepted, to be asked for by its id"
    LEFT = "left"
    TOLD = "an error of the gateway's"
    BROKEN = "a broken connection"


@dataclass
class Heard:
    """What a client has got of one call, however that ended."""

    job_id: str | None = None
    text: str = ""
    vector: list[float] = field(default_factory=list)
    first_at: float | None = None
    """Monotonic time of the first piece."""
    retries: int = 0
    """How often the client itself has asked again."""
    end: End = End.ANSWERED
    words: str = ""
    """Of the error."""

    def piece(self, text: str | None) -> None:
        """Words of the answer."""
        if text:
            self.first_at = self.first_at or time.monotonic()
            self.text += text

    def is_answer_to(self, ask: Ask) -> bool:
        """Whether it is the one right answer, whole."""
        prompt = ask.job.prompt
        return self.vector == vector(prompt) if ask.door in EMBEDS else self.text == "".join(answer(prompt))


@dataclass
class Outcome:
    """What became of a request."""

    ask: Ask
    calls: list[Heard] = field(default_factory=list)
    """The application's, one after the other."""
    result: Result | None = None
    """Where the application has read it by the job's id."""
    unknown: list[str] = field(default_factory=list)
    """Ids that a client was told and that no gateway knew."""
    seconds: float = 0.0
    """From the request to its end."""

    @property
    def last(self) -> Heard:
        """The last call."""
        return self.calls[-1]

    @property
    def ids(self) -> list[str]:
        """Every id that the client was told."""
        return [each.job_id for each in self.calls if each.job_id]
