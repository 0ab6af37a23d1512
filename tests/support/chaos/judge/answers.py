"""What must be true of requests through gateways, however the run went, and its figures. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from laneway.schema.job.codes import ErrorCode
from support.chaos.asking.asks import EMBEDS, IDEMPOTENCY_KEY, Leaves, Victim
from support.chaos.asking.ends import End
from support.chaos.judge.checks import once, stuck, text_of
from support.chaos.judge.figures import spread
from support.chaos.plan import answer, vector

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from laneway.schema.job.result import Result
    from support.chaos.asking.asks import Ask
    from support.chaos.asking.ends import Outcome
    from support.chaos.engine import Begun
    from support.chaos.judge.figures import Figures


@dataclass(frozen=True)
class Found:
    """What clients got, what lies in the bucket, and what was done."""

    outcomes: Sequence[Outcome]
    results: Mapping[str, Result]
    """By job."""
    written: Mapping[str, int]
    """How often each result was."""
    sent: set[str]
    """Jobs that have an owner: they were surely sent."""
    left: Mapping[str, int]
    """Messages by queue."""
    begun: Sequence[Begun]
    """Calls to engines, by time."""
    seen_by_others: Sequence[str]
    """Jobs of which another key was told something."""
    ended_alone: Sequence[str]
    """Processes that ended without being killed."""
    kills: Mapping[Victim, int]
    wall_seconds: float

    @cached_property
    def begins(self) -> dict[str, list[float]]:
        """When engines began each request."""
        found: defaultdict[str, list[float]] = defaultdict(list)
        for each in self.begun:
            found[each.job].append(each.at)
        return found


def lost(found: Found) -> list[str]:
    """Requests that have neither an answer nor a result."""
    return [each.ask.job.id for each in found.outcomes if _waits(each) and _end(each) == LOST]


def violations(found: Found) -> list[str]:
    """Every promise that was broken, in words."""
    return [
        *(f"{name} is lost" for name in lost(found)),
        *_wrong(found),
        *_told(found),
        *_left(found),
        *_one_job(found),
        *(f"{job} was sent and has no result" for job in sorted(found.sent - found.results.keys())),
        *once("the result of", found.written),
        *stuck(found.left),
        *(f"another key was told of {job}" for job in found.seen_by_others),
        *(f"{name} ended by itself" for name in found.ended_alone),
    ]


def _wrong(found: Found) -> Iterator[str]:
    for each in found.outcomes:
        if each.last.end is End.ANSWERED and not each.last.is_answer_to(each.ask):
            yield f"{each.ask.job.id} ({each.ask.door.value}) got another answer than its own, or a part"
        elif each.result is not None and not (_is_answer(each.result, each.ask) or _crashed(each.result)):
            yield f"{each.ask.job.id} has a result that is none of its own: {each.result.status}"


def _told(found: Found) -> Iterator[str]:
    """Each id that a client was told stands for a result, which it can have."""
    for each in found.outcomes:
        yield from (f"{job} of {each.ask.job.id} has no result" for job in each.ids if job not in found.results)
        yield from (f"{job} of {each.ask.job.id} is known to no gateway" for job in each.unknown)


def _left(found: Found) -> Iterator[str]:
    for each in found.outcomes:
        ends = [found.results[job] for job in each.ids if job in found.results] if _has_left(each) else []
        keeps = each.ask.leaves is Leaves.KEEPS
        for end in ends:
            right = _is_answer(end, each.ask) or _crashed(end)
            if not right and (keeps or end.status != "cancelled"):
                yield f"{each.ask.job.id} was left ({each.ask.leaves.value}), and its job {end.status}"


def _one_job(found: Found) -> Iterator[str]:
    jobs = _jobs(found)
    named = [each.ask.job.id for each in found.outcomes if IDEMPOTENCY_KEY in each.ask.headers]
    yield from (f"{name} has an {IDEMPOTENCY_KEY} and became {jobs[name]} jobs" for name in named if jobs[name] > 1)


def _waits(outcome: Outcome) -> bool:
    return outcome.ask.leaves is Leaves.NEVER


def _has_left(outcome: Outcome) -> bool:
    return outcome.last.end is End.LEFT


def _is_answer(result: Result, ask: Ask) -> bool:
    if ask.door in EMBEDS:
        return result.embeddings == [vector(ask.job.prompt)]
    return text_of(result) == "".join(answer(ask.job.prompt))


def _crashed(result: Result) -> bool:
    """Whether two kills of engines hit the job."""
    return result.error is not None and result.error.code is ErrorCode.ENGINE_CRASHED


LOST = "lost"
FIRST = "answered, at once"
JOINED = "answered, as the client itself asked again"
LATER = "taken, and read by the job's id as was meant"
READ_TOLD = "told an error, and read by the id in it"
READ_BROKEN = "broken off, and read by its id"
AGAIN = "broken off or told an error without an id, asked again by the application, and answered"
FAILED = "ended by two kills of engines under one job"
LEFT = "left by the client"
ENDS = (FIRST, JOINED, LATER, READ_TOLD, READ_BROKEN, AGAIN, FAILED, LEFT, LOST)


def _end(outcome: Outcome) -> str:
    last = outcome.last
    if not _waits(outcome):
        return LEFT
    if outcome.result is not None and _crashed(outcome.result):
        return FAILED
    if outcome.result is not None:
        return {End.ACCEPTED: LATER, End.TOLD: READ_TOLD}.get(last.end, READ_BROKEN)
    if last.end is not End.ANSWERED:
        return LOST
    if len(outcome.calls) > 1:
        return AGAIN
    return JOINED if last.retries else FIRST


def answer_figures(found: Found, broken: Sequence[str]) -> Figures:
    """Requests by how they ended, kills, and what was computed twice."""
    ends = Counter(map(_end, found.outcomes))
    return {
        "requests": len(found.outcomes),
        **{f"· {end}": ends[end] for end in ENDS if end != LOST},
        "answers lost": len(lost(found)),
        **{f"killed: {victim.value}": found.kills.get(victim, 0) for victim in Victim},
        **_work(found),
        "promises broken": len(broken),
        "from the request to its end, s": spread(each.seconds for each in found.outcomes if _waits(each)),
        "wall time, s": round(found.wall_seconds, 1),
    }


def _jobs(found: Found) -> Counter[str]:
    """How many answered jobs each request became."""
    whose: dict[str, str] = {}
    for each in found.outcomes:
        prompt = each.ask.job.prompt
        whose |= dict.fromkeys(("".join(answer(prompt)), str([vector(prompt)])), each.ask.job.id)
    answers = [text_of(each) or str(each.embeddings) for each in found.results.values()]
    return Counter(whose[each] for each in answers if each in whose)


def _work(found: Found) -> Figures:
    streams = [each for each in found.outcomes if each.ask.streamed and _waits(each)]
    return {
        "jobs": len(found.results),
        "requests that became several jobs": sum(count > 1 for count in _jobs(found).values()),
        "requests computed more than once": sum(len(times) > 1 for times in found.begins.values()),
        "streams": len(streams),
        "· repaired: went on when what computed them had been killed": sum(_repaired(each, found) for each in streams),
        "· broken off with their gateway": sum(each.calls[0].end is End.BROKEN for each in streams),
    }


def _repaired(outcome: Outcome, found: Found) -> bool:
    """Whether pieces were heard before an engine began anew, and the rest after."""
    first, begins = outcome.calls[0], found.begins.get(outcome.ask.job.id, [])
    whole = first.end is End.ANSWERED and first.first_at is not None
    return whole and any(at > (first.first_at or 0) for at in begins[1:])
