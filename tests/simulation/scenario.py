"""What a seed decides: how many workers, which jobs, what goes wrong and how often."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from laneway.schema.pool.schedules.schedule import Period
from simulation.account import Oddities
from simulation.engine import MODEL, NO_END, NOWHERE, BlackHole
from simulation.gateways import Manners
from simulation.jobs import Plan, plans
from simulation.network import Faults
from simulation.tables import EVENTS, Projectors
from support.worker.documents import documents_of

if TYPE_CHECKING:
    from random import Random

    from laneway.schema.pool.documents.lane_documents import LaneDocuments

JOBS, DEAD = "jobs", "dead"
BUCKET, LEGAL = "acme-llm", "acme-legal"
PREFIX = "documents/"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:results"
MAX_ATTEMPTS = 3
DRAIN_SECONDS = 25
QUIET = (60.0, 120.0)  # of a lane that sleeps for a minute, since the start


@dataclass(frozen=True)
class Scenario:
    """One world before it begins."""

    plans: list[Plan]
    workers: int
    lane: LaneDocuments
    most_receives: int
    faults: Faults
    oddities: Oddities
    conflicts: float
    crashes: float
    """How often a request takes the engine down."""
    violence: float
    """How often a process is killed, stopped or told to leave."""
    fates: tuple[int, int, int, int]
    """How often each of these: SIGKILL, SIGSTOP, SIGTERM, SIGTERM twice."""
    rolling: bool
    """Workers are replaced again and again, while long jobs wait."""
    preemption: float
    calm_at: float
    """Nothing goes wrong any more from then on."""
    dead_letters_from: float
    """When the dead-letter handler comes up."""
    refused: tuple[float, float]
    """When the destination refuses writes."""
    person: float
    """How busy the person is who looks after failed jobs."""
    manners: Manners
    """Of the gateways."""
    projectors: Projectors
    """Who makes rows of results."""
    hole: BlackHole = NOWHERE
    """The first worker's engine."""


CUT_OFF = Faults(outages={"sqs": ((10, 110),)})
"""SQS is away for longer than a lease lasts, and the jobs are long."""


@lru_cache
def lane(parallel: int, visibility: int, poll: int, timeout: int, expires_after: int, *, sleeps: bool) -> LaneDocuments:
    """The lane's documents."""
    document: dict[str, Any] = {
        "pool": "default/documents",
        "lane": "fast",
        "model": {"name": MODEL, "context_length": 512},
        "parallel": parallel,
        "limits": {
            "timeout_seconds": timeout,
            "token_gap_seconds": timeout,
            "expires_after_seconds": expires_after,
            "max_attempts": MAX_ATTEMPTS,
            "max_tokens": 256,
        },
        "queue": {"url": JOBS, "dead_letter_url": DEAD},
        "results": {"bucket": BUCKET, "prefix": PREFIX},
        "destinations": {"legal": {"bucket": LEGAL, "prefix": "llm/"}},
        "topic_arn": TOPIC,
        "events_queue_url": EVENTS,
        "region": "eu-west-1",
        "ollama_url": "http://127.0.0.1:11434",
        "health_address": "127.0.0.1:0",
        "drain_seconds": DRAIN_SECONDS,
        "visibility_seconds": visibility,
        "poll_seconds": poll,
        "quiet": (Period(timezone="UTC", start="1 12 * * *", end="2 12 * * *"),) if sleeps else (),
    }
    return documents_of(document)


def scenario(random: Random) -> Scenario:
    """The world of a seed."""
    roll, pick = random.random, random.choice
    calm_at = 20 + 100 * roll()
    troubled = roll() < 0.85
    kind = roll()
    rolling, cut_off = kind < 0.05, 0.05 <= kind < 0.1
    if cut_off:
        calm_at = 120
    refused_from = calm_at * roll()
    hole = _hole(random, calm_at) if 0.1 <= kind < 0.3 else NOWHERE
    return Scenario(
        plans=plans(random, 2, 5, "long") if rolling or cut_off else plans(random, random.randint(3, 9), calm_at * 0.6),
        workers=1 if rolling else 3 if hole.until == NO_END else pick((1, 2, 2, 3)),
        lane=lane(
            pick((1, 1, 2)),
            pick((25, 30, 45)),
            1 if rolling else pick((5, 20)),
            80 if rolling or cut_off else pick((12, 40)),
            pick((900, 900, 900, 60)),
            sleeps=roll() < 0.1 and not rolling and not cut_off,
        ),
        most_receives=random.randint(7, 10),
        faults=CUT_OFF if cut_off else _faults(random, calm_at) if troubled else Faults(),
        oddities=_oddities(random) if troubled else Oddities(),
        conflicts=pick((0, 0.1)),
        crashes=pick((0, 0, 0.05, 0.15)),
        violence=1 if rolling else 0 if cut_off else pick((0, 0.3, 0.6, 1)),
        fates=pick(((5, 3, 2, 1), (5, 3, 2, 1), (1, 0, 0, 0), (0, 0, 1, 6))),
        rolling=rolling,
        preemption=pick((0, 0.02, 0.1, 0.3)),
        calm_at=calm_at,
        dead_letters_from=pick((0, 0, calm_at * roll())),
        refused=(refused_from, refused_from + pick((0, 40, 120))),
        person=pick((0, 0.5, 1)),
        manners=_manners(random),
        projectors=_projectors(random, calm_at),
        hole=hole,
    )


def _hole(random: Random, calm_at: float) -> BlackHole:
    """One engine of three breaks for good, or one of some for a while."""
    since = calm_at * random.choice((0, random.random()))
    until = random.choice((NO_END, since + 20 + 200 * random.random()))
    return BlackHole(since, until, random.choice(("error", "crash", "stall")))


def _projectors(random: Random, calm_at: float) -> Projectors:
    return Projectors(
        many=random.choice((1, 1, 2)),
        slow=random.choice((0.05, 2, 20)),
        killed=random.choice((0, 0.1, 0.5)),
        since=random.choice((0, 0, calm_at * random.random(), None)),
    )


def _manners(random: Random) -> Manners:
    scale = random.choice((0, 0.1, 0.3))
    return Manners(*(scale * random.random() for _ in range(5)))


def _faults(random: Random, calm_at: float) -> Faults:
    roll, pick = random.random, random.choice
    scale = pick((0.1, 0.5, 1, 1))
    outages: dict[str, tuple[tuple[float, float], ...]] = {}
    if roll() < 0.35:
        since = calm_at * roll()
        outages = {pick(("sqs", "sqs", "s3", "sns", "events")): ((since, since + 5 + 90 * roll()),)}
    return Faults(
        refused=0.08 * scale * roll(),
        broken_after=0.08 * scale * roll(),
        unreachable=0.05 * scale * roll(),
        timed_out=0.04 * scale * roll(),
        denied=0.02 * scale * roll(),
        outages=outages,
    )


def _oddities(random: Random) -> Oddities:
    pick = random.choice
    return Oddities(
        fewer=pick((0, 0.1, 0.3)),
        twice=pick((0, 0, 0.03, 0.15)),
        back=pick((0, 0, 0.03, 0.15)),
        stale_deletes=pick((0, 0.5, 1)),
        stale_changes=pick((0, 0, 1)),
        orphans=pick((0, 0.5, 1)),
    )
