"""A pool's preflight: writes `pool.json` under the pool's own identity, and so finds out what that identity may not."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from laneway.schema.preflight import Preflight
    from laneway_worker.ports import DocumentStore


def publish(preflight: Preflight, store: DocumentStore) -> bool:
    """Write the document where it is not there already; returns whether it had to be. Raises `Unavailable`."""
    place, body = preflight.results, preflight.document.model_dump_json().encode()
    key = place.pool_document()
    there = store.get(place.bucket, key)
    if there is not None and there.body == body:
        return False
    store.put(place.bucket, key, body)
    return True
