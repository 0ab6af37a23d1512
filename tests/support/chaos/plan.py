"""The jobs of a run, what each prompt demands, and how the engine treats each call: all from one seed. Pure."""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter, defaultdict
from dataclasses import dataclass
from enum import Enum

from support import canary

MOST_CHARGED = 2  # failed attempts that the script costs a job, below the lanes' maxAttempts
REPEATS = 30  # Ollama gives up after so many equal tokens, without a final record
VECTOR_NUMBERS = 8
SLOW_SECONDS = (0.5, 5.0)  # longer answers would hardly survive a SIGKILL every 2 s


class Fate(Enum):
    """What a prompt says about its job."""

    GOOD = "good"
    ERROR = "error"
    REPEAT = "repeat"
    CUT = "cut"
    HANG = "hang"
    DEADLY = "deadly"
    """Kills its workers."""


POISON = (Fate.ERROR, Fate.REPEAT, Fate.CUT, Fate.HANG)
"""Fails at every attempt."""


class Play(Enum):
    """How the engine treats one call."""

    FINE = "answered"
    SLOW = "answered slowly"
    ERROR = "answered 500"
    BUSY = "answered 503"
    REPEAT = "30 equal tokens without an end"
    CUT = "cut in the middle of a chunk"
    HANG = "silent after the first token"
    DEADLY = "killed its worker"


FAILING = (Play.ERROR, Play.REPEAT, Play.CUT, Play.HANG)
"""What costs the job an attempt; a stream that is cut twice ends it, so that only poison is cut by the script."""


@dataclass(frozen=True)
class Planned:
    """One job."""

    id: str
    fate: Fate
    tokens: int

    @property
    def prompt(self) -> str:
        """Says what the engine is to do, and makes the answer this job's own."""
        return f"{self.fate.value} {self.id} {self.tokens}"

    @property
    def body(self) -> str:
        """The message; every fourth job is a chat."""
        asked: dict[str, object] = {"prompt": self.prompt, "system": canary.PROMPT}
        if int(self.id.rpartition("-")[2]) % 4 == 0:
            said = {"system": canary.PROMPT, "user": self.prompt}
            asked = {"messages": [{"role": role, "content": text} for role, text in said.items()]}
        return json.dumps({"id": self.id, **asked, "options": {"num_predict": self.tokens}})

    @property
    def succeeds(self) -> bool:
        """Whether the job has an answer in the end."""
        return self.fate is Fate.GOOD


def answer(prompt: str) -> list[str]:
    """The tokens of the one right answer to a prompt."""
    _, _, tokens = prompt.split(" ")
    return [hashlib.sha256(f"{prompt} {number}".encode()).hexdigest()[:6] + " " for number in range(int(tokens))]


def vector(prompt: str) -> list[float]:
    """The one right embedding of a prompt: numbers that no format rounds."""
    return [byte / 256 for byte in hashlib.sha256(prompt.encode()).digest()[:VECTOR_NUMBERS]]


def planned(count: int, poison: int, seed: int, name: str = "job") -> list[Planned]:
    """So many jobs, with poison of each kind in turn strewn among them."""
    rng = random.Random(seed)  # noqa: S311 - a seeded script, no secret
    bad = dict(zip(rng.sample(range(count), poison), POISON * poison, strict=False))
    return [Planned(f"{name}-{n:05}", bad.get(n, Fate.GOOD), rng.randint(1, 20)) for n in range(count)]


def deadly(count: int) -> list[Planned]:
    """Jobs that kill whatever works on them."""
    return [Planned(f"deadly-{number:05}", Fate.DEADLY, 1) for number in range(count)]


class Script:
    """How the engines treat the calls of each job. A good job fails at most twice by the script."""

    def __init__(self, seed: int, *, faulty: bool, calm: Play = Play.FINE) -> None:
        """`calm` is how calls go where nothing goes wrong."""
        self.faulty = faulty
        """Whether anything goes wrong beside poison."""
        self._calm = calm
        self.calls: Counter[str] = Counter()
        """Calls by job."""
        self.plays: Counter[Play] = Counter()
        self._seed = seed
        self._charged: defaultdict[str, int] = defaultdict(int)

    def next(self, prompt: str) -> tuple[Play, random.Random]:
        """How the next call with this prompt goes, and the chances of its details."""
        fate, job, _ = prompt.split(" ")
        self.calls[job] += 1
        rng = random.Random(f"{self._seed} {job} {self.calls[job]}")  # noqa: S311 - a seeded script, no secret
        play = self._good(job, rng) if fate == Fate.GOOD.value else Play[fate.upper()]
        self.plays[play] += 1
        return play, rng

    def _good(self, job: str, rng: random.Random) -> Play:
        if not self.faulty:
            return self._calm
        weights = {Play.FINE: 84, Play.SLOW: 9, Play.BUSY: 1, Play.ERROR: 2, Play.REPEAT: 2, Play.HANG: 1}
        (play,) = rng.choices(list(weights), list(weights.values()))
        if play in FAILING:
            if self._charged[job] == MOST_CHARGED:
                return Play.FINE
            self._charged[job] += 1
        return play
