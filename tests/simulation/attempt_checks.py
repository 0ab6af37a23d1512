"""What holds for attempts, histories, slots and time."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from laneway.schema.job.codes import CODES, ErrorCode
from simulation.history import Acknowledging, Asked, BeatEnded, Call, Got, Proved, Put, Ran, Received, Sent, Told
from simulation.record import CANCELS, SKEW_SECONDS, message_of
from simulation.scenario import JOBS, MAX_ATTEMPTS
from simulation.scheduler import START

if TYPE_CHECKING:
    from collections.abc import Iterator

    from laneway.schema.job.result import Result
    from simulation.history import Event
    from simulation.jobs import Plan
    from simulation.record import Record

SWALLOWED = {"swallowed": ErrorCode.ENGINE_ERROR, "swallowed until its time was over": ErrorCode.TIMED_OUT}
"""How runs end on an engine that is broken → what they would cost on one that isn't."""
SLOW_LOOK_SECONDS = 75.0  # two looks of three tries with time-outs, before a deadline is seen


def attempts_are_the_jobs_own(record: Record) -> Iterator[str]:
    """Failures in results and histories are failures that the engine saw, in number too."""
    for event, sent in record.by[Sent]:
        if sent.history and event.who not in ("sender", "person"):
            failures = json.loads(sent.history)["failures"]
            yield from _own(record, event, record.world.origins[sent.origin], [each["code"] for each in failures])
            if len(failures) >= MAX_ATTEMPTS:
                yield f"{event.who} sent {sent.message} again after {len(failures)} attempts"
    for job, puts in record.results.items():
        for event, _, result in puts:
            if result is not None and job in record.jobs:
                yield from _own_result(record, event, job, result)


def _own_result(record: Record, event: Event, job: str, result: Result) -> Iterator[str]:
    codes = [failure.code.value for failure in result.failures]
    code = result.error.code if result.error else None
    if code is ErrorCode.ENGINE_CRASHED:
        codes.append(code.value)
    elif code is not None and CODES[code].retried:
        repeated = code is ErrorCode.FORMAT_NOT_MET and code.value in codes  # every bad answer here breaks one rule
        codes.append(code.value)
        if len(codes) != MAX_ATTEMPTS and not repeated:
            yield f"{event.who} gave {job} up after {len(codes)} attempts, not {MAX_ATTEMPTS}"
    elif len(codes) >= MAX_ATTEMPTS:
        yield f"the result of {job} tells of {len(codes)} failed attempts, and the lane allows {MAX_ATTEMPTS}"
    yield from _own(record, event, job, codes)


def _own(record: Record, event: Event, job: str, codes: list[str]) -> Iterator[str]:
    timeout = record.world.scenario.lane.live.limits.timeout_seconds
    seen = Counter(
        code
        for when, ran in record.ran[record.jobs[job].prompt]
        if when.number < event.number
        for code in _codes(record, when, ran, timeout)
    )
    for code, number in Counter(codes).items():
        if seen[code] < number:
            yield f"{event.who} charged {job} with {code} {number} times; the engine saw {seen[code]}"


def _codes(record: Record, event: Event, ran: Ran, timeout: int) -> set[str]:
    """What a run may cost its job, by one of these names. One that outlasts the lane's time is over, also where the
    engine then died, or where its failure is told while the worker asks whose fault it was; and nobody can tell that an
    engine was broken which answers as soon as it is asked.
    """
    if ran.end in SWALLOWED and _could_answer(record, event):
        return {SWALLOWED[ran.end].value}
    late = ran.end in ("crashed", "failed") and event.at - ran.since >= timeout
    return {ran.code or "", ErrorCode.TIMED_OUT.value if late else ""} - {""}


def _could_answer(record: Record, event: Event) -> bool:
    """Whether the engine of an event could, when it was asked next."""
    later = (each for each in record.by[Proved] if each[0].who == event.who and each[0].number > event.number)
    return next((proved.answered for _, proved in later), False)


def broken_engines_receive_nothing(record: Record) -> Iterator[str]:
    """A worker whose engine could not answer asks for no job until it can."""
    broken: set[str] = set()
    for event in record.world.history.events:
        what = event.what
        if type(what) is Proved:
            (broken.discard if what.answered else broken.add)(event.who)
        elif type(what) is Asked and what.queue == JOBS and event.who in broken:
            yield f"{event.who} asked for {what.most} messages at {event.at:.3f}, and its engine can't answer"


def history_goes_on(record: Record) -> Iterator[str]:
    """A copy carries what its original carried: body, attributes, group, submission, what it may replace, who waits,
    and its failures with one more at most.
    """
    held: dict[tuple[str, str], list[str]] = defaultdict(list)
    for event in record.world.history.events:
        what = event.what
        if type(what) is Received:
            held[event.who, record.sent[what.message][1].origin].append(what.message)
        elif type(what) is Sent and event.who not in ("sender", "person"):
            sources = [record.sent[message] for message in held[event.who, what.origin]]
            if not any(_continues(what, source) for source in sources):
                yield f"{event.who} sent {what.message}, which continues none of what it had received: {what.history}"


def _continues(copy: Sent, source: tuple[Event, Sent]) -> bool:
    event, original = source
    if copy.history is None or copy.queue != original.queue:
        return False
    new = json.loads(copy.history)
    old = json.loads(original.history) if original.history else {"id": original.message, "failures": []}
    same = (copy.body, copy.group, new["id"], new.get("replaces"), new.get("reply")) == (
        original.body,
        original.group,
        old["id"],
        old.get("replaces"),
        old.get("reply"),
    )
    kept = set(original.attributes) <= set(copy.attributes)
    failures, before = new["failures"], old["failures"]
    longer = failures[: len(before)] == before and len(failures) - len(before) <= 1
    submitted: Any = old.get("submitted_at", START.timestamp() + event.at)
    return same and kept and longer and _close(new["submitted_at"], submitted)


def _close(one: str, other: str | float) -> bool:
    at = other if isinstance(other, float) else datetime.fromisoformat(other).timestamp()
    return abs(datetime.fromisoformat(one).timestamp() - at) < 0.01


def no_prefetch(record: Record) -> Iterator[str]:
    """A worker asks for no more messages than it has free slots."""
    parallel = record.world.scenario.lane.config.parallel
    slots: dict[str, Slots] = defaultdict(lambda: Slots(record))
    for event in record.world.history.events:
        what, mine = event.what, slots[event.who]
        kind = type(what)
        if kind is Asked and what.queue == JOBS:
            busy = mine.busy(event)
            if what.most > parallel - busy:
                yield f"{event.who} asked for {what.most} messages at {event.at:.3f}, {busy} of {parallel} slots taken"
        elif kind is Got and what.queue == JOBS:
            mine.got(what)
        elif kind is Acknowledging:
            mine.acknowledged(message_of(what.handle))
        elif kind is BeatEnded:
            mine.lost(what.lost)
        elif kind in (Ran, Put, Sent, Told):
            mine.settle(what)


class Slots:
    """The messages of one process that surely hold a slot."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._open: dict[str, float] = {}  # until when: then its lease may be lost
        self._held: set[str] = set()  # got and not acknowledged

    def busy(self, event: Event) -> int:
        """How many."""
        return sum(until > event.at and _needs_slot(self._record, each, event) for each, until in self._open.items())

    def got(self, what: Got) -> None:
        """A message that comes again while it is held takes no second slot."""
        new = {handle for handle in what.handles if message_of(handle) not in self._held}
        self._held |= {message_of(handle) for handle in new}
        self._open |= {message_of(handle): self._record.received[handle][1].until for handle in new}

    def acknowledged(self, message: str) -> None:
        """It is done with."""
        self._open.pop(message, None)
        self._held.discard(message)

    def lost(self, handles: tuple[str, ...]) -> None:
        """A heartbeat says that they are another's; where the worker does not know the code, it goes on."""
        for handle in handles:
            self._open.pop(message_of(handle), None)

    def settle(self, what: Ran | Put | Sent | Told) -> None:
        """Whoever did this is past its slot."""
        self._open = {message: until for message, until in self._open.items() if not self._is_of(message, what)}

    def _is_of(self, message: str, what: Ran | Put | Sent | Told) -> bool:
        record = self._record
        match what:
            case Ran(prompt=prompt):
                return record.prompt_of(message) == prompt
            case Put(key=key):
                return f"/{record.job_of(message)}." in key
            case Sent(origin=origin):
                return record.sent[message][1].origin == origin
            case _:
                return record.job_of(message) == what.job


def _needs_slot(record: Record, message: str, event: Event) -> bool:
    """Whether nothing but the engine can end this message's try: no result, cancel or deadline."""
    job = record.job_of(message)
    plan = record.jobs[job]
    ends = plan.code is not None or plan.cancelled_at is not None or event.at > record.deadline(plan) - SKEW_SECONDS
    return not ends and record.standing(job, event.number) is None


def nothing_runs_past_its_time(record: Record) -> Iterator[str]:
    """The engine is told to stop at a job's deadline and at the lane's time-out, by the first look that comes back."""
    timeout = record.world.scenario.lane.live.limits.timeout_seconds
    for prompt, rans in record.ran.items():
        plan = record.world.scripts.plans[prompt]
        for event, ran in rans:
            until = min(ran.since + timeout, _latest_deadline(record, plan)) + SKEW_SECONDS
            if event.at <= until or record.was_stopped(event.who):
                continue
            alone = sum(other.who == event.who and known.since < event.at for other, known in rans) == 1
            looked = _looked(record, event.who, prompt, until) if alone else float("inf")
            if event.at > min(looked, until + SLOW_LOOK_SECONDS) + 1:
                yield f"{event.who} ran {prompt} until {event.at:.1f}; its time was over at {until:.1f}"


def _latest_deadline(record: Record, plan: Plan) -> float:
    """Of the copies of a job, the last one to expire."""
    sent = [at for at, body in record.accepted if body == plan.body]
    last = max(sent) + record.world.scenario.lane.live.limits.expires_after_seconds
    return last if plan.expires_at is None else min(last, plan.expires_at)


def _looked(record: Record, who: str, prompt: str, after: float) -> float:
    """When a look for a cancel came back, after a time."""
    keys = {f"{CANCELS}{job}.json" for job, plan in record.jobs.items() if plan.prompt == prompt}
    return min(
        (
            event.at
            for event, call in record.by[Call]
            if event.who == who and call.on in keys and event.at >= after and call.end in ("ok", "404", "denied")
        ),
        default=float("inf"),
    )
