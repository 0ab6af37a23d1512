"""Which rights a pool's pods need, how each is tried without harm, and what the answers mean. Pure.

docs/design/0009-queues-and-rights.md says what can't be tried.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from laneway.schema.pool import arns
from laneway.schema.pool.documents.preflight import Finding, PreflightCode
from laneway_worker.ports.access import Access, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from laneway.schema.pool.documents.preflight import Preflight

NO_JOB = ".laneway-preflight"
"""A key that no job's id can give, so that nothing of a job's is ever touched."""
LIST, READ, WRITE = "s3:ListBucket", "s3:GetObject", "s3:PutObject"
MOST_SHOWN = 4  # rights in one message; the log has all of them


Ask = Callable[[Access], Verdict]


class Probe(NamedTuple):
    """One right."""

    action: str
    """As IAM names it."""
    arn: str
    target: str
    """What it is used on, for people."""
    missing: PreflightCode
    """What to say where the target is not there."""
    ask: Ask


def probes(preflight: Preflight) -> Iterator[Probe]:
    """Every right that workers and the dead-letter handler need, and that can be tried."""
    yield from _of_results(preflight)
    yield from _of_destinations(preflight)
    for lane in preflight.document.lanes:
        for url in (lane.queue.url, lane.queue.dead_letter_url):
            yield from _of_queue(url, preflight.region)
    if preflight.topic_arn is not None:
        topic = preflight.topic_arn
        yield Probe(
            "sns:Publish", topic, f"topic {topic}", PreflightCode.TOPIC_MISSING, lambda access: access.publish(topic)
        )


def _of_results(preflight: Preflight) -> Iterator[Probe]:
    place, region = preflight.results, preflight.region
    bucket, prefix, document = place.bucket, place.prefix, place.pool_document()
    yield _of_bucket(bucket, LIST, arns.bucket_arn(bucket, region), lambda access: access.list(bucket, prefix))
    keys = {f"{prefix}{folder}/*": f"{prefix}{folder}/{NO_JOB}" for folder in ("results", "jobs", "cancels", "failed")}
    for keys_of_all, key in (keys | {document: document}).items():
        arn = arns.objects_arn(bucket, keys_of_all, region)
        yield _of_bucket(bucket, READ, arn, _reading(bucket, key))
        if keys_of_all not in (f"{prefix}jobs/*", f"{prefix}cancels/*"):  # those are clients' alone
            yield _of_bucket(bucket, WRITE, arn, _replacing(bucket, key))


def _of_destinations(preflight: Preflight) -> Iterator[Probe]:
    """Outputs are written there, and never read or listed."""
    for place in preflight.destinations.values():
        arn = arns.objects_arn(place.bucket, f"{place.prefix}*", preflight.region)
        yield _of_bucket(place.bucket, WRITE, arn, _writing(place.bucket, f"{place.prefix}{NO_JOB}"))


def _of_bucket(bucket: str, action: str, arn: str, ask: Ask) -> Probe:
    return Probe(action, arn, f"bucket {bucket}", PreflightCode.BUCKET_MISSING, ask)


def _reading(bucket: str, key: str) -> Ask:
    return lambda access: access.read(bucket, key)


def _replacing(bucket: str, key: str) -> Ask:
    return lambda access: access.replace(bucket, key)


def _writing(bucket: str, key: str) -> Ask:
    return lambda access: access.write(bucket, key)


def _of_queue(url: str, region: str) -> Iterator[Probe]:
    arn = arns.queue_arn(url, region)
    asked: dict[str, Ask] = {
        "sqs:GetQueueAttributes": lambda access: access.look(url),
        "sqs:ReceiveMessage": lambda access: access.receive(url),
        "sqs:ChangeMessageVisibility": lambda access: access.extend(url),
        "sqs:DeleteMessage": lambda access: access.delete(url),
        "sqs:SendMessage": lambda access: access.send(url),
    }
    for action, ask in asked.items():
        yield Probe(action, arn, f"queue {url}", PreflightCode.QUEUE_MISSING, ask)


def judge(answers: list[tuple[Probe, Verdict]]) -> Iterator[Finding]:
    """What is missing, each thing once, and then what is not allowed, all in one."""
    missing = {probe.target: probe for probe, verdict in answers if verdict is Verdict.MISSING}
    for probe in missing.values():
        yield Finding(code=probe.missing, message=f"the {probe.target} is not there")
    denied = [probe for probe, verdict in answers if verdict is Verdict.DENIED and probe.target not in missing]
    lacking = list(dict.fromkeys(f"{probe.action} on {probe.arn}" for probe in _unexplained(denied)))
    if lacking:
        more = f"; and {len(lacking) - MOST_SHOWN} more" if len(lacking) > MOST_SHOWN else ""
        words = f"the preflight's identity lacks {'; '.join(lacking[:MOST_SHOWN])}{more}"
        yield Finding(code=PreflightCode.ACCESS_DENIED, message=words)


def _unexplained(denied: list[Probe]) -> list[Probe]:
    """Who may not list is told 403 of a key that is not there, whether or not it may be read."""
    unlisted = {probe.target for probe in denied if probe.action == LIST}
    return [probe for probe in denied if not (probe.action == READ and probe.target in unlisted)]
