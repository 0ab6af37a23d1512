"""What is asked of gateways in a run, who asks, who leaves, and what is killed under which request. Pure."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from enum import Enum

from support.chaos.plan import Fate, Planned

NAME = re.compile(r"ask-([0-9]{5})")
KEYS = ("claims", "legal", "research")
LEAVERS, STREAMED = 1 / 6, 2 / 3
"""Of what may be streamed: how many leave, and how many are."""
IDEMPOTENCY_KEY = "Idempotency-Key"
REQUESTS_PER_IDEMPOTENCY_KEY = 5


class Door(Enum):
    """Where a request goes, and by whose client."""

    CHAT = "openai chat"
    COMPLETION = "openai completion"
    EMBEDDING = "openai embedding"
    RESPONSE = "openai response"
    LATER = "openai response in the background"
    OLLAMA_CHAT = "ollama chat"
    OLLAMA_GENERATE = "ollama generate"
    OLLAMA_EMBED = "ollama embed"
    JOB = "job of the pool's own door"


WHOLE = (Door.EMBEDDING, Door.LATER, Door.OLLAMA_EMBED, Door.JOB)
"""What is never streamed."""
OPENAI = (Door.CHAT, Door.COMPLETION, Door.EMBEDDING, Door.RESPONSE, Door.LATER)
EMBEDS = (Door.EMBEDDING, Door.OLLAMA_EMBED)


class Leaves(Enum):
    """Whether a client waits for its answer."""

    NEVER = "waits"
    GOES = "hangs up"
    KEEPS = "hangs up, and wants the answer all the same"


class Victim(Enum):
    """What is killed."""

    TAKING = "gateways that had just been asked"
    HOLDING = "gateways that held the request"
    WORKER = "workers that had begun it"
    ENGINE = "engines that had begun it"


GATEWAYS = (Victim.TAKING, Victim.HOLDING)
WAVE = (
    *(Victim.TAKING, Victim.HOLDING, Victim.WORKER, Victim.TAKING),
    *(Victim.ENGINE, Victim.HOLDING, Victim.TAKING, Victim.HOLDING),
    *(Victim.WORKER, Victim.ENGINE, Victim.WORKER, Victim.ENGINE),
)
"""What is killed in turn. A stream goes on when its worker's lease has ended, if its gateway still lives then: so some
kills are of no gateway.
"""
SPANS = {
    Victim.TAKING: (0.0, 0.12),
    Victim.HOLDING: (0.3, 2.0),
    Victim.WORKER: (0.2, 1.5),
    Victim.ENGINE: (0.2, 1.5),
}
"""After how many seconds."""


@dataclass(frozen=True)
class Blow:
    """A kill of whoever has a request."""

    victim: Victim
    seconds: float
    """After it has got it."""


@dataclass(frozen=True)
class Ask:
    """One request."""

    number: int
    door: Door
    streamed: bool
    key: int
    """Which of `KEYS`."""
    tokens: int
    leaves: Leaves = Leaves.NEVER
    blow: Blow | None = None

    @property
    def job(self) -> Planned:
        """What the engine is asked."""
        return Planned(f"ask-{self.number:05}", Fate.GOOD, self.tokens)

    @property
    def headers(self) -> dict[str, str]:
        """What its client says beside."""
        keeps = {"X-Laneway-On-Disconnect": "keep"} if self.leaves is Leaves.KEEPS else {}
        named = self.number % REQUESTS_PER_IDEMPOTENCY_KEY == 0 or self.door is Door.JOB
        return keeps | ({IDEMPOTENCY_KEY: self.job.id} if named else {})


def asks(count: int, kills: int, seed: int) -> list[Ask]:
    """So many requests, of every kind in turn, with so many blows strewn among them."""
    rng = random.Random(seed)  # noqa: S311 - a seeded script, no secret
    blows = dict(zip(sorted(rng.sample(range(count), kills)), _blows(kills, rng), strict=True))
    return [_ask(number, blows.get(number), rng) for number in range(count)]


def _ask(number: int, blow: Blow | None, rng: random.Random) -> Ask:
    door = list(Door)[number % len(Door)]
    computes = blow is not None and blow.victim not in GATEWAYS
    streamed = door not in WHOLE and (computes or rng.random() < STREAMED)
    may_leave = blow is None and streamed and rng.random() < LEAVERS
    leaves = rng.choice((Leaves.GOES, Leaves.KEEPS)) if may_leave else Leaves.NEVER
    return Ask(number, door, streamed, rng.randrange(len(KEYS)), rng.randint(3, 30), leaves, blow)


def _blows(count: int, rng: random.Random) -> list[Blow]:
    victims = [WAVE[number % len(WAVE)] for number in range(count)]
    return [Blow(each, rng.uniform(*SPANS[each])) for each in victims]
