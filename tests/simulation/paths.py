"""Which ways the worlds went: a path that no seed takes is a hole in the proof."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from simulation.history import (
    Acknowledging,
    BeatEnded,
    Call,
    Event,
    Got,
    Proved,
    Put,
    Ran,
    Redriven,
    Sent,
    Signal,
    Visible,
)
from simulation.record import RESULTS, message_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from simulation.record import Record


def paths(record: Record) -> Iterator[str]:
    """The ways of one world, each as often as it was gone."""
    for plan in record.jobs.values():
        yield f"job: {plan.kind}"
    for find in (_results, _adoptions, _last_steps, _own_writes):
        yield from find(record)
    for event in record.world.history.events:
        yield from _WAYS.get(type(event.what), _none)(event, event.what)


def _results(record: Record) -> Iterator[str]:
    for puts in record.results.values():
        for _, put, result in puts:
            if result is not None:
                yield f"result: {result.status}{f' {result.error.code.value}' if result.error else ''}"
            if put.before is not None:
                yield "result: replaced on a person's word"


def _adoptions(record: Record) -> Iterator[str]:
    held: dict[str, set[str]] = defaultdict(set)
    for event in record.world.history.events:
        what = event.what
        if isinstance(what, Got):
            messages = {message_of(handle) for handle in what.handles}
            yield from ["lease: message came again while it was held"] * len(messages & held[event.who])
            held[event.who] |= messages
        elif isinstance(what, Acknowledging):
            held[event.who].discard(message_of(what.handle))


def _last_steps(record: Record) -> Iterator[str]:
    """What a process had done last when it was killed."""
    last: dict[str, str] = defaultdict(lambda: "nothing")
    for event in record.world.history.events:
        what = event.what
        if isinstance(what, Signal) and what.kind == "killed":
            yield f"killed after {last[event.who]}"
        elif isinstance(what, Call):
            last[event.who] = what.name
        elif not isinstance(what, Signal):
            last[event.who] = type(what).__name__


def _own_writes(record: Record) -> Iterator[str]:
    writer: dict[str, str] = {}
    for event in record.world.history.events:
        what = event.what
        if isinstance(what, Put):
            writer[what.key] = event.who
        elif isinstance(what, Call) and what.end == "PreconditionFailed" and what.on.startswith(RESULTS):
            yield "result: own write found" if writer.get(what.on) == event.who else "result: another one found"


def _none(_: Event, __: Any) -> list[str]:
    return []


def _ran(_: Event, ran: Ran) -> list[str]:
    return [f"engine: {ran.end}{f' {ran.code}' if ran.code else ''}"]


def _sent(event: Event, sent: Sent) -> list[str]:
    if event.who in ("sender", "person") or sent.history is None:
        return [f"sent by {event.who if event.who in ('sender', 'person') else 'a worker'}"]
    failures = len(json.loads(sent.history)["failures"])
    return [f"sent again after {failures} failures" if failures else "sent again as a fresh copy"]


_WAYS: dict[type, Callable[[Event, Any], list[str]]] = {
    Ran: _ran,
    Sent: _sent,
    Proved: lambda _, proved: [f"engine: {'could' if proved.answered else 'could not'} answer a question of ours"],
    Redriven: lambda _, __: ["queue: given up by SQS"],
    Visible: lambda _, what: [f"queue: {what.why}"],
    BeatEnded: lambda _, what: ["lease: lost, says a heartbeat"] * len(what.lost),
}

EXPECTED = {
    *(
        f"result: failed {code}"
        for code in ("poison", "invalid_job", "destination_refused", "engine_crashed", "timed_out")
    ),
    *(f"result: {status}" for status in ("succeeded", "expired expired", "cancelled cancelled")),
    "result: replaced on a person's word",
    "result: own write found",
    "result: another one found",
    "lease: message came again while it was held",
    "lease: lost, says a heartbeat",
    "sent again as a fresh copy",
    "sent again after 2 failures",
    "queue: given back",
    "queue: given up by SQS",
    "queue: lease over",
    "queue: back after its delete",
    "engine: stopped: found",
    "engine: stopped: lease_lost",
    "engine: stopped: leaving",
    "engine: crashed engine_crashed",
    "engine: swallowed",
    "engine: swallowed until its time was over",
    "engine: could answer a question of ours",
    "engine: could not answer a question of ours",
    "delete: old handle, deleted",
    "delete: old handle, not deleted",
    "receive: given out twice",
    "person: retried",
    "process stopped",
    "process told twice",
    *(f"killed after {call}" for call in ("PutObject", "DeleteMessage", "ReceiveMessage", "HeadObject")),
    *(f"killed after {event}" for event in ("Put", "Sent", "Removed", "Told", "Received", "Beat", "Acknowledging")),
    *(f"projector: {what}" for what in ("killed before its write", "killed after its write", "row of before kept")),
    *(f"PutObject: {end}" for end in ("ConditionalRequestConflict", "broken after", "closed after", "timeout late")),
    *(f"SendMessage: {end}" for end in ("broken after", "timeout after", "timeout late", "outage")),
}
"""What a few thousand seeds show at least once."""
