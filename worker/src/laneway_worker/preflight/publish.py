"""A pool's preflight: tries every right that the pool's pods need, and writes `pool.json`."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from laneway.schema.job.result import MAX_RESULT_BYTES
from laneway.schema.pool.documents.pool_document import PoolDocument
from laneway.schema.pool.documents.preflight import Finding, PreflightCode
from laneway.schema.pool.queues.rules import OwnQueue, Where, queue_faults
from laneway.schema.shared.base import read_or_none, shown
from laneway.schema.shared.strict_json import NotStrictJSON, read_strictly
from laneway_worker.errors import AlreadyThereError, TooLargeError, Unavailable
from laneway_worker.ports.access import Verdict
from laneway_worker.preflight.access import judge, probes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from laneway.schema.pool.documents.pool_document import PoolLane
    from laneway.schema.pool.documents.preflight import Preflight
    from laneway_worker.ports.access import Access
    from laneway_worker.ports.objects import DocumentStore


def check(preflight: Preflight, store: DocumentStore, access: Access) -> list[Finding]:
    """What keeps the pool from working; nothing where all is well. The document is written in any case."""
    try:
        found = list(_rights(preflight, access))
    except Unavailable as error:
        found = [_trouble("can't try the pool's rights", error)]
    return [*found, *_published(preflight, store, found)]


def _rights(preflight: Preflight, access: Access) -> Iterator[Finding]:
    answers = [(probe, probe.ask(access)) for probe in probes(preflight)]
    yield from judge(answers)
    unseen = {probe.arn for probe, verdict in answers if verdict is not Verdict.ALLOWED}
    readable = {probe.target for probe, _ in answers if probe.arn not in unseen}
    for lane in preflight.document.lanes:
        yield from _faults(preflight, lane, readable, access)


def _faults(preflight: Preflight, lane: PoolLane, readable: Collection[str], access: Access) -> Iterator[Finding]:
    urls = lane.queue
    if not {f"queue {urls.url}", f"queue {urls.dead_letter_url}"} <= set(readable):
        return
    own = OwnQueue(queue=access.settings(urls.url), dead=access.settings(urls.dead_letter_url))
    where = Where(urls, preflight.region, preflight.endpoint)
    for fault in queue_faults(where, own, lane.limits.expires_after_seconds):
        yield Finding(code=PreflightCode(fault.code), message=f"lane {lane.name}: {fault.message}")


def _published(preflight: Preflight, store: DocumentStore, found: Collection[Finding]) -> Iterator[Finding]:
    place = preflight.results
    try:
        another = _other_owner(preflight, store)
        if another is not None:
            yield _of_another(preflight, another)
            return
        publish(preflight, store)
        conditional = _is_conditional(preflight, store)
    except Unavailable as error:
        if not found:  # else it is told already, by name
            yield _trouble(f"can't publish {place.url(place.pool_document())}", error)
        return
    if not conditional:
        words = f"the store of bucket {place.bucket} overwrites what a conditional write must not"
        yield Finding(code=PreflightCode.NO_CONDITIONAL_WRITES, message=words)


def _other_owner(preflight: Preflight, store: DocumentStore) -> str | None:
    """The pool of which the object there tells, in words, where it is another. A result tells of its pool too, and is
    one where this pool's prefix is another one's folder of results.
    """
    try:
        there = store.get(preflight.results.bucket, preflight.results.pool_document(), MAX_RESULT_BYTES)
        document = read_strictly(there.body) if there is not None else None
    except (NotStrictJSON, TooLargeError):
        return None
    pool = document.get("pool") if isinstance(document, dict) else None
    if isinstance(pool, str) and pool != preflight.document.pool:
        return shown(pool)
    found = read_or_none(PoolDocument, there.body) if there is not None else None
    return _in_another_cluster(found, preflight.document) if found is not None else None


def _in_another_cluster(there: PoolDocument, ours: PoolDocument) -> str | None:
    """The same pool's, where another cluster serves it from other queues: half of the jobs would go there."""
    known = there.owner is not None and ours.owner is not None and there.owner.cluster != ours.owner.cluster
    if not known or there.owner is None or _queues(there) <= _queues(ours):
        return None
    return f"{shown(there.pool)} in another cluster ({shown(there.owner.cluster)})"


def _queues(document: PoolDocument) -> set[str]:
    return {each.queue.url for each in document.lanes}


def _of_another(preflight: Preflight, owner: str) -> Finding:
    url = preflight.results.url(preflight.results.pool_document())
    words = f"{url} is of the pool {owner} and stays as it is: its senders would send here"
    return Finding(code=PreflightCode.POOL_DOCUMENT_OF_ANOTHER, message=words)


def publish(preflight: Preflight, store: DocumentStore) -> bool:
    """Write the document where it is not there already; returns whether it had to be. Raises `Unavailable`."""
    place, body = preflight.results, preflight.document.model_dump_json().encode()
    key = place.pool_document()
    with suppress(TooLargeError):  # nothing that we have written
        there = store.get(place.bucket, key, len(body))
        if there is not None and there.body == body:
            return False
    store.put(place.bucket, key, body)
    return True


def _is_conditional(preflight: Preflight, store: DocumentStore) -> bool:
    """The same document once more, as a new one: results are written so, and the second must be refused."""
    place, body = preflight.results, preflight.document.model_dump_json().encode()
    try:
        store.put_new(place.bucket, place.pool_document(), body)
    except AlreadyThereError:
        return True
    return False


def _trouble(what: str, error: Unavailable) -> Finding:
    code = PreflightCode.AWS_REFUSED if error.lasting else PreflightCode.AWS_UNAVAILABLE
    return Finding(code=code, message=f"{what}: {error.with_advice}")
