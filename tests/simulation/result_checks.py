"""What holds for results, failed jobs and notifications."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from laneway.schema.job.codes import CODES, ErrorCode
from laneway.schema.job.failed_job import FailedJob
from laneway.schema.job.job import parse_job
from simulation.engine import MODEL
from simulation.history import Dropped, Put, Redriven, Removed, Sent, Told
from simulation.record import CANCELS, FAILED, RESULTS, SKEW_SECONDS, read_result
from simulation.scenario import BUCKET, LEGAL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from laneway.schema.job.result import Result
    from simulation.history import Event
    from simulation.jobs import Plan
    from simulation.record import Record

REPLACEABLE = {"failed", "expired"}


def one_result(record: Record) -> Iterator[str]:
    """Every accepted job has a result at its key, and nothing else has."""
    yield from (f"{job} has no result" for job in record.jobs if not record.results.get(job))
    for job, puts in record.results.items():
        for _, _, result in puts:
            if job not in record.jobs:
                yield f"a result was written for {job}, which nobody sent"
            elif result is None or result.id != job:
                yield f"what was written for {job} is not its result"
    keys = [dropped.key for _, dropped in record.by[Dropped]]
    yield from (f"{key} was removed" for key in keys if key.startswith(RESULTS))


def an_id_is_its_stored_requests(record: Record) -> Iterator[str]:
    """Who stored a request has its answer or a failure of it under the id, and never another's."""
    for plan in record.world.scenario.plans:
        if not plan.squatters or plan.id is None or plan.stored is None:
            continue
        own = parse_job(plan.stored.encode()).request_hash(MODEL)
        for event, _, result in record.results.get(plan.id, ()):
            if result is not None and result.request_hash != own:
                yield f"{event.who} gave {plan.id}, which belongs to a stored request, to another one"


def never_overwritten(record: Record) -> Iterator[str]:
    """A result is replaced only by a person's retry that names exactly its ETag, and only where it is no answer."""
    asked = {(record.job_of(what.message), what.history) for _, what in record.by[Sent] if what.history}
    named = {(job, json.loads(history).get("replaces")) for job, history in asked}
    for job, puts in record.results.items():
        before: Result | None = None
        for event, put, result in puts:
            if put.asked_for is None:
                yield f"{event.who} wrote the result of {job} without a condition"
            if put.before is not None:
                if (job, put.before) not in named:
                    yield f"{event.who} replaced the result of {job}, and no person asked for it"
                if before is not None and before.status not in REPLACEABLE:
                    yield f"{event.who} replaced the result of {job}, which had {before.status}"
            before = result


def deleted_after_its_result(record: Record) -> Iterator[str]:
    """A message is deleted after its job's result stands, its failed job is kept and somebody was told, or after its
    copy was sent by the same process.
    """
    copies: Counter[tuple[str, str]] = Counter()
    told: set[str] = set()
    kept: set[str] = set()
    removed: set[tuple[str, str]] = set()  # a call that is repeated may delete once more what came back in between
    for event in record.world.history.events:
        what = event.what
        kind = type(what)
        if kind is Sent:
            copies[event.who, what.origin] += 1
        elif kind is Told:
            told.add(what.job)
        elif kind is Put and what.key.startswith(FAILED):
            kept.add(what.key[len(FAILED) : -len(".json")])
        elif kind is Removed and (what.message, what.handle) not in removed:
            removed.add((what.message, what.handle))
            mark = event.who, record.sent[what.message][1].origin
            missing = _missing(record, event, told, kept)
            if missing and copies[mark] <= 0:
                yield f"{event.who} deleted {what.message} of {record.job_of(what.message)} before {missing}"
            copies[mark] -= bool(missing)


def _missing(record: Record, event: Event, told: set[str], kept: set[str]) -> str:
    """What a message's job still lacks when the message is deleted."""
    job = record.job_of(event.what.message)
    standing = record.standing(job, event.number)
    if standing is None or not _is_done(record, event.what.message, standing):
        return "its result stood or a copy was sent"
    if job not in told:
        return "anybody was told"
    failed = standing[1] is not None and standing[1].status == "failed"
    return "the failed job was kept" if failed and job not in kept else ""


def _is_done(record: Record, message: str, standing: tuple[str, Result | None]) -> bool:
    """Whether a message has had its effect: a result stands, other than the one that it may replace."""
    etag, result = standing
    history = record.sent[message][1].history
    replaces = json.loads(history).get("replaces") if history else None
    return etag != replaces or result is None or result.status not in REPLACEABLE


def failed_jobs_are_kept(record: Record) -> Iterator[str]:
    """A failed result has its failed job, unless a person took it; another result has none."""
    objects = record.world.s3.objects
    for job, puts in record.results.items():
        _, put, result = puts[-1]
        entry = objects.get((BUCKET, f"{FAILED}{job}.json"))
        failed = FailedJob.model_validate_json(entry[0]) if entry else None
        counts = failed is not None and failed.result_etag == put.etag
        if result is None:
            continue
        if result.status == "expired" and _was_retried(record, job):
            continue  # a retry that expires is kept for the person, as it was before
        if result.status != "failed":
            if counts:
                yield f"{job} has {result.status}, and there is a failed job with its ETag"
        elif not counts and not _was_taken(record, job, put.etag):
            yield f"{job} has failed, and no failed job is kept"
        if failed is not None and counts and job in record.jobs and failed.body != record.jobs[job].body:
            yield f"the failed job of {job} has another body"


def _was_retried(record: Record, job: str) -> bool:
    return any(event.who == "person" and record.job_of(sent.message) == job for event, sent in record.by[Sent])


def _was_taken(record: Record, job: str, etag: str) -> bool:
    """Whether a person removed the entry of a result."""
    key, standing = f"{FAILED}{job}.json", None
    for event in record.world.history.events:
        what = event.what
        if type(what) is Put and what.key == key:
            standing = FailedJob.model_validate_json(what.body).result_etag
        elif type(what) is Dropped and what.key == key and standing == etag:
            return True
    return False


def told_after_the_result(record: Record) -> Iterator[str]:
    """A notification follows its result, and the result that stands has at least one."""
    told = defaultdict(set)
    for event, note in record.by[Told]:
        told[note.job].add(note.etag)
        if not any(
            put.etag == note.etag and when.number < event.number for when, put, _ in record.results.get(note.job, ())
        ):
            yield f"{event.who} told of a result of {note.job} that did not stand"
    for job, puts in record.results.items():
        if puts[-1][1].etag not in told[job]:
            yield f"nobody was told of the result of {job}"


def answers_are_whole(record: Record) -> Iterator[str]:
    """The text of a result is one whole answer that the engine gave to this job before."""
    for job, puts in record.results.items():
        for event, _, result in puts:
            if result is None or result.status != "succeeded" or job not in record.jobs:
                continue
            whole = {ran.text for when, ran in record.ran[record.jobs[job].prompt] if when.number < event.number}
            text = _text(record, event, result)
            if text is None or text not in whole:
                yield f"the result of {job} holds {text!r}, which the engine never gave as a whole answer"


def _text(record: Record, event: Event, result: Result) -> str | None:
    """The answer, from its destination where it lies there."""
    if result.output is None:
        return result.text
    for when, put in record.by[Put]:
        if put.bucket == LEGAL and result.output.url == f"s3://{put.bucket}/{put.key}" and when.number < event.number:
            full = read_result(put.body)
            return full.text if full else None
    return None


def ends_have_their_cause(record: Record) -> Iterator[str]:
    """A job ends as its plan, its deadline, its cancel or SQS's own count say."""
    given_up = {record.job_of(what.message) for _, what in record.by[Redriven]}
    cancelled = {what.key: event.number for event, what in record.by[Put] if what.key.startswith(CANCELS)}
    for job, puts in record.results.items():
        for event, _, result in puts:
            if result is None or job not in record.jobs:
                continue
            plan, code = record.jobs[job], result.error.code if result.error else None
            if result.status == "expired" and event.at < record.deadline(plan) - SKEW_SECONDS:
                yield f"{job} expired at {event.at:.1f}; its deadline was {record.deadline(plan):.1f}"
            elif result.status == "cancelled" and cancelled.get(f"{CANCELS}{job}.json", event.number) >= event.number:
                yield f"{job} was cancelled, and nobody had asked for it"
            elif code is ErrorCode.POISON and job not in given_up:
                yield f"{job} ended as poison, and SQS had not given it up"
            elif not _is_planned(plan, result.status, code):
                yield f"{job} ended as {result.status} {code}; it should have been {plan.code or 'answered'}"


def _is_planned(plan: Plan, status: str, code: ErrorCode | None) -> bool:
    """Whether a job may end so by its own nature; codes of attempts are checked elsewhere."""
    if status == "succeeded":
        return plan.code is None
    if status != "failed" or code is None or code is ErrorCode.POISON or CODES[code].retried:
        return True
    if code is ErrorCode.ENGINE_CRASHED:
        return True  # whether the engine crashed so often under it is checked elsewhere, too
    return code.value == plan.code or (code is ErrorCode.DESTINATION_REFUSED and plan.destination is not None)
