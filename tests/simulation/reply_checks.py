"""What holds for what is told to those who wait. That it changes nothing else, all the other checks say."""

from __future__ import annotations

from collections import defaultdict
from hashlib import sha256
from typing import TYPE_CHECKING

from simulation.history import Call, Heard, HungUp, Put, Received, Signal
from simulation.network import Faults
from simulation.record import CANCELS, RESULTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from simulation.history import Event
    from simulation.record import Record

AT_ONCE_SECONDS = 1.0
ENDS = ("again", "ended")
WELL = ("ok", "404", "NoSuchKey", "PreconditionFailed")
OF_BUCKETS = ("PutObject", "GetObject", "HeadObject")
KILLED = ("killed", "out of grace")

Stream = list[tuple["Event", Heard]]


def streams_are_in_order(record: Record) -> Iterator[str]:
    """A stream begins with its attempt or is an end alone; nothing comes after an end."""
    for number, lines in _streams(record).items():
        names = [heard.name for _, heard in lines]
        told = [name for name in names if name != "finished"]
        if told[0] not in ("started", "ended") or told.count("started") > 1:
            yield f"stream {number} tells {told}"
        if any(name in ENDS for name in told[:-1]):
            yield f"stream {number} goes on after its end: {told}"
        if "finished" in names[:-1]:
            yield f"stream {number} goes on after it was finished"
        for _, heard in lines:
            if heard.name == "started" and heard.holds["attempt"] != heard.order[0]:
                yield f"stream {number} tells of attempt {heard.holds['attempt']} in the place of {heard.order[0]}"


def streams_come_to_an_end(record: Record) -> Iterator[str]:
    """What is told has an end, unless its worker was killed, or the gateway hung up."""
    killed = {event.who for event, signal in record.by[Signal] if signal.kind in KILLED}
    hung_up = {what.stream for _, what in record.by[HungUp]}
    for number, lines in _streams(record).items():
        event, heard = lines[-1]
        if heard.name not in (*ENDS, "finished") and event.who not in killed and number not in hung_up:
            yield f"{event.who} told of {heard.job} and never of its end, in stream {number}"


def ends_are_told_of_what_stands(record: Record) -> Iterator[str]:
    """Who is told of an end finds the result, with what was told before it."""
    for number, lines in _streams(record).items():
        for event, heard in lines:
            if heard.name == "ended":
                yield from _stands(record, event, heard, lines, number)


def _stands(record: Record, event: Event, heard: Heard, lines: Stream, number: int) -> Iterator[str]:
    etag = heard.holds["etag"]
    written = [(at, result) for at, put, result in record.results.get(heard.job, ()) if put.etag == etag]
    before = [(at, result) for at, result in written if at.number < event.number and result is not None]
    if not before:
        yield f"{event.who} told of the end of {heard.job} before its result stood: {etag}"
        return
    at, result = before[-1]
    text = result.text or ""
    if sha256(text.encode()).hexdigest() != heard.holds["sha256"]:
        yield f"{event.who} told another end of {heard.job} than stands, in stream {number}"
    said, is_its_own = _said(lines), at.who == event.who and _began_before(record, heard, event.who, at)
    if is_its_own and result.status == "succeeded" and result.output is None and not text.startswith(said):
        yield f"{event.who} told {said!r} of {heard.job}, and stored {text!r}"


def _began_before(record: Record, heard: Heard, who: str, put: Event) -> bool:
    """Of several messages that ask for the job, or several receives of one, the result may be another one's."""
    got = [(at, what) for at, what in record.by[Received] if at.who == who and record.job_of(what.message) == heard.job]
    began = [at.number for at, what in got if what.receives == heard.order[1]]
    return len({what.message for _, what in got}) == 1 and bool(began) and began[-1] < put.number


def _said(lines: Stream) -> str:
    return "".join(heard.holds["response"] for _, heard in lines if heard.name == "record")


def hang_ups_are_seen_at_once(record: Record) -> Iterator[str]:
    """A client that hangs up and cancels frees the engine within a second, where nothing else is in trouble."""
    cancelled = {put.key: event.at for event, put in record.by[Put] if put.key.startswith(CANCELS)}
    for event, what in record.by[HungUp]:
        at = cancelled.get(f"{CANCELS}{what.job}.json")
        if at is None or at > event.at or not _is_calm(record, event):
            continue
        for ended, ran in record.ran[record.jobs[what.job].prompt]:
            if ended.who == event.who and ran.since < event.at < ended.at - AT_ONCE_SECONDS:
                yield f"{event.who} ran {what.job} until {ended.at:.3f}; its client hung up at {event.at:.3f}"


def _is_calm(record: Record, event: Event) -> bool:
    scenario = record.world.scenario
    return (scenario.faults == Faults() or event.at >= scenario.calm_at) and not record.was_stopped(event.who)


def nothing_waits_for_a_stream(record: Record) -> Iterator[str]:
    """An answer is stored as soon as it is there, however slowly somebody hears of it."""
    for prompt, rans in record.ran.items():
        plan = record.world.scripts.plans[prompt]
        if plan.waited and plan.id is not None and plan.destination is None:
            for event, ran in rans:
                if ran.text is not None and not record.was_stopped(event.who):
                    yield from _stored_at_once(record, plan.id, event, ran.text)


def _stored_at_once(record: Record, job: str, answered: Event, text: str) -> Iterator[str]:
    written = record.results.get(job, ())
    put = next((at for at, _, result in written if at.who == answered.who and result and result.text == text), None)
    if put is None or put.at <= answered.at + AT_ONCE_SECONDS:
        return
    until = _told_of(record, job, put)
    if not any(_is_trouble(each, answered.who) for each in record.world.history.events[answered.number : until]):
        yield f"{answered.who} had the answer of {job} at {answered.at:.3f}, and stored it at {put.at:.3f}"


def _told_of(record: Record, job: str, put: Event) -> int:
    """After the event by which the writer knows of its write: what comes late is the bucket's trouble, too. Others of
    its process may look at the result before, or be refused their own.
    """
    own = ("PutObject", f"{RESULTS}{job}.json")
    for event, call in record.by[Call]:
        is_own = event.who == put.who and (call.name, call.on) == own and call.end != "PreconditionFailed"
        if event.number > put.number and is_own:
            return event.number + 1
    return len(record.world.history.events)


def _is_trouble(event: Event, who: str) -> bool:
    """A bucket's, or the end of a process whose call arrives after it."""
    what = event.what
    refused = type(what) is Call and what.name in OF_BUCKETS and what.end not in WELL
    return event.who == who and (refused or type(what) is Signal)


def _streams(record: Record) -> dict[int, Stream]:
    streams: dict[int, Stream] = defaultdict(list)
    for event, heard in record.by[Heard]:
        streams[heard.stream].append((event, heard))
    return streams
