from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from laneway.schema.pool.documents.pool_document import PoolDocument, pool_document
from laneway.schema.pool.documents.preflight import Preflight
from laneway_worker.errors import Unavailable
from laneway_worker.preflight.publish import publish
from laneway_worker.testing.clock import ManualClock
from laneway_worker.testing.memory import MemoryStore
from support.worker.lane import BUCKET, documents_with

if TYPE_CHECKING:
    from laneway.schema.pool.documents.lane_documents import LaneDocuments

KEY = "documents/pool.json"


def preflight(lane: LaneDocuments | None = None) -> Preflight:
    lane = lane or documents_with()
    return Preflight(results=lane.config.results, region=lane.config.region, document=pool_document([lane]))


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore(ManualClock())


def test_the_document_is_written_where_clients_look_for_it(store: MemoryStore) -> None:
    assert publish(preflight(), store)
    body = store.objects[BUCKET, KEY].body
    assert PoolDocument.model_validate_json(body) == preflight().document


def test_the_same_document_is_not_written_again(store: MemoryStore) -> None:
    publish(preflight(), store)
    assert not publish(preflight(), store)
    assert store.calls.count(f"put {KEY}") == 1


def test_another_document_replaces_it(store: MemoryStore) -> None:
    publish(preflight(), store)
    assert publish(preflight(documents_with(lane="slow")), store)
    assert b'"slow"' in store.objects[BUCKET, KEY].body


def test_a_store_that_refuses_is_unavailable(store: MemoryStore) -> None:
    store.down = True
    with pytest.raises(Unavailable):
        publish(preflight(), store)
