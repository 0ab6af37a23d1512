"""A pool's preflight: tries every right that the pool's pods need, and writes `pool.json`."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from laneway.schema.job.result import MAX_RESULT_BYTES
from laneway.schema.pool.documents.preflight import Finding, PreflightCode
from laneway.schema.pool.queues.rules import OwnQueue, Where, queue_faults
from laneway.schema.shared.base import shown
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
    """The pool of which the object there tells, where it is another. A result tells of its pool too, and is one where
    this pool's prefix is another one's folder of results.
    """
    try:
        there = store.get(preflight.results.bucket, preflight.results.pool_document(), MAX_RESULT_BYTES)
        document = read_strictly(there.body) if there is not None else None
    except (NotStrictJSON, TooLargeError):
        return None
    owner = document.get("pool") if isinstance(document, dict) else None
    return owner if isinstance(owner, str) and owner != preflight.document.pool else None


def _of_another(preflight: Preflight, owner: str) -> Finding:
    url = preflight.results.url(preflight.results.pool_document())
    words = f"{url} is of the pool {shown(owner)} and stays as it is: its senders would send here"
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
