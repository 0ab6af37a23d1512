"""What holds for leases, heartbeats and leaving."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from simulation.history import Acknowledging, Asked, Beat, BeatEnded, Call, Extended, Got, Ran, Received, Signal
from simulation.record import SKEW_SECONDS, message_of
from simulation.scenario import DRAIN_SECONDS, JOBS, QUIET

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from simulation.record import Record

SLOW_BEATS_SECONDS = 10.0  # a heartbeat with a time-out, a pause, and another one
SOON_SECONDS = 1.0
WAIT_SECONDS = 5.0  # for a free slot, before a worker looks at its clock again
FRESH_COPY_FROM = 5
SURELY_SAFE_SECONDS = 20.5
JUST_NOW_SECONDS = 0.2


def no_late_heartbeat(record: Record) -> Iterator[str]:
    """Once a process begins to delete or release by a handle, no heartbeat of it is under way or begins."""
    under_way: dict[int, tuple[str, tuple[str, ...]]] = {}
    ended: set[tuple[str, str]] = set()
    for event in record.world.history.events:
        who, what = event.who, event.what
        kind = type(what)
        if kind is Beat:
            under_way[event.number] = (who, what.handles)
            late = [handle for handle in what.handles if (who, handle) in ended]
            yield from (f"{who} sent a heartbeat for {handle} after it had acknowledged it" for handle in late)
        elif kind is BeatEnded:
            del under_way[what.began]
        elif kind is Acknowledging:
            ended.add((who, what.handle))
            if any(who == whose and what.handle in handles for whose, handles in under_way.values()):
                yield f"{who} began to {what.kind} {what.handle} while a heartbeat for it was under way"


def newest_handle(record: Record) -> Iterator[str]:
    """A process acknowledges by the newest handle that it has got for a message, unless it had lost the lease."""
    newest: dict[tuple[str, str], tuple[str, float]] = {}
    until: dict[str, float] = {}
    lost: set[str] = set()
    for event in record.world.history.events:
        what = event.what
        kind = type(what)
        if kind is Received or kind is Extended:
            until[what.handle] = what.until
        elif kind is BeatEnded:
            lost.update(what.lost)
        elif kind is Got:
            for handle in what.handles:
                newest[event.who, message_of(handle)] = (handle, event.at)
        elif kind is Acknowledging:
            handle, at = newest[event.who, message_of(what.handle)]
            was_lost = what.handle in lost or at > until[what.handle] or record.was_stopped(event.who)
            if handle != what.handle and at < event.at and not was_lost:
                yield f"{event.who} began to {what.kind} {what.handle}; it had got {handle} at {at:.3f}"


def lost_leases_stop_the_work(record: Record) -> Iterator[str]:
    """Nothing runs on for a message whose lease has not been renewed for longer than it lasts."""
    until: dict[tuple[str, str], float] = {}
    for event in record.world.history.events:
        what = event.what
        kind = type(what)
        if kind is Received and what.queue == JOBS:
            until[event.who, record.prompt_of(what.message)] = what.until
        elif kind is Extended and what.handle.split("/")[1] == JOBS:
            until[event.who, record.prompt_of(message_of(what.handle))] = what.until
        elif kind is Ran and not record.was_stopped(event.who):
            ended = until[event.who, what.prompt]
            if event.at > ended + SLOW_BEATS_SECONDS:
                yield f"{event.who} ran {what.prompt} until {event.at:.1f}; its lease had ended at {ended:.1f}"


def releases_keep_the_count(record: Record) -> Iterator[str]:
    """From the fifth receive on, what goes back with a safe lease goes back as a fresh copy: SQS counts crashes. Only
    where SQS takes no copy does the message itself go back.
    """
    told = _told_leases(record)
    refused = {
        (event.who, event.at) for event, call in record.by[Call] if call.name == "SendMessage" and call.end != "ok"
    }
    first: dict[tuple[str, str], int] = {}  # the receive count with which a process began to hold a message
    for event in record.world.history.events:
        what = event.what
        if type(what) is Got:
            for handle in what.handles:
                first.setdefault((event.who, message_of(handle)), int(handle.rpartition("/")[2]))
        elif type(what) is Acknowledging:
            message = message_of(what.handle)
            count, left = first.pop((event.who, message), 0), _known_end(told[what.handle], event.at) - event.at
            copied = what.kind == "delete" or (event.who, event.at) in refused
            if not copied and count >= FRESH_COPY_FROM and left > SURELY_SAFE_SECONDS:
                yield f"{event.who} gave {message} back after {count} receives, with {left:.0f} s of lease"


def _told_leases(record: Record) -> dict[str, list[tuple[float, float]]]:
    """Handle → when a worker was told of its lease, and its end. A renewal whose answer got lost is none."""
    told: dict[str, list[tuple[float, float]]] = defaultdict(list)
    extended: dict[str, float] = {}
    for event in record.world.history.events:
        what = event.what
        if type(what) is Received:
            told[what.handle].append((event.at, what.until))
        elif type(what) is Extended:
            extended[what.handle] = what.until
        elif type(what) is Call and (what.name, what.end) == ("ChangeMessageVisibilityBatch", "ok"):
            for handle in extended.keys() & set(what.on.split()):
                told[handle].append((event.at, extended[handle]))
    return told


def _known_end(told: list[tuple[float, float]], at: float) -> float:
    """By the newest news that are not so new that a worker had decided before."""
    return [told[0], *(each for each in told if each[0] < at - JUST_NOW_SECONDS)][-1][1]


def leaves_in_time(record: Record) -> Iterator[str]:
    """What can't finish in the time to drain is stopped, and a second SIGTERM stops everything at once."""
    until: dict[str, float] = {}
    for event in record.world.history.events:
        what = event.what
        kind = type(what)
        if kind is Signal and what.kind == "term":
            until[event.who] = event.at + DRAIN_SECONDS
        elif kind is Signal and what.kind == "second term":
            until[event.who] = event.at
        elif kind is Ran and not record.was_stopped(event.who):
            end = until.get(event.who, event.at)
            if event.at > end + SOON_SECONDS:
                yield f"{event.who} ran {what.prompt} until {event.at:.1f}; it had to leave by {end:.1f}"


def sleeps_by_its_schedule(record: Record) -> Iterator[str]:
    """In a quiet time nothing is received, and what a poll under way brings is not begun."""
    if not record.world.scenario.lane.live.quiet or any(signal.kind == "stopped" for _, signal in record.by[Signal]):
        return  # who was stopped may have looked at its clock before
    begins, ends = QUIET[0] + SKEW_SECONDS, QUIET[1] - SKEW_SECONDS
    got: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    gone: set[str] = set()
    for event in record.world.history.events:
        what = event.what
        kind = type(what)
        if kind is Asked and what.queue == JOBS and begins + WAIT_SECONDS < event.at < ends:
            yield f"{event.who} began to receive at {event.at:.1f}, in the lane's quiet time"
        elif kind is Got and what.queue == JOBS:
            for handle in what.handles:
                got[event.who, record.prompt_of(message_of(handle))][handle] = event.at
        elif kind is Acknowledging:
            gone.add(what.handle)
        elif kind is Ran and begins < _got_at(got[event.who, what.prompt], gone) <= what.since < ends:
            yield f"{event.who} began {what.prompt} at {what.since:.1f}, in the lane's quiet time"


def _got_at(handles: Mapping[str, float], gone: Container[str]) -> float:
    """When the first message of a prompt came that is held, or else the last that was."""
    return min((at for handle, at in handles.items() if handle not in gone), default=max(handles.values()))


def leaves_in_order(record: Record) -> Iterator[str]:
    """After SIGTERM nothing is received any more, and what is new of what the last poll brings is given back."""
    left: dict[str, float] = {}
    held: dict[str, set[str]] = defaultdict(set)
    owed: dict[str, set[str]] = defaultdict(set)
    for event in record.world.history.events:
        who, what = event.who, event.what
        kind = type(what)
        if kind is Signal and what.kind == "term":
            left[who] = event.at
        elif kind is Signal and what.kind == "ended" and owed[who]:
            yield f"{who} ended and had given {', '.join(sorted(owed[who]))} back to nobody"
        elif kind is Asked and event.at > left.get(who, event.at):
            yield f"{who} began to receive after it was told to leave"
        elif kind is Got:
            new = set(map(message_of, what.handles)) - held[who]
            (owed if who in left else held)[who] |= new
        elif kind in (Acknowledging, BeatEnded):
            gone = {message_of(handle) for handle in (what.lost if kind is BeatEnded else (what.handle,))}
            held[who] -= gone
            owed[who] -= gone
